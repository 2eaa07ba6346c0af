import { expect, test } from "bun:test";
import { atExit } from "../../src/recorder/at-exit";

test("however many actions there are, the process has one listener, and none when they are undone", () => {
  const before = process.listenerCount("exit");
  const undos = Array.from({ length: 20 }, () => atExit(() => {}));
  expect(process.listenerCount("exit")).toBe(before + 1);
  for (const undo of undos) undo();
  undos[0]?.();
  expect(process.listenerCount("exit")).toBe(before);
});

test("all actions run, even when one throws", () => {
  const calls: string[] = [];
  const undos = [
    atExit(() => calls.push("first")),
    atExit(() => {
      throw new Error("an action that fails");
    }),
    atExit(() => calls.push("last")),
  ];
  process.listeners("exit").at(-1)?.(0);
  for (const undo of undos) undo();
  expect(calls).toEqual(["first", "last"]);
});
