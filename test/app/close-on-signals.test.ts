import { describe, expect, spyOn, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { closeOnSignals } from "../../src/app/close-on-signals";
import { createApp } from "../../src/index";
import { recordingLogger } from "../support/recording-logger";
import { type RunningScript, runScript, startScript } from "../support/run-script";
import { thrownBy } from "../support/thrown-by";

const READY = "ready as an ordinary process";

async function startApp(...args: string[]): Promise<RunningScript> {
  const script = startScript("close-on-signals.ts", args);
  await script.waitForLine(READY);
  return script;
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

describe("app.closeOnSignals", () => {
  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("closes at %s, waits for the hooks, then exits with %d", async (signal, exitCode) => {
    const script = await startApp();
    script.process.kill(signal);
    expect(await script.finished).toEqual({
      exitCode,
      signalCode: null,
      stdout: `${READY}\ntwo closed\none closed\n`,
      stderr: "",
    });
  });

  test("takes other signals, and leaves those it was not given to their default", async () => {
    const [hungUp, terminated] = [await startApp("hangup"), await startApp("hangup")];
    hungUp.process.kill("SIGHUP");
    terminated.process.kill("SIGTERM");
    expect(await hungUp.finished).toMatchObject({
      exitCode: 129,
      stdout: `${READY}\ntwo closed\none closed\n`,
    });
    expect(await terminated.finished).toMatchObject({ signalCode: "SIGTERM", stdout: `${READY}\n` });
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("exits at once at a second signal, %s, though a hook hangs", async (second, exitCode) => {
    // The script gives its hooks a minute.
    const script = await startApp("hang");
    script.process.kill("SIGTERM");
    await script.waitForLine("hanging");
    script.process.kill(second);
    expect(await script.finished).toEqual({
      exitCode,
      signalCode: null,
      stdout: `${READY}\nhanging\n`,
      stderr: "",
    });
  });

  test("exits after the closing time, and says why, when a hook hangs", async () => {
    const script = await startApp("hang-briefly");
    script.process.kill("SIGTERM");
    const { exitCode, stderr } = await script.finished;
    expect(exitCode).toBe(143);
    expect(stderr).toContain("A close hook did not finish within");
  });

  test("still exits with the signal's code when a hook fails, and logs what failed", async () => {
    const script = await startApp("fail");
    script.process.kill("SIGTERM");
    const { exitCode, stdout, stderr } = await script.finished;
    expect({ exitCode, stdout }).toEqual({ exitCode: 143, stdout: `${READY}\ntwo closed\none closed\n` });
    const lines = linesOf(stderr).map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, signal: "SIGTERM", msg: "closing on a signal failed" }),
    ]);
    expect(stderr).toContain("the disk is gone");
  });

  test("waits for a close that is going on already", async () => {
    const script = await startApp("closing-already");
    script.process.kill("SIGTERM");
    expect(await script.finished).toMatchObject({
      exitCode: 143,
      stdout: `${READY}\ntwo closed\none closed\n`,
    });
  });

  test("exits when the app is closed already", async () => {
    const script = await startApp("closed-already");
    script.process.kill("SIGINT");
    expect(await script.finished).toMatchObject({
      exitCode: 130,
      stdout: `two closed\none closed\n${READY}\n`,
    });
  });

  test("takes a signal that is listed twice as one signal", async () => {
    const script = await startApp("same-signal-twice");
    script.process.kill("SIGTERM");
    expect(await script.finished).toMatchObject({
      exitCode: 143,
      stdout: `${READY}\ntwo closed\none closed\n`,
    });
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "returns its undo, twice harmless, after which %s ends the process as by default",
    async (signal) => {
      const script = await startApp("undo");
      script.process.kill(signal);
      expect(await script.finished).toMatchObject({ signalCode: signal, stdout: `${READY}\n` });
    },
  );

  test("undoes one registration and leaves another", async () => {
    const script = await startApp("undo-one-of-two");
    script.process.kill("SIGTERM");
    expect(await script.finished).toMatchObject({
      exitCode: 143,
      stdout: `${READY}\ntwo closed\none closed\n`,
    });
  });

  test("does not keep the process alive by itself", async () => {
    expect(await runScript("only-close-on-signals.ts")).toEqual({
      exitCode: 0,
      signalCode: null,
      stdout: "",
      stderr: "",
    });
  });

  test.each([["SIGNOPE"], ["sigterm"], [""], ["toString"], [15], [null]])(
    "refuses %p with INVALID_ARGUMENT, naming it, and registers nothing",
    async (name) => {
      const app = createApp({ logger: recordingLogger() });
      const before = process.listenerCount("SIGTERM");
      // @ts-expect-error these are no names of signals, as they may be in JavaScript
      const error = await thrownBy(() => app.closeOnSignals(["SIGTERM", name]));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toContain(String(name));
      expect(process.listenerCount("SIGTERM")).toBe(before);
    },
  );

  test("registers one listener for each signal, and its undo removes them and no others", () => {
    const counts = () => (["SIGTERM", "SIGINT"] as const).map((signal) => process.listenerCount(signal));
    const other = () => {};
    process.on("SIGTERM", other);
    try {
      const before = counts();
      const undo = createApp({ logger: recordingLogger() }).closeOnSignals();
      expect(counts()).toEqual(before.map((count) => count + 1));
      undo();
      expect(counts()).toEqual(before);
      undo();
      expect(counts()).toEqual(before);
    } finally {
      process.off("SIGTERM", other);
    }
  });
});

describe("app.closeOnSignals as process 1, as in a container", () => {
  const launcher = unshareCommand();
  const reason = launcher === undefined ? " (skipped: this machine permits no unshare --pid)" : "";

  test.skipIf(launcher === undefined).each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)(`closes at %s and exits with %d${reason}`, async (signal, exitCode) => {
    const script = startScript("close-on-signals.ts", [], {}, launcher);
    await script.waitForLine("ready as process 1");
    process.kill(onlyChildOf(script.process.pid), signal);
    expect(await script.finished).toEqual({
      exitCode,
      signalCode: null,
      stdout: "ready as process 1\ntwo closed\none closed\n",
      stderr: "",
    });
  });
});

