import { createTelemetryStore } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: open-and-record.ts DB_PATH START_MS. Opens a ledger at a given instant, so that many do it at once.
const [dbPath = "", startMs] = process.argv.slice(2);
// The last milliseconds are not slept, from which some would wake later than others.
Bun.sleepSync(Math.max(0, Number(startMs) - Date.now() - 20));
while (Date.now() < Number(startMs));
using store = createTelemetryStore({ dbPath });
store.record(executionCompleted({ executionId: `${process.pid}` }));
