import { join } from "node:path";
import { THREADS } from "../../src/threads";
import { builtPackage } from "./dist";

// Loaded before every test: threads start from the built files, which load in half the time of the sources. Starting
// from the sources is tested in test/package.

const built = (name: string) => Bun.pathToFileURL(join(builtPackage(), name)).href;

THREADS.writer = () => built("runledger-writer.js");
THREADS.forwarder = () => built("runledger-forwarder.js");
THREADS.dashboard = () => built("runledger-dashboard.js");
THREADS.budgets = () => built("runledger-budgets.js");