describe("in this process", () => {
  test("the first signal closes and then exits, the second exits at once, and the undo ends both", async () => {
    const steps: string[] = [];
    const logger = recordingLogger();
    const exited = Promise.withResolvers<void>();
    using exit = spyOn(process, "exit");
    exit.mockImplementation((code) => {
      steps.push(`exit ${code}`);
      if (steps.length === 4) exited.resolve();
      return undefined as never;
    });
    const close = async () => {
      steps.push("close");
      throw new Error("a hook failed");
    };
    const undo = closeOnSignals(close, logger, ["SIGUSR2"]);
    process.emit("SIGUSR2", "SIGUSR2");
    steps.push("emitted");
    process.emit("SIGUSR2", "SIGUSR2");
    await exited.promise;
    undo();
    const exitCode = 128 + constants.signals.SIGUSR2;
    expect(steps).toEqual(["close", "emitted", `exit ${exitCode}`, `exit ${exitCode}`]);
    expect(logger.lines).toMatchObject([{ level: "error", bindings: { signal: "SIGUSR2" } }]);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

/** How to start a process as number 1 of a namespace of its own: as root, else as an ordinary user, else not. */
function unshareCommand(): string[] | undefined {
  if (!existsSync(childrenOf(process.pid))) return undefined;
  const asRoot = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
  return [asRoot, [...asRoot, "-r"]].find((command) => {
    try {
      return Bun.spawnSync([...command, "true"]).success;
    } catch {
      return false;
    }
  });
}

/** The only child's number outside of the child's own namespace. */
function onlyChildOf(pid: number): number {
  return Number(readFileSync(childrenOf(pid), "utf8").trim());
}

function childrenOf(pid: number): string {
  return `/proc/${pid}/task/${pid}/children`;
}
