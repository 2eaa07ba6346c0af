// Closes an app that has plenty of time for it, and returns.
import { createApp } from "runledger";

const app = createApp({ closeTimeoutMs: 60_000 });
app.closeOnSignals();
app.onClose(() => Bun.sleep(1));
app.onClose(() => process.stdout.write("closed\n"));
await app.close();
