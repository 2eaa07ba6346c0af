#!/usr/bin/env bun
import { enableCompileCache } from "node:module";
import { compileCacheFolder } from "./compile-cache-folder";
import { run } from "./run";
import { processTerminal } from "./terminal";

// Compiled code is kept for the next command, which then starts faster.
const cache = compileCacheFolder(process.env);
if (cache !== undefined) enableCompileCache(cache);

process.exitCode = await run(process.argv.slice(2), processTerminal());
