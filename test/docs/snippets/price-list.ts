import { createApp, telemetryPlugin } from "runledger";
import { fromOpenAiResponse, openPriceList } from "runledger/adapters";

const app = createApp().use(telemetryPlugin);
const prices = openPriceList();

/** Records a response of OpenAI's API. */
export function record(response: object): void {
  const context = { repo: "octo-org/octo-repo", eventType: "chat", prices };
  app.emitter.emit("execution:completed", fromOpenAiResponse(response, context));
}
