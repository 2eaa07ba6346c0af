import { expect } from "bun:test";
import { mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readSessions } from "../../src/cli/transcript-source";
import type { TelemetryRecord } from "../../src/record/types";
import type { TranscriptSource } from "../../src/transcripts/sources";
import { tempDir } from "../support/temp-dir";
import { MARKER } from "./rows";

/** What requests used, in total, by model: input, output, cache read and cache write. */
export type Sums = Record<string, number[]>;

/** A file that grows in a made-up time. */
export interface GrowingFile {
  readonly path: string;
  readonly lines: string[];
  writtenAtMs: number;
  /** Lines that a cut leaves. */
  keptLines: number;
}

/** Puts files on the disk as they are at a moment; `cut` takes so many bytes from the end of one of them. */
export function writeFolder(
  folder: string,
  files: readonly GrowingFile[],
  nowMs: number,
  cut?: { readonly file: number; readonly bytes: number },
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [index, file] of files.entries()) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    const text = file.lines.map((line) => `${line}\n`).join("");
    writeFileSync(path, text);
    let writtenAtMs = file.writtenAtMs;
    if (cut !== undefined && cut.file % files.length === index) {
      const kept = file.lines
        .slice(0, file.keptLines)
        .reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      truncateSync(path, Math.max(kept, Buffer.byteLength(text) - cut.bytes));
      writtenAtMs = nowMs;
    }
    utimesSync(path, writtenAtMs / 1_000, writtenAtMs / 1_000);
  }
}

/** As a ledger: an execution is stored once, by its id. */
export class FakeLedger {
  readonly records = new Map<string, TelemetryRecord>();
  readonly #source: TranscriptSource;

  constructor(source: TranscriptSource) {
    this.#source = source;
  }

  /** @returns How many executions were new. */
  async import(paths: readonly string[], nowMs: number): Promise<number> {
    const before = this.records.size;
    const sessions = readSessions(this.#source, this.#source.sessions(paths), {
      repo: "o/r",
      context: { eventType: "turn" },
      idleMs: 3_600_000,
      nowMs,
      isRecorded: () => false,
    });
    for await (const { records } of sessions) {
      expect(JSON.stringify(records)).not.toContain(MARKER);
      for (const { record } of records) {
        if (typeof record === "string" || record.executionId == null) throw new Error("expected a record");
        if (!this.records.has(record.executionId))
          this.records.set(record.executionId, record as TelemetryRecord);
      }
    }
    return this.records.size - before;
  }

  sums(): Sums {
    const sums: Sums = {};
    for (const { models, ...record } of this.records.values()) {
      for (const used of models ?? [record]) {
        const tokens = [used.inputTokens, used.outputTokens, used.cacheReadTokens, used.cacheCreationTokens];
        addTo(
          sums,
          used.model ?? "",
          tokens.map((count) => count ?? 0),
        );
      }
    }
    return sums;
  }
}

export function addTo(sums: Sums, model: string, tokens: readonly number[]): void {
  if (tokens.every((count) => count === 0)) return;
  sums[model] = tokens.map((count, index) => count + (sums[model]?.[index] ?? 0));
}

/** Whether no sum is higher than the other one. */
export function isWithin(some: Sums, all: Sums): boolean {
  return Object.entries(some).every(([model, tokens]) =>
    tokens.every((count, index) => count <= (all[model]?.[index] ?? 0)),
  );
}

export const newFolder = () => join(tempDir(), "transcripts");
