// Checked by tsc: a `@ts-expect-error` that expects in vain is an error too. What is only to be compiled never runs.
import { describe, expectTypeOf, test } from "bun:test";
import mitt, { type Emitter } from "mitt";
import {
  type App,
  type AppEvents,
  createApp,
  definePlugin,
  type ExecutionCompleted,
  type Logger,
  type Plugin,
  type PluginHost,
  type Telemetry,
  type TelemetryPluginOptions,
  type TelemetryRecord,
  telemetryPlugin,
} from "../../src/index";
import { createFakeEmitter, executionCompleted } from "../../src/testing";

type CustomEvents = {
  "review:started": { readonly prNumber: number };
  tick: undefined;
};

const compileOnly = (_code: () => void): void => {};

const run = executionCompleted();
const app = createApp();
const customApp = createApp<CustomEvents>();

const needsOptions = definePlugin({
  name: "needs-options",
  setup: (_host, options: { readonly aboveUsd: number }) => options.aboveUsd,
});
const takesOptions = definePlugin({
  name: "takes-options",
  setup: (_host, options?: { readonly aboveUsd: number }) => options?.aboveUsd,
});
const takesNoOptions = definePlugin({ name: "takes-no-options", setup: () => "the handle" });
const takesDefaults = definePlugin({
  name: "takes-defaults",
  setup: (_host, { aboveUsd = 5 }: { readonly aboveUsd?: number } = {}) => aboveUsd,
});
const hearsReviews = definePlugin({
  name: "hears-reviews",
  setup(host: PluginHost<AppEvents & CustomEvents>) {
    host.emitter.on("review:started", () => {});
  },
});

describe("the events of an app", () => {
  test("are execution:completed, whose payload is a record of the ledger, and those of budgets", () => {
    type Names = "execution:completed" | "budget:threshold" | "budget:exceeded";
    expectTypeOf<keyof AppEvents>().toEqualTypeOf<Names>();
    expectTypeOf<AppEvents["execution:completed"]>().toEqualTypeOf<ExecutionCompleted>();
    expectTypeOf<ExecutionCompleted>().toEqualTypeOf<TelemetryRecord>();
    expectTypeOf(app.emitter).toExtend<Emitter<AppEvents>>();
    compileOnly(() => {
      app.emitter.emit("execution:completed", run);
      app.emitter.on("execution:completed", (event) =>
        expectTypeOf(event).toEqualTypeOf<ExecutionCompleted>(),
      );
    });
  });

  test("are those of the user besides", () => {
    expectTypeOf(customApp.emitter).toExtend<Emitter<AppEvents & CustomEvents>>();
    compileOnly(() => {
      customApp.emitter.emit("execution:completed", run);
      customApp.emitter.emit("review:started", { prNumber: 1 });
      customApp.emitter.emit("tick");
      customApp.emitter.on("execution:completed", (event) =>
        expectTypeOf(event).toEqualTypeOf<ExecutionCompleted>(),
      );
      customApp.emitter.on("review:started", (event) =>
        expectTypeOf(event).toEqualTypeOf<{ readonly prNumber: number }>(),
      );
    });
  });

  test("take no other payload", () => {
    compileOnly(() => {
      // @ts-expect-error the payload is missing
      app.emitter.emit("execution:completed");
      // @ts-expect-error model and conclusion are required
      app.emitter.emit("execution:completed", { repo: "octo-org/one", eventType: "push" });
      // @ts-expect-error a cost is a number
      app.emitter.emit("execution:completed", { ...run, costUsd: "0.12" });
      // @ts-expect-error the field is costUsd
      app.emitter.emit("execution:completed", { ...run, costUSD: 0.12 });
      // @ts-expect-error prNumber is a number
      customApp.emitter.emit("review:started", { prNumber: "1" });
      // @ts-expect-error the payload of another event
      customApp.emitter.emit("review:started", run);
    });
  });

  test("are no others", () => {
    compileOnly(() => {
      // @ts-expect-error misspelt
      app.emitter.emit("execution:complete", run);
      // @ts-expect-error misspelt
      app.emitter.on("execution:complete", () => {});
      // @ts-expect-error an event of another app
      app.emitter.emit("review:started", { prNumber: 1 });
      // @ts-expect-error the handler takes another payload
      app.emitter.on("execution:completed", (event: { readonly prNumber: string }) => event);
    });
  });
});

