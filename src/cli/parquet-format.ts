import { RunledgerError } from "../errors";
import type { ExecutionRow } from "../ledger/schema";
import { PRINTED_FIELDS, type PrintedExecution, printedExecution } from "../report/execution-record";
import type { ExecutionFormat } from "../report/format/execution-lines";

type Writer = typeof import("hyparquet-writer");
type Field = (typeof PRINTED_FIELDS)[number];

/**
 * The rows per row group, which is in memory at once; fewer if texts are long. Smaller groups would need less, but the
 * metadata of each group stays in memory until the end of the file.
 */
const GROUP_ROWS = 20_000;
const GROUP_CHARACTERS = 4_000_000;

/** The type of each column. (parquet.apache.org/docs/file-format/types) */
const TYPES = {
  id: "INT64",
  executionId: "STRING",
  completedAt: "TIMESTAMP",
  repo: "STRING",
  prNumber: "INT64",
  eventType: "STRING",
  provider: "STRING",
  model: "STRING",
  conclusion: "STRING",
  inputTokens: "INT64",
  outputTokens: "INT64",
  cacheReadTokens: "INT64",
  cacheCreationTokens: "INT64",
  usageSource: "STRING",
  costUsd: "DOUBLE",
  costSource: "STRING",
  durationMs: "INT64",
  numTurns: "INT64",
  stopReason: "STRING",
  sessionId: "STRING",
  deliveryId: "STRING",
  labels: "JSON",
  models: "JSON",
} as const satisfies Record<Field, string>;

/**
 * One Parquet file, a row group at a time. Unknown values are null.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE` without the optional package `hyparquet-writer`
 */
export async function parquetFile(): Promise<ExecutionFormat<Uint8Array>> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await loadWriter();
  const bytes = new ByteWriter();
  const file = new ParquetWriter({
    writer: bytes,
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
    createdBy: "runledger",
  });
  let waiting: PrintedExecution[] = [];
  let characters = 0;
  const writeGroup = () => {
    // Without page indexes, which would stay in memory until the end.
    const columnData = columnsOf(waiting).map((column) => ({ ...column, offsetIndex: false }));
    file.write({ columnData, rowGroupSize: GROUP_ROWS });
    waiting = [];
    characters = 0;
  };
  /** What was written since the last call. */
  const take = () => {
    const taken = new Uint8Array(bytes.buffer, 0, bytes.index).slice();
    bytes.index = 0;
    return taken;
  };
  return {
    page(rows: readonly ExecutionRow[]) {
      for (const row of rows) {
        const execution = printedExecution(row);
        waiting.push(execution);
        characters += lengthOf(execution);
        if (waiting.length === GROUP_ROWS || characters >= GROUP_CHARACTERS) writeGroup();
      }
      return take();
    },
    end() {
      if (waiting.length > 0) writeGroup();
      file.finish();
      return take();
    },
  };
}

function lengthOf(execution: PrintedExecution): number {
  return PRINTED_FIELDS.reduce((sum, field) => {
    const value = execution[field];
    return sum + (typeof value === "string" ? value.length : 0);
  }, 0);
}

function columnsOf(executions: readonly PrintedExecution[]) {
  return PRINTED_FIELDS.map((name) => ({
    name,
    type: TYPES[name],
    data: executions.map((execution) => cellOf(TYPES[name], execution[name])),
  }));
}

function cellOf(type: (typeof TYPES)[Field], value: PrintedExecution[Field]): unknown {
  if (value === null) return null;
  if (type === "INT64") return BigInt(value as number);
  if (type !== "TIMESTAMP") return value;
  const time = new Date(value as string);
  // Another program may have stored something that isn't a time.
  return Number.isNaN(time.getTime()) ? null : time;
}

async function loadWriter(): Promise<Writer> {
  try {
    // Not a literal: TypeScript would then need the types of an optional package.
    return (await import("hyparquet-writer" as string)) as Writer;
  } catch (cause) {
    throw new RunledgerError(
      "MISSING_PACKAGE",
      "Parquet needs the package hyparquet-writer, which is not installed.",
      {
        cause,
        hint: "Run: bun add hyparquet-writer",
      },
    );
  }
}
