import { createTelemetryStore } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: open-and-record.ts DB_PATH START_MS. Opens a ledger at a given instant, so that many do it at once.
const [dbPath = "", startMs] = process.argv.slice(2);
while (Date.now() < Number(startMs));
using store = createTelemetryStore({ dbPath });
store.record(executionCompleted({ executionId: `${process.pid}` }));
