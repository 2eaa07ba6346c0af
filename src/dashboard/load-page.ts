import { basename } from "node:path";
import { gzipSync } from "bun";

/** A file that the browser loads. */
export interface Asset {
  readonly contentType: string;
  /** Compressed with gzip. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** The page, and the files that it loads. */
export interface Page {
  readonly index: Asset;
  /** By path; each has a hash of its content in its name. */
  readonly assets: ReadonlyMap<string, Asset>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Builds the page from its source. In the published package it is already built, and `page-built.ts` replaces this
 * file.
 */
export async function loadPage(): Promise<Page> {
  const entry = Bun.fileURLToPath(new URL("./page/index.html", import.meta.url));
  const built = await Bun.build({
    entrypoints: [entry],
    minify: true,
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const files = await Promise.all(
    built.outputs.map(
      async (output) => [basename(output.path), new Uint8Array(await output.arrayBuffer())] as const,
    ),
  );
  const assets = new Map(files.map(([name, bytes]) => [`/${name}`, assetOf(name, bytes)]));
  const index = assets.get("/index.html");
  if (index === undefined) throw new Error("the page has no index.html");
  assets.delete("/index.html");
  return { index, assets };
}

function assetOf(name: string, bytes: Uint8Array<ArrayBuffer>): Asset {
  const contentType = CONTENT_TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
  return { contentType, gzipped: gzipSync(bytes, { level: 9 }) };
}
