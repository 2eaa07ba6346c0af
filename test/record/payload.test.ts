import { expect, test } from "bun:test";
import { toPayload } from "../../src/record/payload";

const circular: Record<string, unknown> = { name: "loop" };
circular["self"] = circular;

const hostile = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error("no keys for you");
    },
    get() {
      throw new Error("nothing for you");
    },
    getPrototypeOf() {
      throw new Error("no prototype for you");
    },
  },
);

test.each([
  [{ repo: "o/r", count: 5n }, '{"repo":"o/r","count":"5n"}'],
  ["\ud800", '"\\ud800"'],
  [[1, null], "[1,null]"],
  [undefined, "undefined"],
  [Symbol("s"), "Symbol(s)"],
])("%p becomes text", (value, text) => {
  expect(toPayload(value)).toBe(text);
});

test("what JSON can't say is shown as a debugger would", () => {
  expect(toPayload(circular)).toContain("[Circular]");
  expect(toPayload(circular)).toContain("loop");
});

test("nothing makes it throw", () => {
  expect(typeof toPayload(hostile)).toBe("string");
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(typeof toPayload(revoked.proxy)).toBe("string");
  expect(typeof toPayload({ toJSON: () => hostile, [Bun.inspect.custom]: () => hostile })).toBe("string");
  const both = {
    toJSON() {
      throw new Error("not as JSON");
    },
    [Bun.inspect.custom]() {
      throw new Error("not for a debugger");
    },
  };
  expect(toPayload(both)).toBe("[it can't be shown]");
});
