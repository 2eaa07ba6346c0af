import { describe, expect, test } from "bun:test";
import { type App, createApp, definePlugin, RunledgerError } from "../../src/index";
import { recordingLogger } from "../support/recording-logger";
import { runScript } from "../support/run-script";
import { thrownBy } from "../support/thrown-by";

const never = new Promise<never>(() => {});

const quietApp = (): App => createApp({ logger: recordingLogger() });

async function failuresOf(closing: Promise<void>): Promise<unknown[]> {
  try {
    await closing;
  } catch (error) {
    if (error instanceof AggregateError) return error.errors;
    throw error;
  }
  throw new Error("Expected an AggregateError, nothing was thrown.");
}

const codeOf = (error: unknown): unknown => (error instanceof RunledgerError ? error.code : error);

describe("app.close", () => {
  test("runs the hooks last in first out, one after another, whoever registered them", async () => {
    const steps: string[] = [];
    const slowly = (name: string) => async () => {
      steps.push(`${name} begins`);
      await Bun.sleep(2);
      steps.push(`${name} ends`);
    };
    const app = quietApp();
    app.onClose(slowly("one"));
    app.use(definePlugin({ name: "plugin", setup: (host) => host.onClose(slowly("two")) }));
    app.onClose(() => steps.push("three"));
    app.onClose(slowly("four"));
    await app.close();
    expect(steps).toEqual([
      "four begins",
      "four ends",
      "three",
      "two begins",
      "two ends",
      "one begins",
      "one ends",
    ]);
  });

  test("is done at once without hooks", async () => {
    expect(await quietApp().close()).toBeUndefined();
  });

  test("runs a function as often as it was registered", async () => {
    let runs = 0;
    const hook = () => {
      runs += 1;
    };
    const app = quietApp();
    app.onClose(hook);
    const undo = app.onClose(hook);
    app.onClose(hook);
    undo();
    await app.close();
    expect(runs).toBe(2);
  });

  test("runs every hook though some throw, reject or hang, then throws all errors as one", async () => {
    const steps: string[] = [];
    const thrown = new Error("thrown");
    const rejected = new Error("rejected");
    const app = quietApp();
    app.onClose(() => steps.push("last"));
    app.onClose(() => {
      steps.push("throws");
      throw thrown;
    });
    app.onClose(() => steps.push("between"));
    app.onClose(async () => {
      await Bun.sleep(1);
      steps.push("rejects");
      throw rejected;
    });
    app.onClose(() => {
      steps.push("hangs");
      return never;
    });
    app.onClose(() => {
      steps.push("rejects with no Error");
      return Promise.reject("a string");
    });
    app.onClose(() => steps.push("first"));
    const errors = await failuresOf(app.close({ timeoutMs: 500 }));
    expect(steps).toEqual([
      "first",
      "rejects with no Error",
      "hangs",
      "rejects",
      "between",
      "throws",
      "last",
    ]);
    expect(errors.map(codeOf)).toEqual(["a string", "CLOSE_TIMEOUT", rejected, thrown]);
  });

  test("says in its message how many of the hooks failed", async () => {
    const app = quietApp();
    app.onClose(() => Promise.reject(new Error("one")));
    app.onClose(() => {});
    app.onClose(() => Promise.reject(new Error("two")));
    await expect(app.close()).rejects.toThrow("2 of 3 close hooks failed.");
  });

  test("leaves to the hooks behind a hanging one the time to finish asynchronous work", async () => {
    const steps: string[] = [];
    const works = (name: string) => async () => {
      await Bun.sleep(5);
      steps.push(name);
    };
    const app = quietApp();
    app.onClose(works("one"));
    app.onClose(works("two"));
    app.onClose(() => never);
    app.onClose(works("three"));
    app.onClose(() => never);
    const errors = await failuresOf(app.close({ timeoutMs: 500 }));
    expect(steps).toEqual(["three", "two", "one"]);
    expect(errors.map(codeOf)).toEqual(["CLOSE_TIMEOUT", "CLOSE_TIMEOUT"]);
  });

  test("gives a lone hook nearly the whole time, though quick ones ran before it", async () => {
    const steps: string[] = [];
    const app = quietApp();
    app.onClose(async () => {
      // More than a tenth of the time, which is what an even division in advance would give it.
      await Bun.sleep(150);
      steps.push("slow");
    });
    for (let quick = 0; quick < 9; quick++) app.onClose(() => {});
    await app.close({ timeoutMs: 1_000 });
    expect(steps).toEqual(["slow"]);
  });

  test("takes timeoutMs altogether, however many hooks hang", async () => {
    let started = 0;
    const app = quietApp();
    for (let hook = 0; hook < 50; hook++) {
      app.onClose(() => {
        started += 1;
        return never;
      });
    }
    const order: string[] = [];
    const oneByOne = async () => {
      for (let turn = 0; turn < 25; turn++) {
        const other = quietApp();
        other.onClose(() => never);
        await failuresOf(other.close({ timeoutMs: 100 }));
      }
      order.push("25 hooks, each with timeoutMs of its own");
    };
    const altogether = failuresOf(app.close({ timeoutMs: 100 }));
    await Promise.all([altogether.then(() => order.push("50 hooks")), oneByOne()]);
    expect(order).toEqual(["50 hooks", "25 hooks, each with timeoutMs of its own"]);
    expect(started).toBe(50);
    const errors = await altogether;
    expect(errors.map(codeOf)).toEqual(Array.from({ length: 50 }, () => "CLOSE_TIMEOUT"));
  });

  test("takes the app's closeTimeoutMs by default", async () => {
    const app = createApp({ logger: recordingLogger(), closeTimeoutMs: 10 });
    app.onClose(() => never);
    expect((await failuresOf(app.close())).map(codeOf)).toEqual(["CLOSE_TIMEOUT"]);
  });

  test("with no time at all still runs every hook, and fails only those that need time", async () => {
    const steps: string[] = [];
    const app = quietApp();
    app.onClose(() => steps.push("synchronous"));
    app.onClose(() => never);
    app.onClose(async () => {
      await Promise.resolve();
      steps.push("microtasks");
    });
    const errors = await failuresOf(app.close({ timeoutMs: 0 }));
    expect(steps).toEqual(["microtasks", "synchronous"]);
    expect(errors.map(codeOf)).toEqual(["CLOSE_TIMEOUT"]);
  });

  test("logs the failure of a hook whose time was over, instead of an unhandled rejection", async () => {
    const { exitCode, stdout, stderr } = await runScript("late-rejection.ts");
    expect(stdout.trimEnd().split("\n")).toEqual([
      "close failed: CLOSE_TIMEOUT",
      "warn: a close hook failed after it had timed out: too late",
      "survived",
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("survives a logger that throws when it logs such a failure", async () => {
    const { exitCode, stdout, stderr } = await runScript("late-rejection.ts", ["with-broken-logger"]);
    expect(stdout.trimEnd().split("\n")).toEqual(["close failed: CLOSE_TIMEOUT", "survived"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("logs nothing of a hook that fails in time: the caller gets its error", async () => {
    const logger = recordingLogger();
    const app = createApp({ logger });
    app.onClose(() => Promise.reject(new Error("in time")));
    await failuresOf(app.close());
    expect(logger.lines).toEqual([]);
  });

  test("leaves no timer that keeps the process alive", async () => {
    // The app gives its hooks a minute, more than this test may take.
    expect(await runScript("close-and-return.ts")).toEqual({
      exitCode: 0,
      signalCode: null,
      stdout: "closed\n",
      stderr: "",
    });
  });

  test("gives concurrent and repeated calls the same promise, and runs the hooks once", async () => {
    let runs = 0;
    const app = quietApp();
    app.onClose(async () => {
      await Bun.sleep(1);
      runs += 1;
    });
    const first = app.close();
    expect(app.close()).toBe(first);
    expect(app.close({ timeoutMs: 5 })).toBe(first);
    await first;
    expect(app.close()).toBe(first);
    expect(app[Symbol.asyncDispose]()).toBe(first as unknown as PromiseLike<void>);
    expect(runs).toBe(1);
  });

  test("gives every call the same failure", async () => {
    const app = quietApp();
    app.onClose(() => Promise.reject(new Error("broken")));
    const errors = await failuresOf(app.close());
    expect(await failuresOf(app.close())).toBe(errors);
  });

  test("called by a hook, synchronously, is the same close: no hook overlaps another", async () => {
    const steps: string[] = [];
    const again: Promise<void>[] = [];
    const app = quietApp();
    app.onClose(() => steps.push("last"));
    app.onClose(async () => {
      steps.push("middle begins");
      await Bun.sleep(1);
      steps.push("middle ends");
    });
    app.onClose(async () => {
      steps.push("first begins");
      again.push(app.close());
      await Bun.sleep(1);
      steps.push("first ends");
    });
    const closing = app.close();
    await closing;
    expect(steps).toEqual(["first begins", "first ends", "middle begins", "middle ends", "last"]);
    expect(again[0]).toBe(closing);
  });

  test("awaited by a hook, which waits for itself, times that hook out", async () => {
    const steps: string[] = [];
    const app = quietApp();
    app.onClose(() => steps.push("last"));
    app.onClose(() => app.close());
    app.onClose(() => steps.push("first"));
    const errors = await failuresOf(app.close({ timeoutMs: 100 }));
    expect(steps).toEqual(["first", "last"]);
    expect(errors.map(codeOf)).toEqual(["CLOSE_TIMEOUT"]);
  });

  test.each([[Number.NaN], [-1], [Number.POSITIVE_INFINITY], [2 ** 31], ["5"], [null]])(
    "refuses timeoutMs %p with INVALID_ARGUMENT, and the app stays open",
    async (timeoutMs) => {
      const steps: string[] = [];
      const app = quietApp();
      app.onClose(() => steps.push("closed"));
      // @ts-expect-error some of these are no numbers, as they may be in JavaScript
      const error = await thrownBy(() => app.close({ timeoutMs }));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toStartWith("timeoutMs: ");
      expect(steps).toEqual([]);
      app.onClose(() => steps.push("still open"));
      await app.close();
      expect(steps).toEqual(["still open", "closed"]);
    },
  );
});

describe("app.onClose", () => {
  test("returns its undo, which is harmless when called twice, or late", async () => {
    const steps: string[] = [];
    const app = quietApp();
    app.onClose(() => steps.push("one"));
    const undo = app.onClose(() => steps.push("two"));
    app.onClose(() => steps.push("three"));
    undo();
    undo();
    await app.close();
    undo();
    expect(steps).toEqual(["three", "one"]);
  });

  test("its undo still counts while the app is closing", async () => {
    const steps: string[] = [];
    const app = quietApp();
    const undo = app.onClose(() => steps.push("one"));
    app.onClose(() => {
      steps.push("two");
      undo();
    });
    await app.close();
    expect(steps).toEqual(["two"]);
  });

  test("throws APP_CLOSED from the call of close on", async () => {
    const app = quietApp();
    app.onClose(() => Bun.sleep(1));
    const closing = app.close();
    expect((await thrownBy(() => app.onClose(() => {}))).code).toBe("APP_CLOSED");
    await closing;
    expect((await thrownBy(() => app.onClose(() => {}))).code).toBe("APP_CLOSED");
  });

  test("throws APP_CLOSED inside every hook, the first included, and so does use", async () => {
    const codes: unknown[] = [];
    const app = quietApp();
    const registerMore = () => {
      for (const attempt of [
        () => app.onClose(() => codes.push("ran")),
        () => app.use(definePlugin({ name: `late-${codes.length}`, setup() {} })),
      ]) {
        try {
          attempt();
          codes.push("nothing thrown");
        } catch (error) {
          codes.push(codeOf(error));
        }
      }
    };
    app.onClose(registerMore);
    app.onClose(registerMore);
    await app.close();
    expect(codes).toEqual(["APP_CLOSED", "APP_CLOSED", "APP_CLOSED", "APP_CLOSED"]);
  });
});

describe("await using", () => {
  test("closes the app at the end of the block, and waits for it", async () => {
    const steps: string[] = [];
    {
      await using app = quietApp();
      app.onClose(async () => {
        await Bun.sleep(1);
        steps.push("one");
      });
      app.onClose(() => steps.push("two"));
      steps.push("block");
    }
    steps.push("after");
    expect(steps).toEqual(["block", "two", "one", "after"]);
  });

  test("closes the app when the block throws, whose error stays the one that counts", async () => {
    const steps: string[] = [];
    const failing = async () => {
      await using app = quietApp();
      app.onClose(() => steps.push("closed"));
      throw new Error("the block failed");
    };
    await expect(failing()).rejects.toThrow("the block failed");
    expect(steps).toEqual(["closed"]);
  });

  test("throws what the hooks threw", async () => {
    const broken = new Error("broken");
    const block = async () => {
      await using app = quietApp();
      app.onClose(() => Promise.reject(broken));
    };
    expect(await failuresOf(block())).toEqual([broken]);
  });
});
