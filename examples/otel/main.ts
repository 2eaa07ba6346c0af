import { trace } from "@opentelemetry/api";
import { otelPlugin } from "runledger/otel";
import { createReviewBot } from "../review-bot/app";
import { startCollector } from "./collector";
import { startSdk } from "./sdk";

// The review bot beside an OpenTelemetry SDK, offline: the collector is this process too, and prints what arrives.

const DELIVERIES = `${import.meta.dir}/../review-bot/deliveries.jsonl`;

process.stdout.write("Bundled deliveries, run by a stand-in executor: its numbers are made up.\n");
const collector = startCollector((line) => process.stdout.write(`${line}\n`));
const sdk = startSdk(collector.url);
const { app, receive } = createReviewBot();
app.use(otelPlugin, { agentName: "review-bot" });

const tracer = trace.getTracer("review-bot");
for (const delivery of Bun.JSONL.parse(await Bun.file(DELIVERIES).text())) {
  // The span of a run is a child of the one that is active when the handler emits.
  await tracer.startActiveSpan("webhook", async (span) => {
    await receive(delivery);
    span.end();
  });
}

// The application first: what it still emits, and how its ledger ended, is in the last export.
await app.close();
await sdk.shutdown();
await collector.stop();
