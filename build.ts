import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import type { BuildConfig, BunPlugin } from "bun";
import packageJson from "./package.json" with { type: "json" };
import { type Asset, loadPage } from "./src/dashboard/load-page";

// `bun run build` makes `dist/`, which is what is published: bundled ESM with source maps, and declarations.

const ROOT = import.meta.dir;
const DIST = join(ROOT, "dist");
const TYPES = join(DIST, "types");

/** The subpaths of the package. */
const ENTRIES = {
  index: "src/index.ts",
  testing: "src/testing.ts",
  adapters: "src/adapters/index.ts",
  report: "src/report/index.ts",
  forward: "plugins/forward/index.ts",
  otel: "plugins/otel/index.ts",
  dashboard: "plugins/dashboard/index.ts",
  budget: "plugins/budget/index.ts",
};
const COMMAND_LINE = { cli: "src/cli/main.ts" };
const THREADS = {
  "runledger-writer": "src/writer/writer-thread.ts",
  "runledger-forwarder": "src/forward/forward-thread.ts",
  "runledger-dashboard": "src/dashboard/dashboard-thread.ts",
  "runledger-budgets": "src/budget/budget-thread.ts",
};
/** What the dashboard's page is made of: it is in no source map. */
const PACKAGES_OF_PAGE = ["preact", "uplot"];
/** Packages that stay beside ours in a user's project; all others become a part of the bundle. */
const EXTERNAL = ["pg", "hyparquet-writer", "@opentelemetry/api", "@pydantic/genai-prices"];

const SPECIFIER = /(\bfrom\s*"|\bimport\s*"|\bimport\("|\brequire\(")([^"\\]+)(?=")/g;

/** Entries, and in chunks what they share or load on use. */
async function bundleEntries(entryPaths: Readonly<Record<string, string>>, chunks: string): Promise<void> {
  const entries = Object.entries(entryPaths).map(([name, path]) => [join(ROOT, `${name}.ts`), path] as const);
  await bundle({
    entrypoints: entries.map(([entry]) => entry),
    // Named after their subpaths, not their sources.
    files: Object.fromEntries(entries.map(([entry, path]) => [entry, `export * from "./${path}";`])),
    splitting: true,
    naming: { entry: "[name].js", chunk: `${chunks}-[hash].js` },
    plugins: [builtThreads, lightCommander],
  });
}

function makeExecutable(path: string): void {
  writeFileSync(path, `#!/usr/bin/env bun\n${readFileSync(path, "utf8")}`);
  chmodSync(path, 0o755);
}

/** Threads begin at the files that {@link bundleThreads} makes, or at their texts. */
const builtThreads: BunPlugin = {
  name: "built-threads",
  setup(build) {
    build.onResolve({ filter: /\/threads$/ }, () => ({ path: join(ROOT, "src/threads-built.ts") }));
    build.onResolve({ filter: /^\.\/runledger-\w+\.js$/ }, ({ path }) => ({
      path: join(DIST, path),
      namespace: "text",
    }));
    build.onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => ({
      // Without the comment at the end that names the source map's file.
      contents: `export default ${JSON.stringify(readFileSync(path, "utf8").replace(/^\/\/[#@].*$/gm, ""))};`,
      loader: "js",
    }));
  },
};

/**
 * Commander imports modules of Node's that take a tenth of the time of a report to load: one to start commands that are
 * programs of their own, which ours are not, and one for a function that Bun has, too.
 */
const lightCommander: BunPlugin = {
  name: "light-commander",
  setup(build) {
    build.onLoad({ filter: /[\\/]commander[\\/]lib[\\/](?:command|help)\.js$/ }, ({ path }) => ({
      contents: LIGHTER.reduce(
        (code, [heavy, light]) => code.replace(heavy, light),
        readFileSync(path, "utf8"),
      ),
      loader: "js",
    }));
  },
};

const LIGHTER = [
  ["import childProcess from 'node:child_process';", "const childProcess = {};"],
  [
    "import { stripVTControlCharacters } from 'node:util';",
    "const stripVTControlCharacters = Bun.stripANSI;",
  ],
] as const;

/** Each thread in one file, so that its text alone can be started as well. */
async function bundleThreads(): Promise<void> {
  const plugins = [await builtPage()];
  for (const [name, path] of Object.entries(THREADS)) {
    await bundle({ entrypoints: [join(ROOT, path)], naming: `${name}.js`, plugins });
  }
}

/** The dashboard's page as it is sent, in place of the code that builds it: a user has no packages to build it from. */
async function builtPage(): Promise<BunPlugin> {
  const { index, assets } = await loadPage();
  const code = ({ contentType, gzipped }: Asset) =>
    `asset(${JSON.stringify(contentType)}, ${JSON.stringify(gzipped.toBase64())})`;
  const entries = Array.from(assets, ([path, asset]) => `[${JSON.stringify(path)}, ${code(asset)}]`);
  const contents = `const asset = (contentType, text) => ({ contentType, gzipped: Uint8Array.fromBase64(text) });
    export const loadPage = async () => ({ index: ${code(index)}, assets: new Map([${entries}]) });`;
  return {
    name: "built-page",
    setup(build) {
      build.onResolve({ filter: /\/load-page$/ }, () => ({ path: "page", namespace: "built-page" }));
      build.onLoad({ filter: /.*/, namespace: "built-page" }, () => ({ contents, loader: "js" }));
    },
  };
}

async function bundle(config: Partial<BuildConfig> & Pick<BuildConfig, "entrypoints">): Promise<void> {
  await Bun.build({
    outdir: DIST,
    target: "bun",
    minify: true,
    sourcemap: "linked",
    external: EXTERNAL,
    ...config,
  } as BuildConfig);
}

/**
 * What is loaded on use is a file of its own, which an application's bundler has to find: it looks for `require`, and
 * not into what is marked as made by Bun. Nor does Bun's compile cache keep what is marked. The replacements are as long
 * as what they replace, for the sake of source maps.
 */
function keepVisibleToBundlers(): void {
  for (const file of filesIn(DIST).filter((name) => name.endsWith(".js"))) {
    const code = readFileSync(file, "utf8");
    const unmarked = code.replace(/^\/\/ @bun$/m, "//");
    // Nobody bundles the command line, and Bun takes longer to load files with `require`.
    const isOfCommandLine = basename(file).startsWith("cli");
    writeFileSync(
      file,
      isOfCommandLine ? unmarked : unmarked.replaceAll('import.meta.require("', '/* on use */require("'),
    );
  }
}

/** Removes the path of this folder, which bundles and source maps would publish. */
function forgetFolder(): void {
  // As long as what it replaces, for the sake of source maps; as the beginning of a path it means `./`.
  const here = ".".padEnd(ROOT.length, "/");
  for (const file of filesIn(DIST).filter((name) => /\.(js|map)$/.test(name))) {
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(ROOT, here));
  }
}

