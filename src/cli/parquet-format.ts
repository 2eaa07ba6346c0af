import { RunledgerError } from "../errors";
import type { ExecutionRow } from "../ledger/schema";
import { PRINTED_FIELDS, type PrintedExecution, printedExecution } from "../report/execution-record";
import type { ExecutionFormat } from "./execution-formats";

type Writer = typeof import("hyparquet-writer");
type Field = (typeof PRINTED_FIELDS)[number];

/** Rows that are written together: what is in memory at once. */
const GROUP_ROWS = 5_000;

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
 * One Parquet file, a row group at a time. What is unknown is null.
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
  const writeGroup = () => {
    // Without page indexes, which would stay in memory until the end.
    const columnData = columnsOf(waiting).map((column) => ({ ...column, offsetIndex: false }));
    file.write({ columnData, rowGroupSize: GROUP_ROWS });
    waiting = [];
  };
  /** What was written since the last time. */
  const take = () => {
    const taken = new Uint8Array(bytes.buffer, 0, bytes.index).slice();
    bytes.index = 0;
    return taken;
  };
  return {
    page(rows: readonly ExecutionRow[]) {
      waiting.push(...rows.map(printedExecution));
      if (waiting.length >= GROUP_ROWS) writeGroup();
      return take();
    },
    end() {
      if (waiting.length > 0) writeGroup();
      file.finish();
      return take();
    },
  };
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
  // Another program may have stored what is no time.
  return Number.isNaN(time.getTime()) ? null : time;
}

async function loadWriter(): Promise<Writer> {
  try {
    // Not a literal, or TypeScript would need the types of a package that is optional.
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
