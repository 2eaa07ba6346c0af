import { describe, expect, test } from "bun:test";
import mitt from "mitt";
import { type AppEvents, createApp, definePlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { recordingLogger } from "../support/recording-logger";
import { thrownBy } from "../support/thrown-by";

type CustomEvents = { "review:started": { readonly prNumber: number } };

const handleOf = <Handle>(name: string, handle: Handle) => definePlugin({ name, setup: () => handle });

describe("createApp", () => {
  test("gives an emitter that carries execution:completed and the events of the user", () => {
    const app = createApp<CustomEvents>();
    const received: unknown[] = [];
    app.emitter.on("execution:completed", (run) => received.push(run.repo));
    app.emitter.on("review:started", (review) => received.push(review.prNumber));
    app.emitter.emit("review:started", { prNumber: 7 });
    app.emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/one" }));
    expect(received).toEqual([7, "octo-org/one"]);
  });

  test("uses the emitter that it is given, with the handlers on it", () => {
    const emitter = mitt<AppEvents>();
    const received: string[] = [];
    emitter.on("execution:completed", () => received.push("before"));
    const app = createApp({ emitter });
    app.emitter.on("execution:completed", () => received.push("after"));
    emitter.emit("execution:completed", executionCompleted());
    expect(app.emitter).toBe(emitter);
    expect(received).toEqual(["before", "after"]);
  });

  test("makes apps that share no events, plugins or hooks", async () => {
    const steps: string[] = [];
    const [one, other] = [createApp(), createApp()];
    for (const [name, app] of Object.entries({ one, other })) {
      app.emitter.on("execution:completed", () => steps.push(`${name} heard`));
      app.onClose(() => steps.push(`${name} closed`));
      app.use(handleOf("same-name", name));
    }
    one.emitter.emit("execution:completed", executionCompleted());
    await one.close();
    expect(steps).toEqual(["one heard", "one closed"]);
    await other.close();
  });

  test("shows its logger to the application and to plugins", () => {
    const logger = recordingLogger();
    const app = createApp({ logger }).use(
      definePlugin({ name: "talkative", setup: (host) => host.logger?.info({ level: 1 }, "here I am") }),
    );
    expect(app.logger).toBe(logger);
    expect(logger.lines).toEqual([{ level: "info", bindings: { level: 1 }, message: "here I am" }]);
  });

  test.each([[Number.NaN], [-1], [Number.POSITIVE_INFINITY], [2 ** 31], ["5000"], [null], [5n]])(
    "refuses closeTimeoutMs %p with INVALID_OPTION, naming it",
    async (closeTimeoutMs) => {
      // @ts-expect-error some of these are no numbers, as they may be in JavaScript
      const error = await thrownBy(() => createApp({ closeTimeoutMs }));
      expect(error.code).toBe("INVALID_OPTION");
      expect(error.message).toStartWith("closeTimeoutMs: ");
    },
  );

  test.each([[0], [0.5], [2 ** 31 - 1]])("takes closeTimeoutMs %p", async (closeTimeoutMs) => {
    const steps: string[] = [];
    const app = createApp({ closeTimeoutMs });
    app.onClose(() => steps.push("closed"));
    await app.close();
    expect(steps).toEqual(["closed"]);
  });
});

describe("app.use", () => {
  test("sets the plugin up at once, with the app as its host and the options, and returns the app", () => {
    const calls: unknown[] = [];
    const plugin = definePlugin({
      name: "eager",
      setup(host, options: { readonly size: number }) {
        calls.push(host, options);
      },
    });
    const app = createApp();
    const options = { size: 3 };
    expect(app.use(plugin, options)).toBe(app);
    expect(calls).toEqual([app, options]);
    expect(calls[1]).toBe(options);
  });

  test("sets plugins up in the order of use", () => {
    const steps: string[] = [];
    const named = (name: string) => definePlugin({ name, setup: () => steps.push(name) });
    createApp().use(named("one")).use(named("two")).use(named("three"));
    expect(steps).toEqual(["one", "two", "three"]);
  });

  test("refuses a second plugin of the same name with DUPLICATE_PLUGIN, without setting it up", async () => {
    const steps: string[] = [];
    const first = handleOf("ledger", "first");
    const second = definePlugin({ name: "ledger", setup: () => steps.push("set up") });
    const app = createApp().use(first);
    for (const useAgain of [() => app.use(first), () => app.use(second)]) {
      const error = await thrownBy(useAgain);
      expect(error.code).toBe("DUPLICATE_PLUGIN");
      expect(error.message).toContain('"ledger"');
    }
    expect(steps).toEqual([]);
    expect(app.get(first)).toBe("first");
  });

  test("refuses every plugin with APP_CLOSED from the call of close on, without setting it up", async () => {
    const steps: string[] = [];
    const plugin = definePlugin({ name: "late", setup: () => steps.push("set up") });
    const app = createApp();
    const closing = app.close();
    expect((await thrownBy(() => app.use(plugin))).code).toBe("APP_CLOSED");
    await closing;
    expect((await thrownBy(() => app.use(plugin))).code).toBe("APP_CLOSED");
    expect(steps).toEqual([]);
  });

  test("works detached from the app, as the other methods do", async () => {
    const steps: string[] = [];
    const plugin = handleOf("detached", 1);
    const app = createApp();
    const { use, get, onClose, close } = app;
    use(plugin);
    onClose(() => steps.push("closed"));
    expect(get(plugin)).toBe(1);
    await close();
    expect(steps).toEqual(["closed"]);
  });
});

describe("a setup that throws", () => {
  const failure = new Error("the setup failed");

  test("reaches the caller of use as it was thrown", () => {
    const app = createApp();
    const plugin = definePlugin({
      name: "broken",
      setup() {
        throw failure;
      },
    });
    let thrown: unknown;
    try {
      app.use(plugin);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(failure);
  });

  test("leaves none of its listeners, and those of others intact and in order", () => {
    const steps: string[] = [];
    const app = createApp<CustomEvents>();
    const [one, two, three] = ["one", "two", "three"].map((name) => () => void steps.push(name));
    if (one === undefined || two === undefined || three === undefined) throw new Error("unreachable");
    app.emitter.on("execution:completed", one);
    app.emitter.on("execution:completed", two);
    app.emitter.on("*", three);
    const listeners = () =>
      Array.from(app.emitter.all, ([type, handlers]) => ({ type, handlers: [...handlers] }));
    const before = listeners();

    const plugin = definePlugin({
      name: "broken",
      setup() {
        const intruder = () => void steps.push("intruder");
        app.emitter.on("execution:completed", intruder);
        app.emitter.on("review:started", intruder);
        app.emitter.on("*", intruder);
        const handlers = app.emitter.all.get("execution:completed");
        // To the front, as the telemetry plugin does, and the others turned around and thinned out.
        handlers?.reverse();
        app.emitter.off("execution:completed", two);
        app.emitter.all.delete("*");
        throw failure;
      },
    });

    expect(() => app.use(plugin)).toThrow(failure);
    expect(listeners()).toEqual(before);
    app.emitter.emit("execution:completed", executionCompleted());
    app.emitter.emit("review:started", { prNumber: 1 });
    expect(steps).toEqual(["one", "two", "three", "three"]);

    app.emitter.off("execution:completed", one);
    app.emitter.emit("execution:completed", executionCompleted());
    expect(steps.slice(4)).toEqual(["two", "three"]);
  });

  test("leaves none of its close hooks, and those of others intact and in order", async () => {
    const steps: string[] = [];
    const app = createApp();
    app.onClose(() => steps.push("one"));
    const undoTwo = app.onClose(() => steps.push("two"));
    app.onClose(() => steps.push("three"));
    const plugin = definePlugin({
      name: "broken",
      setup(host) {
        host.onClose(() => steps.push("intruder"));
        host.onClose(() => steps.push("intruder"));
        throw failure;
      },
    });
    expect(() => app.use(plugin)).toThrow(failure);
    app.onClose(() => steps.push("four"));
    undoTwo();
    await app.close();
    expect(steps).toEqual(["four", "three", "one"]);
  });

  test("leaves none of its close hooks when it took back another one before", async () => {
    const steps: string[] = [];
    const app = createApp();
    const undo = app.onClose(() => steps.push("another"));
    const plugin = definePlugin({
      name: "broken",
      setup(host) {
        undo();
        host.onClose(() => steps.push("intruder"));
        throw failure;
      },
    });
    expect(() => app.use(plugin)).toThrow(failure);
    await app.close();
    expect(steps).not.toContain("intruder");
  });

  test("leaves the name free: the plugin is not installed, and can be used again", async () => {
    let attempts = 0;
    const steps: string[] = [];
    const plugin = definePlugin({
      name: "second-time-lucky",
      setup(host) {
        attempts += 1;
        const attempt = attempts;
        host.emitter.on("execution:completed", () => steps.push(`heard by attempt ${attempt}`));
        host.onClose(() => steps.push(`closed by attempt ${attempt}`));
        if (attempt === 1) throw failure;
        return attempt;
      },
    });
    const app = createApp();
    expect(() => app.use(plugin)).toThrow(failure);
    expect((await thrownBy(() => app.get(plugin))).code).toBe("NOT_INSTALLED");

    expect(app.use(plugin).get(plugin)).toBe(2);
    app.emitter.emit("execution:completed", executionCompleted());
    await app.close();
    expect(steps).toEqual(["heard by attempt 2", "closed by attempt 2"]);
  });

  test("leaves plugins that were installed before at work", async () => {
    const steps: string[] = [];
    const good = definePlugin({
      name: "good",
      setup(host) {
        host.emitter.on("execution:completed", () => steps.push("heard"));
        host.onClose(() => steps.push("closed"));
        return "its handle";
      },
    });
    const bad = definePlugin({
      name: "bad",
      setup() {
        throw failure;
      },
    });
    const app = createApp().use(good);
    expect(() => app.use(bad)).toThrow(failure);
    app.emitter.emit("execution:completed", executionCompleted());
    await app.close();
    expect(steps).toEqual(["heard", "closed"]);
    expect(app.get(good)).toBe("its handle");
  });
});

describe("app.get", () => {
  test("gives the very object that the setup returned, also after close", async () => {
    const handle = { answer: 42 };
    const plugin = handleOf("answer", handle);
    const app = createApp().use(plugin);
    expect(app.get(plugin)).toBe(handle);
    await app.close();
    expect(app.get(plugin)).toBe(handle);
  });

  test("gives undefined for a plugin whose setup returns nothing", () => {
    const plugin = definePlugin({ name: "silent", setup() {} });
    expect(createApp().use(plugin).get(plugin)).toBeUndefined();
  });

  test("throws NOT_INSTALLED for a plugin that was never used", async () => {
    const app = createApp().use(handleOf("present", 1));
    const error = await thrownBy(() => app.get(handleOf("absent", 2)));
    expect(error.code).toBe("NOT_INSTALLED");
    expect(error.message).toContain('"absent"');
    expect(error.hint).toBeString();
  });

  test("throws NOT_INSTALLED for another plugin of the same name", async () => {
    const app = createApp().use(handleOf("twin", 1));
    expect((await thrownBy(() => app.get(handleOf("twin", 1)))).code).toBe("NOT_INSTALLED");
  });
});