/**
 * Declarations of what can be reached from the subpaths, with the extensions that Node's resolution asks for. Whether
 * the types are right is for `bun run check:types` to say, which takes four times as long.
 */
function declareTypes(): void {
  const tsc = [process.execPath, "x", "tsc", "-p", "tsconfig.build.json", "--noCheck"];
  const { exitCode, stdout } = Bun.spawnSync(tsc, { cwd: ROOT });
  if (exitCode !== 0) throw new Error(`The declarations can't be made:\n${stdout}`);
  const all = new Set(filesIn(TYPES));
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    const withExtensions = readFileSync(file, "utf8").replace(
      SPECIFIER,
      (whole, before, specifier: string) => {
        if (!specifier.startsWith(".")) return whole;
        const path = join(dirname(file), specifier);
        const target = [`${path}.d.ts`, join(path, "index.d.ts")].find((declaration) => all.has(declaration));
        if (target === undefined) throw new Error(`${relative(ROOT, path)} has no declaration.`);
        visit(target);
        const result = relative(dirname(file), target).replace(/\.d\.ts$/, ".js");
        return before + (result.startsWith(".") ? result : `./${result}`);
      },
    );
    writeFileSync(file, withExtensions);
  };
  for (const { types } of Object.values(packageJson.exports).filter((target) => typeof target === "object")) {
    const entry = join(ROOT, types);
    visit(entry);
    // `AsyncDisposable` is in no `lib` but the newest.
    writeFileSync(entry, `/// <reference lib="esnext.disposable" />\n${readFileSync(entry, "utf8")}`);
  }
  for (const file of all) if (!reached.has(file)) rmSync(file);
}

/** The exports map and the entries agree, both ways. */
function checkExports(): void {
  const { bin, exports } = packageJson;
  const published = [bin.runledger, ...Object.values(exports).map((target) => Object(target).default)];
  const expected = Object.keys({ ...ENTRIES, ...COMMAND_LINE }).map((name) => `dist/${name}.js`);
  const found = published.filter((path) => path !== undefined).map((path) => path.replace(/^\.\//, ""));
  if (`${found.sort()}` === `${expected.sort()}`) return;
  throw new Error(`package.json publishes ${found}; the entries are ${expected}.`);
}

/** What `dist/` imports is installed with the package, or is a peer of it; and no more is installed. */
function checkPackages(): void {
  const imported = new Set<string>();
  for (const file of filesIn(DIST).filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const source = readFileSync(file, "utf8");
    const specifiers = file.endsWith(".js")
      ? new Bun.Transpiler({ loader: "js" }).scanImports(source.replace(/^#!.*/, "")).map(({ path }) => path)
      : Array.from(source.matchAll(SPECIFIER), ([, , specifier = ""]) => specifier);
    for (const specifier of specifiers) {
      const [name] = /^(@[\w-]+\/)?[a-z][\w.-]*/.exec(specifier) ?? [];
      if (name !== undefined && !isBuiltin(specifier)) imported.add(name);
    }
  }
  const { dependencies, peerDependencies } = packageJson;
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  if (`${[...imported].sort()}` === `${declared.sort()}`) return;
  throw new Error(`dist/ imports ${[...imported]}; package.json declares ${declared}.`);
}

/** The licences of the packages that became a part of ours, as each of them asks. */
function writeNotices(): void {
  const bundled = new Set(PACKAGES_OF_PAGE);
  for (const map of filesIn(DIST).filter((file) => file.endsWith(".map"))) {
    for (const source of JSON.parse(readFileSync(map, "utf8")).sources) {
      const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
      if (name !== undefined) bundled.add(name);
    }
  }
  const notices = [...bundled].sort().map((name) => {
    const folder = join(ROOT, "node_modules", name);
    const [licence] = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
    if (licence === undefined) throw new Error(`${name} has no licence.`);
    return `${name}\n\n${readFileSync(join(folder, licence), "utf8").trim()}\n`;
  });
  writeFileSync(join(DIST, "THIRD-PARTY-LICENSES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
await bundleThreads();
await bundleEntries(ENTRIES, "chunk");
await bundleEntries(COMMAND_LINE, "cli");
keepVisibleToBundlers();
forgetFolder();
makeExecutable(join(DIST, "cli.js"));
declareTypes();
checkExports();
checkPackages();
writeNotices();
