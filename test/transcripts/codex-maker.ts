import fc from "fast-check";
import { MARKER } from "./rows";
import { addTo, type GrowingFile, type Sums } from "./virtual-folder";

type Tokens = readonly [input: number, output: number, read: number, written: number];

/** Which rows a version writes. */
const VERSIONS = ["without turn ids", "with turn ids", "with usage records"] as const;
type Version = (typeof VERSIONS)[number];

/** What happens next in a made-up folder of Codex's. */
export type CodexStep =
  | { readonly kind: "thread"; readonly version: Version }
  | {
      readonly kind:
        | "turn"
        | "steer"
        | "repeat"
        | "limits"
        | "complete"
        | "abort"
        | "error"
        | "segment"
        | "archive";
      readonly thread: number;
    }
  | { readonly kind: "request"; readonly thread: number; readonly tokens: Tokens }
  | { readonly kind: "fork"; readonly thread: number; readonly how: Copying };

interface Copying {
  readonly isAgent: boolean;
  readonly isCopied: boolean;
  readonly isStamped: boolean;
  readonly saysWhere: boolean;
}

const thread = fc.nat(20);
const tokens = fc.tuple(
  fc.integer({ min: 1, max: 99 }),
  fc.integer({ min: 1, max: 99 }),
  fc.nat(99),
  fc.nat(99),
);
const of = <Kind extends CodexStep["kind"]>(...kinds: readonly Kind[]) => fc.constantFrom(...kinds);
const how = fc.record({
  isAgent: fc.boolean(),
  isCopied: fc.boolean(),
  isStamped: fc.boolean(),
  saysWhere: fc.boolean(),
});

const step: fc.Arbitrary<CodexStep> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: of("thread"), version: fc.constantFrom(...VERSIONS) }) },
  { weight: 4, arbitrary: fc.record({ kind: of("turn"), thread }) },
  { weight: 8, arbitrary: fc.record({ kind: of("request"), thread, tokens }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: of("steer", "repeat", "limits", "complete", "abort", "error"), thread }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of("segment", "archive"), thread }) },
  { weight: 3, arbitrary: fc.record({ kind: of("fork"), thread, how }) },
);

const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_000, max: 600_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 600_000, max: 10_000_000 }) },
);

export const codexSteps = fc.array(fc.record({ afterMs, step }), { minLength: 3, maxLength: 40 });

interface Row {
  readonly timestamp: string;
  readonly ordinal?: number;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Thread {
  readonly id: string;
  readonly version: Version;
  readonly rows: Row[];
  file: GrowingFile;
  turnId: string | undefined;
  total: Tokens;
}

/** A folder of Codex's that grows step by step, and what its requests used. */
export class CodexMaker {
  readonly files: GrowingFile[] = [];
  readonly made: Sums = {};
  nowMs = Date.parse("2026-03-01T00:00:00Z");
  readonly #threads: Thread[] = [];
  #count = 0;

  take({ afterMs, step }: { readonly afterMs: number; readonly step: CodexStep }): void {
    this.nowMs += afterMs;
    if (step.kind === "thread") {
      this.#begin(step.version, {});
      return;
    }
    const thread =
      this.#threads[step.thread % (this.#threads.length || 1)] ?? this.#begin("with turn ids", {});
    const event = (type: string, fields = {}) => this.#row(thread, "event_msg", { type, ...fields });
    if (step.kind === "turn") this.#turn(thread);
    else if (step.kind === "request") this.#request(thread, step.tokens);
    else if (step.kind === "fork") this.#fork(thread, step.how);
    else if (step.kind === "repeat") event("token_count", this.#info(thread, [0, 0, 0, 0]));
    else if (step.kind === "limits") event("token_count", { info: null, rate_limits: {} });
    else if (step.kind === "segment") this.#segment(thread);
    else if (step.kind === "archive") this.#archive(thread);
    else if (step.kind === "error") event("error", { message: MARKER });
    else if (thread.version === "without turn ids") return;
    else if (step.kind === "steer") event("user_message", { message: MARKER });
    else if (thread.turnId !== undefined) {
      event(step.kind === "abort" ? "turn_aborted" : "task_complete", { turn_id: thread.turnId });
      thread.turnId = undefined;
    }
  }

  finish(): void {}

  #uuid(): string {
    this.#count += 1;
    const time = this.nowMs.toString(16).padStart(12, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(this.#count).padStart(12, "0")}`;
  }

  #begin(version: Version, meta: object, copies: readonly Row[] = [], total: Tokens = [0, 0, 0, 0]): Thread {
    const id = this.#uuid();
    const thread: Thread = { id, version, rows: [], file: this.#newFile(id), turnId: undefined, total };
    this.#threads.push(thread);
    const timestamp = new Date(this.nowMs).toISOString();
    this.#row(thread, "session_meta", {
      id,
      timestamp,
      cwd: "/home/ann/repo",
      model_provider: "openai",
      ...meta,
    });
    for (const { type, payload, timestamp } of copies) this.#row(thread, type, payload, timestamp);
    this.#turn(thread);
    return thread;
  }

