import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import mitt from "mitt";
import {
  type AppEvents,
  type CloseHook,
  createApp,
  definePlugin,
  type ExecutionCompleted,
  type PluginEmitter,
  type PluginHost,
  telemetryPlugin,
} from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const REPOS = "SELECT repo, cost_usd FROM executions ORDER BY id";

describe("a host that is no App", () => {
  test("with a mitt emitter and an array of hooks is all that the telemetry plugin needs", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    const emitter = mitt<AppEvents>();
    const hooks: CloseHook[] = [];
    const logger = recordingLogger();
    const telemetry = telemetryPlugin.setup(
      { emitter, logger, onClose: (hook) => hooks.push(hook) },
      { dbPath },
    );

    emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/one", costUsd: 0.5 }));
    emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/two", costUsd: 0.25 }));
    await telemetry.flush();
    expect(read(dbPath, REPOS)).toEqual([
      { repo: "octo-org/one", cost_usd: 0.5 },
      { repo: "octo-org/two", cost_usd: 0.25 },
    ]);

    emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/three", costUsd: 0 }));
    expect(hooks).toHaveLength(1);
    for (const hook of hooks) await hook();
    expect(telemetry.stats()).toMatchObject({ received: 3, written: 3, state: "closed" });
    expect([dbPath, `${dbPath}-wal`, `${dbPath}-shm`].map(existsSync)).toEqual([true, false, false]);

    emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/too-late" }));
    expect(read<{ repo: string }>(dbPath, REPOS).map(({ repo }) => repo)).toEqual([
      "octo-org/one",
      "octo-org/two",
      "octo-org/three",
    ]);
    expect(logger.lines).toEqual([]);
  });

  test("may have Node's EventEmitter, behind an adapter of three lines", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    const events = new EventEmitter();
    const emitter: PluginEmitter = {
      on: (type, handler) => events.on(type, handler),
      off: (type, handler) => events.off(type, handler),
    };
    const hooks: CloseHook[] = [];
    const logger = recordingLogger();
    telemetryPlugin.setup({ emitter, logger, onClose: (hook) => hooks.push(hook) }, { dbPath });

    events.emit("execution:completed", executionCompleted({ repo: "octo-org/one", costUsd: 0.5 }));
    expect(events.listenerCount("execution:completed")).toBe(1);
    for (const hook of hooks) await hook();
    expect(events.listenerCount("execution:completed")).toBe(0);
    expect(read(dbPath, REPOS)).toEqual([{ repo: "octo-org/one", cost_usd: 0.5 }]);
    expect(existsSync(`${dbPath}-wal`)).toBe(false);
    expect(logger.lines).toEqual([]);
  });

  test("may go without a logger", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    const emitter = mitt<AppEvents>();
    const telemetry = telemetryPlugin.setup({ emitter, onClose() {} }, { dbPath });
    emitter.emit("execution:completed", executionCompleted({ repo: "octo-org/one", costUsd: 0.5 }));
    expect(await telemetry.close()).toMatchObject({ written: 1, timedOut: false });
    expect(read(dbPath, REPOS)).toEqual([{ repo: "octo-org/one", cost_usd: 0.5 }]);
  });

  test("sees the same as an App does", async () => {
    const dir = tempDir();
    const bare = mitt<AppEvents>();
    const hooks: CloseHook[] = [];
    const logger = recordingLogger();
    telemetryPlugin.setup(
      { emitter: bare, logger, onClose: (hook) => hooks.push(hook) },
      { dbPath: join(dir, "bare.db") },
    );
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath: join(dir, "app.db") });
    const run: ExecutionCompleted = executionCompleted({ executionId: "one", completedAt: Date.now() });
    for (const emitter of [bare, app.emitter]) emitter.emit("execution:completed", run);
    for (const hook of hooks) await hook();
    await app.close();
    const rows = ["bare.db", "app.db"].map((name) => read(join(dir, name), "SELECT * FROM executions"));
    expect(rows[0]).toHaveLength(1);
    expect(rows[0]).toEqual(rows[1] ?? []);
  });
});

describe("definePlugin", () => {
  test("gives a plugin that hands host and options to the setup, and its result back", () => {
    const calls: unknown[] = [];
    const plugin = definePlugin({
      name: "recorded",
      setup(host: PluginHost, options: { readonly size: number }) {
        calls.push(host, options);
        return "the handle";
      },
    });
    const host: PluginHost = { emitter: mitt<AppEvents>(), onClose() {} };
    const options = { size: 1 };
    expect(plugin.name).toBe("recorded");
    expect(plugin.setup(host, options)).toBe("the handle");
    expect(calls[0]).toBe(host);
    expect(calls[1]).toBe(options);
  });

  test("gives a plugin that nobody can change, nor by changing the definition", () => {
    const definition = { name: "constant", setup: () => "original" };
    const plugin = definePlugin(definition);
    definition.name = "changed";
    definition.setup = () => "changed";
    expect(plugin.name).toBe("constant");
    expect(createApp().use(plugin).get(plugin)).toBe("original");
    expect(Object.isFrozen(plugin)).toBe(true);
  });

  test.each([[""], [undefined], [null], [7]])("refuses the name %p with INVALID_ARGUMENT", async (name) => {
    // @ts-expect-error some of these are no strings, as they may be in JavaScript
    const error = await thrownBy(() => definePlugin({ name, setup() {} }));
    expect(error.code).toBe("INVALID_ARGUMENT");
  });

  test.each([[undefined], [null], ["setup"], [{}]])(
    "refuses %p as the setup with INVALID_ARGUMENT, naming the plugin",
    async (setup) => {
      // @ts-expect-error these are no functions, as they may be in JavaScript
      const error = await thrownBy(() => definePlugin({ name: "half-made", setup }));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toContain('"half-made"');
    },
  );
});
