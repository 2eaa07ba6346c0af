import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { watchReport } from "../../src/cli/report-watch";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { fakeTerminal } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const MAIN = commandLine();

function record(dbPath: string, ...ids: readonly string[]): void {
  const store = createTelemetryStore({ dbPath });
  for (const executionId of ids) store.record(executionCompleted({ executionId }));
  store.close();
}

/** A terminal on which one can wait for the next drawing. */
function drawable() {
  let next = Promise.withResolvers<string>();
  const terminal = fakeTerminal({
    isTerminal: true,
    async write(text) {
      next.resolve(text);
      next = Promise.withResolvers();
    },
  });
  return { terminal, nextDrawing: () => next.promise };
}

/** Reports that say how many were made. */
function countingReport() {
  let made = 0;
  return {
    get made() {
      return made;
    },
    report: async () => {
      made += 1;
      return `report ${made}\nof two lines\n`;
    },
  };
}

const LOOKS_OFTEN = { everyMs: 1, atLeastEveryMs: Number.POSITIVE_INFINITY };

describe("watching", () => {
  test("draws anew when something was recorded, only then, and ends when it is interrupted", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    record(dbPath, "one");
    const { terminal, nextDrawing } = drawable();
    const reports = countingReport();
    const drawing = nextDrawing();
    const watching = watchReport(terminal, { dbPath, report: reports.report, ...LOOKS_OFTEN });
    expect(await drawing).toBe("\x1b[Hreport 1\x1b[K\nof two lines\x1b[K\n\x1b[J");

    // Long enough to look more than once.
    await Bun.sleep(20);
    expect(reports.made).toBe(1);

    const redrawing = nextDrawing();
    record(dbPath, "two");
    expect(await redrawing).toContain("report 2");
    terminal.interrupt();
    await watching;
  });

  test("draws anew after some time in any case: its period moves on", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    record(dbPath, "one");
    const { terminal, nextDrawing } = drawable();
    const reports = countingReport();
    const watching = watchReport(terminal, { dbPath, report: reports.report, everyMs: 1, atLeastEveryMs: 0 });
    while (reports.made < 3) await nextDrawing();
    terminal.interrupt();
    await watching;
  });

  test("survives that the ledger is gone for a while", async () => {
    const dbPath = join(tempDir(), "telemetry.db");
    record(dbPath, "one");
    const { terminal, nextDrawing } = drawable();
    const drawing = nextDrawing();
    const watching = watchReport(terminal, { dbPath, report: countingReport().report, ...LOOKS_OFTEN });
    await drawing;
    rmSync(dbPath);
    await Bun.sleep(20);
    const redrawing = nextDrawing();
    record(dbPath, "one", "two");
    expect(await redrawing).toContain("report 2");
    terminal.interrupt();
    await watching;
  });

  test("fails when there is no ledger at first, and where there is no terminal", async () => {
    const dbPath = join(tempDir(), "missing.db");
    const { report } = countingReport();
    expect((await thrownBy(() => watchReport(drawable().terminal, { dbPath, report }))).code).toBe(
      "LEDGER_NOT_FOUND",
    );
    expect((await thrownBy(() => watchReport(fakeTerminal(), { dbPath, report }))).code).toBe(
      "INVALID_OPTION",
    );
  });
});

test("on a real terminal it is as wide as that, coloured, and Ctrl-C ends it with 0", async () => {
  const dbPath = join(tempDir(), "telemetry.db");
  record(dbPath, "one");
  let shown = "";
  const isShown = Promise.withResolvers<void>();
  const { COLUMNS: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = process.env;
  const child = Bun.spawn([process.execPath, MAIN, "report", "--watch", "--db", dbPath, "--by", "model"], {
    env,
    terminal: {
      cols: 60,
      rows: 30,
      data(_, bytes) {
        shown += new TextDecoder().decode(bytes);
        if (shown.includes("Ctrl-C ends.")) isShown.resolve();
      },
    },
  });
  await isShown.promise;
  child.terminal?.write("\x03");
  expect(await child.exited).toBe(0);
  expect(shown).toContain("\x1b[1mRunledger report, all time (UTC)");
  const widths = Bun.stripANSI(shown)
    .split(/\r?\n/)
    .map((line) => Bun.stringWidth(line));
  expect(Math.max(...widths)).toBeLessThanOrEqual(60);
});