  #newFile(id: string): GrowingFile {
    const name = `rollout-2026-03-01T00-00-00-${id}.jsonl`;
    const file: GrowingFile = {
      path: `sessions/2026/03/01/${name}`,
      lines: [],
      writtenAtMs: this.nowMs,
      keptLines: 1,
    };
    this.files.push(file);
    return file;
  }

  #row(
    thread: Thread,
    type: string,
    payload: Row["payload"],
    timestamp = new Date(this.nowMs).toISOString(),
  ): void {
    const hasOrdinals = thread.version === "with usage records";
    const row: Row = { timestamp, ...(hasOrdinals && { ordinal: thread.rows.length }), type, payload };
    thread.rows.push(row);
    thread.file.lines.push(JSON.stringify(row));
    thread.file.writtenAtMs = this.nowMs;
  }

  #turn(thread: Thread): void {
    const hasIds = thread.version !== "without turn ids";
    thread.turnId = hasIds ? this.#uuid() : undefined;
    const turn = hasIds ? { turn_id: thread.turnId } : {};
    if (hasIds) this.#row(thread, "event_msg", { type: "task_started", ...turn });
    else this.#row(thread, "event_msg", { type: "user_message", message: MARKER });
    this.#row(thread, "turn_context", { ...turn, cwd: "/home/ann/repo", model: `gpt-${this.#count % 2}` });
    if (hasIds) this.#row(thread, "event_msg", { type: "user_message", message: MARKER });
  }

  #request(thread: Thread, tokens: Tokens): void {
    const [input, output, read, written] = tokens;
    const model = thread.rows.findLast(({ type }) => type === "turn_context")?.payload["model"];
    addTo(this.made, String(model), tokens);
    thread.total = [0, 1, 2, 3].map((at) => (thread.total[at] ?? 0) + (tokens[at] ?? 0)) as unknown as Tokens;
    if (thread.version === "with usage records") {
      this.#row(thread, "token_usage_record", {
        thread_id: thread.id,
        turn_id: thread.turnId,
        response_id: `resp-${this.#uuid()}`,
        usage: usageOf([input, output, read, written]),
        thread_token_usage: usageOf(thread.total),
      });
    }
    this.#row(thread, "event_msg", { type: "token_count", ...this.#info(thread, tokens) });
  }

  #info({ total }: Thread, last: Tokens) {
    return { info: { total_token_usage: usageOf(total), last_token_usage: usageOf(last) } };
  }

  #fork(thread: Thread, { isAgent, isCopied, isStamped, saysWhere }: Copying): void {
    const copied = isCopied ? thread.rows.filter(({ type }) => type !== "token_usage_record") : [];
    const stamp = new Date(this.nowMs).toISOString();
    const copies = isStamped ? copied.map((row) => ({ ...row, timestamp: stamp })) : copied;
    const meta = {
      ...(isAgent
        ? {
            source: { subagent: { thread_spawn: { parent_thread_id: thread.id } } },
            parent_thread_id: thread.id,
          }
        : { forked_from_id: thread.id }),
      ...(saysWhere && { subagent_history_start_ordinal: copies.length + 1 }),
    };
    this.#begin(thread.version, meta, copies, isCopied ? thread.total : [0, 0, 0, 0]);
  }

  /** The thread goes on in another file. */
  #segment(thread: Thread): void {
    const [first] = thread.rows;
    // A turn goes on only in one file.
    const file = this.#newFile(`${thread.id}_${this.#count}`);
    thread.file = file;
    if (first !== undefined) this.#row(thread, first.type, first.payload);
    this.#turn(thread);
  }

  #archive({ file }: Thread): void {
    const moved = { ...file, path: file.path.replace(/^sessions\/.*\//, "archived_sessions/") };
    const known = this.files.some(({ path }) => path === moved.path);
    if (!known) this.files[this.files.indexOf(file)] = moved;
    for (const thread of this.#threads) if (thread.file === file && !known) thread.file = moved;
  }
}

function usageOf([input, output, read, written]: Tokens) {
  return {
    input_tokens: input + read + written,
    cached_input_tokens: read,
    cache_write_input_tokens: written,
    output_tokens: output,
    reasoning_output_tokens: 0,
  };
}
