import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");
const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The imports of our own files, as paths from the root; imports of types alone are erased and don't count. */
async function importsOf(file: string): Promise<string[]> {
  const imports = transpiler.scanImports((await Bun.file(join(root, file)).text()).replace(/^#!.*/, ""));
  return imports
    .filter(({ path }) => path.startsWith("."))
    .map(({ path }) => relative(root, join(root, dirname(file), path)));
}

async function filesIn(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(new Glob(`${folder}/**/*.ts`).scan(root));
  expect(files).not.toEqual([]);
  return files;
}

test("src never imports a plugin, the list of public names aside", async () => {
  for (const file of await filesIn("src")) {
    if (file === "src/index.ts") continue;
    const imports = await importsOf(file);
    expect({ file, plugins: imports.filter((path) => path.startsWith("plugins")) }).toEqual({
      file,
      plugins: [],
    });
  }
});

test("no plugin imports another", async () => {
  for (const file of await filesIn("plugins")) {
    const own = file.split("/").slice(0, 2).join("/");
    const others = (await importsOf(file)).filter(
      (path) => path.startsWith("plugins") && !path.startsWith(own),
    );
    expect({ file, others }).toEqual({ file, others: [] });
  }
});

/** Each folder of src, and the others that it may import from. */
const LAYERS: Record<string, readonly string[]> = {
  app: ["telemetry"],
  telemetry: [],
  postgres: ["telemetry"],
  report: ["telemetry", "postgres"],
  forward: ["telemetry", "postgres", "report"],
  cli: ["telemetry", "postgres", "report", "forward"],
};

test("each folder of src imports only from those below it", async () => {
  for (const file of await filesIn("src")) {
    const layer = file.split("/")[1] ?? "";
    if (layer.endsWith(".ts")) continue;
    const allowed = [layer, ...(LAYERS[layer] ?? [])];
    const folders = (await importsOf(file)).map((path) => path.split("/")).filter(({ length }) => length > 2);
    const beyond = folders.map(([, folder = ""]) => folder).filter((folder) => !allowed.includes(folder));
    expect({ file, beyond }).toEqual({ file, beyond: [] });
  }
});

test("every path of the exports map exists and is packed", async () => {
  const { exports, files } = await Bun.file(join(root, "package.json")).json();
  for (const path of Object.values<string>(exports)) {
    expect(await Bun.file(join(root, path)).exists()).toBe(true);
    const top = path.split("/")[1] ?? "";
    expect([...files, "package.json"]).toContain(top);
  }
});
