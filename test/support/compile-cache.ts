import { enableCompileCache } from "node:module";
import { resolve } from "node:path";

// Loaded before every test: what this process, its threads and the processes that it spawns have compiled is kept, so
// that they start faster. A process that a test gives an environment of its own starts without it, as a user's does.

process.env["NODE_COMPILE_CACHE"] ??= resolve(import.meta.dir, "../../node_modules/.cache/compiled");
enableCompileCache();
