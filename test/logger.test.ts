import { expect, test } from "bun:test";
import { harmless, type Logger } from "../src/logger";

test("a logger that throws, or rejects, breaks nothing", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", listener);
  const broken: Logger = {
    debug() {
      throw new Error("no room");
    },
    info: async () => Promise.reject(new Error("no room")),
    warn() {},
    error() {},
  };
  harmless(broken).debug({}, "message");
  harmless(broken).info({}, "message");
  await Bun.sleep(1);
  process.off("unhandledRejection", listener);
  expect(unhandled).toEqual([]);
});