describe("the options of createApp", () => {
  test("are all optional, and their types are checked", () => {
    compileOnly(() => {
      createApp({});
      createApp({ emitter: mitt<AppEvents>(), closeTimeoutMs: 5_000, logger: console });
      createApp<CustomEvents>({ emitter: mitt<AppEvents & CustomEvents>() });
      createApp<CustomEvents>({ emitter: createFakeEmitter<CustomEvents>() });
      // @ts-expect-error the emitter knows no execution:completed
      createApp({ emitter: mitt<CustomEvents>() });
      // @ts-expect-error the emitter knows no custom events
      createApp<CustomEvents>({ emitter: mitt<AppEvents>() });
      // @ts-expect-error a number of milliseconds
      createApp({ closeTimeoutMs: "5000" });
      // @ts-expect-error misspelt
      createApp({ closeTimeout: 5_000 });
    });
  });
});

describe("app.use", () => {
  test("requires options of a plugin that requires them", () => {
    compileOnly(() => {
      app.use(needsOptions, { aboveUsd: 5 });
      // @ts-expect-error the options are missing
      app.use(needsOptions);
      // @ts-expect-error undefined is no options
      app.use(needsOptions, undefined);
      // @ts-expect-error an option is missing
      app.use(needsOptions, {});
      // @ts-expect-error an option of another type
      app.use(needsOptions, { aboveUsd: "5" });
      // @ts-expect-error an unknown option
      app.use(needsOptions, { aboveUsd: 5, belowUsd: 1 });
    });
  });

  test("takes options of a plugin that can do without, or none", () => {
    compileOnly(() => {
      app.use(takesOptions).use(telemetryPlugin);
      app.use(takesOptions, { aboveUsd: 5 }).use(telemetryPlugin, { dbPath: "telemetry.db" });
      app.use(takesOptions, undefined);
      // @ts-expect-error an option of another type
      app.use(takesOptions, { aboveUsd: "5" });
      // @ts-expect-error an unknown option
      app.use(telemetryPlugin, { path: "telemetry.db" });
    });
  });

  test("takes options of a plugin that has defaults for them, or none", () => {
    compileOnly(() => {
      app.use(takesDefaults);
      app.use(takesDefaults, {}).use(takesDefaults, { aboveUsd: 5 });
      // @ts-expect-error an option of another type
      app.use(takesDefaults, { aboveUsd: "5" });
    });
  });

  test("takes no options of a plugin that has none", () => {
    compileOnly(() => {
      app.use(takesNoOptions);
      // @ts-expect-error the plugin takes no options
      app.use(takesNoOptions, {});
      // @ts-expect-error the plugin takes no options
      app.use(takesNoOptions, { aboveUsd: 5 });
    });
  });

  test("takes one options argument", () => {
    compileOnly(() => {
      // @ts-expect-error one too many
      app.use(takesOptions, { aboveUsd: 5 }, { aboveUsd: 5 });
    });
  });

  test("returns the same type of app, which knows the events of the user", () => {
    expectTypeOf(app.use<undefined, string>).returns.toEqualTypeOf<typeof app>();
    expectTypeOf(customApp.use<undefined, string>).returns.toEqualTypeOf<App<AppEvents & CustomEvents>>();
  });

  test("takes a plugin for the events of every app in an app with more", () => {
    compileOnly(() => {
      customApp.use(telemetryPlugin).use(takesNoOptions).use(needsOptions, { aboveUsd: 5 });
    });
  });

  test("takes a plugin for custom events only in an app that has them", () => {
    compileOnly(() => {
      customApp.use(hearsReviews);
      // @ts-expect-error this app has no review:started
      app.use(hearsReviews);
      // @ts-expect-error this app's review:started is another one
      createApp<{ "review:started": string }>().use(hearsReviews);
    });
  });
});

