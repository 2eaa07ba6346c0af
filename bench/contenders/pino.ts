import { once } from "node:events";
import { join } from "node:path";
import pino from "pino";
import { busWith } from "./bus";
import type { StartContender } from "./contender";

/** A line per event in a file, written by pino's worker thread. */
export const startPino: StartContender = async (folder) => {
  const destination = join(folder, "executions.log");
  const transport = pino.transport({ target: "pino/file", options: { destination } });
  await once(transport, "ready");
  const logger = pino({}, transport);
  return {
    emit: busWith((event) => logger.info(event)),
    queued: () => 0,
    flush: () =>
      new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve()))),
    async close() {
      transport.end();
      await once(transport, "close");
      const lines = await Bun.file(destination).text();
      return lines.split("\n").length - 1;
    },
  };
};