describe("app.get", () => {
  test("gives what the setup returns", () => {
    expectTypeOf(telemetryPlugin).toExtend<Plugin<TelemetryPluginOptions | undefined, Telemetry>>();
    compileOnly(() => {
      expectTypeOf(app.get(telemetryPlugin)).toEqualTypeOf<Telemetry>();
      expectTypeOf(app.get(needsOptions)).toEqualTypeOf<number>();
      expectTypeOf(app.get(takesOptions)).toEqualTypeOf<number | undefined>();
      expectTypeOf(app.get(takesNoOptions)).toEqualTypeOf<string>();
      expectTypeOf(customApp.get(telemetryPlugin)).toEqualTypeOf<Telemetry>();
      expectTypeOf(customApp.get(hearsReviews)).toEqualTypeOf<void>();
    });
  });

  test("takes no plugin for events that the app hasn't", () => {
    compileOnly(() => {
      // @ts-expect-error this app has no review:started
      app.get(hearsReviews);
    });
  });
});

describe("closing", () => {
  test("takes a time, and gives a promise of nothing", () => {
    expectTypeOf(app.close).returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf(app).toExtend<AsyncDisposable>();
    compileOnly(() => {
      app.close();
      app.close({});
      app.close({ timeoutMs: 5 });
      // @ts-expect-error the time has a name
      app.close(5);
      // @ts-expect-error a number of milliseconds
      app.close({ timeoutMs: "5" });
    });
  });

  test("takes names of signals, and gives the undo", () => {
    expectTypeOf(app.closeOnSignals).returns.toEqualTypeOf<() => void>();
    compileOnly(() => {
      app.closeOnSignals();
      app.closeOnSignals(["SIGTERM", "SIGHUP"] as const);
      // @ts-expect-error no such signal
      app.closeOnSignals(["SIGNOPE"]);
      // @ts-expect-error an array of names
      app.closeOnSignals("SIGTERM");
    });
  });

  test("takes hooks, synchronous or not, and gives the undo", () => {
    expectTypeOf(app.onClose).returns.toEqualTypeOf<() => void>();
    compileOnly(() => {
      app.onClose(() => {});
      app.onClose(async () => 1);
      // @ts-expect-error nobody passes an argument
      app.onClose((_reason: string) => {});
    });
  });
});

describe("PluginHost", () => {
  test("is what an App is, and what a mitt emitter with an onClose is", () => {
    expectTypeOf<App>().toExtend<PluginHost>();
    expectTypeOf<App<AppEvents & CustomEvents>>().toExtend<PluginHost>();
    expectTypeOf<App<AppEvents & CustomEvents>>().toExtend<PluginHost<AppEvents & CustomEvents>>();
    expectTypeOf<{ emitter: Emitter<AppEvents>; onClose(): void }>().toExtend<PluginHost>();
    expectTypeOf<{ emitter: Emitter<AppEvents> }>().not.toExtend<PluginHost>();
  });

  test("gives a plugin on, off, onClose and perhaps a logger, and no emit", () => {
    definePlugin({
      name: "curious",
      setup(host) {
        expectTypeOf(host).toEqualTypeOf<PluginHost>();
        expectTypeOf(host.logger).toEqualTypeOf<Logger | undefined>();
        expectTypeOf<keyof typeof host.emitter>().toEqualTypeOf<"on" | "off">();
        host.emitter.on("execution:completed", (event) => {
          expectTypeOf(event).toEqualTypeOf<ExecutionCompleted>();
        });
        // @ts-expect-error not an event of every app
        host.emitter.on("review:started", () => {});
      },
    });
  });
});

describe("Logger", () => {
  test("is what console is", () => {
    expectTypeOf<Console>().toExtend<Logger>();
  });
});
