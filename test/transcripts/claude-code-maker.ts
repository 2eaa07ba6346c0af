import fc from "fast-check";
import { MARKER } from "./rows";
import { addTo, type GrowingFile, type Sums } from "./virtual-folder";

/** What happens next in a made-up folder of Claude Code's. */
export type Step =
  | { readonly kind: "prompt"; readonly session: number }
  | { readonly kind: "request"; readonly session: number; readonly tokens: Tokens; readonly isHeld: boolean }
  | { readonly kind: "agent"; readonly session: number; readonly style: "beside" | "older" | "within" }
  | { readonly kind: "agent-request"; readonly agent: number; readonly tokens: Tokens }
  | { readonly kind: "replay"; readonly session: number }
  | { readonly kind: "fork"; readonly session: number; readonly isTold: boolean; readonly keepsIds: boolean }
  | { readonly kind: "interruption" | "api-error" | "tool-result"; readonly session: number }
  | { readonly kind: "new-session" };

type Tokens = readonly [input: number, output: number, read: number, written: number];

/** A step, and how long after the one before it happens. */
export interface TimedStep {
  readonly afterMs: number;
  readonly step: Step;
}

const pick = fc.nat(20);
const tokens = fc.tuple(
  fc.integer({ min: 1, max: 99 }),
  fc.integer({ min: 1, max: 99 }),
  fc.nat(99),
  fc.nat(99),
);
const of = <Kind extends Step["kind"]>(kind: Kind) => fc.constant(kind);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: of("prompt"), session: pick }) },
  { weight: 8, arbitrary: fc.record({ kind: of("request"), session: pick, tokens, isHeld: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: of("agent"),
      session: pick,
      style: fc.constantFrom("beside", "older", "within"),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: of("agent-request"), agent: pick, tokens }) },
  { weight: 1, arbitrary: fc.record({ kind: of("replay"), session: pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: of("fork"), session: pick, isTold: fc.boolean(), keepsIds: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("interruption", "api-error", "tool-result"),
      session: pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of("new-session") }) },
);

/** Mostly seconds and minutes, now and then hours: a permission that nobody gave, a night. */
const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_000, max: 600_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 600_000, max: 10_000_000 }) },
);

export const claudeCodeSteps = fc.array(fc.record({ afterMs, step }), { minLength: 3, maxLength: 40 });

interface Session {
  readonly id: string;
  readonly file: GrowingFile;
  promptId: string;
  lastUuid: string;
  /** The last row of a message that is streamed. */
  held: object | undefined;
  readonly messages: object[];
}

interface Agent {
  readonly file: GrowingFile;
  readonly session: Session;
  readonly promptId: string | undefined;
  readonly id: string;
  lastUuid: string;
}

/** A folder of Claude Code's that grows step by step, and what its requests used. */
export class ClaudeCodeMaker {
  readonly files: GrowingFile[] = [];
  readonly made: Sums = {};
  nowMs = Date.parse("2026-03-01T00:00:00Z");
  readonly #sessions: Session[] = [];
  readonly #agents: Agent[] = [];
  #count = 0;

  take({ afterMs, step }: TimedStep): void {
    // No answer takes that long.
    if (afterMs > 600_000) this.finish();
    this.nowMs += afterMs;
    if (step.kind === "new-session") {
      this.#newSession();
      return;
    }
    if (step.kind === "agent-request") {
      const agent = this.#agents[step.agent % (this.#agents.length || 1)];
      if (agent !== undefined) this.#agentRequest(agent, step.tokens);
      return;
    }
    const session = this.#sessions[step.session % (this.#sessions.length || 1)] ?? this.#newSession();
    this.#release(session);
    if (step.kind === "request") this.#request(session, step.tokens, step.isHeld);
    else if (step.kind === "agent") this.#startAgent(session, step.style);
    else if (step.kind === "fork") this.#fork(session, step.isTold, step.keepsIds);
    else if (step.kind === "replay") this.#replay(session);
    else if (step.kind === "prompt") this.#prompt(session);
    else if (step.kind === "interruption")
      this.#user(session, [{ type: "text", text: "[Request interrupted by user]" }]);
    else if (step.kind === "tool-result")
      this.#user(session, [{ type: "tool_result", tool_use_id: "t", content: "x" }]);
    else {
      const message = {
        id: this.#id("m"),
        model: "<synthetic>",
        role: "assistant",
        usage: usageOf([9, 9, 9, 9], 9),
      };
      this.#row(session, { type: "assistant", isApiErrorMessage: true, message });
    }
  }

  /** Writes what is still held back. */
  finish(): void {
    for (const session of this.#sessions) this.#release(session);
  }

  #id(kind: string): string {
    this.#count += 1;
    return `${kind}-${this.#count}`;
  }

  #newSession(): Session {
    const id = this.#id("session");
    const file: GrowingFile = {
      path: `-work-repo/${id}.jsonl`,
      lines: [],
      writtenAtMs: this.nowMs,
      keptLines: 1,
    };
    const session: Session = { id, file, promptId: "", lastUuid: "", held: undefined, messages: [] };
    this.files.push(file);
    this.#sessions.push(session);
    this.#prompt(session);
    return session;
  }

  #prompt(session: Session): void {
    session.promptId = this.#id("prompt");
    this.#user(session, MARKER);
  }

  #user(session: Session, content: unknown): void {
    this.#row(session, { type: "user", promptId: session.promptId, message: { role: "user", content } });
  }

  #row(session: Session, fields: object): void {
    const uuid = this.#id("uuid");
    const place = { uuid, parentUuid: session.lastUuid, sessionId: session.id, isSidechain: false };
    this.#append(session.file, {
      ...place,
      ...fields,
      timestamp: new Date(this.nowMs).toISOString(),
      cwd: "/home/ada/repo",
    });
    session.lastUuid = uuid;
  }

  #append(file: GrowingFile, row: object): void {
    file.lines.push(JSON.stringify(row));
    file.writtenAtMs = this.nowMs;
  }

  #request(session: Session, tokens: Tokens, isHeld: boolean): void {
    const row = this.#answer(tokens);
    session.messages.push(row.message);
    this.#row(session, { ...row, message: { ...row.message, usage: usageOf(tokens, 1) } });
    session.held = row;
    if (!isHeld) this.#release(session);
  }

  #answer(tokens: Tokens) {
    const model = `model-${tokens[0] % 2}`;
    addTo(this.made, model, tokens);
    const message = {
      id: this.#id("msg"),
      model,
      role: "assistant",
      content: [],
      usage: usageOf(tokens, tokens[1]),
    };
    return { type: "assistant", requestId: this.#id("req"), message };
  }

  #release(session: Session): void {
    if (session.held !== undefined) this.#row(session, session.held);
    session.held = undefined;
  }

  #startAgent(session: Session, style: "beside" | "older" | "within"): void {
    const id = this.#id("agent");
    const path =
      style === "beside" ? `-work-repo/${session.id}/subagents/${id}.jsonl` : `-work-repo/${id}.jsonl`;
    const file =
      style === "within" ? session.file : { path, lines: [], writtenAtMs: this.nowMs, keptLines: 1 };
    const promptId = style === "beside" ? session.promptId : undefined;
    const agent: Agent = { file, session, promptId, id, lastUuid: "" };
    if (style !== "within") this.files.push(file);
    this.#agents.push(agent);
    this.#agentRow(agent, { type: "user", message: { role: "user", content: MARKER } });
  }

  #agentRequest(agent: Agent, tokens: Tokens): void {
    const row = this.#answer(tokens);
    this.#agentRow(agent, { ...row, message: { ...row.message, usage: usageOf(tokens, 1) } });
    this.#agentRow(agent, row);
    this.#agentRow(agent, { type: "user", message: { role: "user", content: [{ type: "tool_result" }] } });
  }

  #agentRow(agent: Agent, fields: { readonly type: string; readonly [name: string]: unknown }): void {
    const uuid = this.#id("uuid");
    this.#append(agent.file, {
      uuid,
      parentUuid: agent.lastUuid || null,
      sessionId: agent.session.id,
      agentId: agent.id,
      isSidechain: true,
      ...(fields.type === "user" && agent.promptId !== undefined && { promptId: agent.promptId }),
      ...fields,
      timestamp: new Date(this.nowMs).toISOString(),
      cwd: "/home/ada/repo",
    });
    agent.lastUuid = uuid;
  }

  /** A side question: all messages again, under new ids of requests. */
  #replay(session: Session): void {
    this.#startAgent(session, "beside");
    const agent = this.#agents.at(-1);
    for (const message of session.messages) {
      if (agent !== undefined)
        this.#agentRow(agent, { type: "assistant", requestId: this.#id("req"), message });
    }
  }

  #fork(session: Session, isTold: boolean, keepsIds: boolean): void {
    const id = this.#id("session");
    const lines = session.file.lines.map((line) => {
      const row = JSON.parse(line);
      const told = isTold ? { forkedFrom: { sessionId: session.id, messageUuid: row.uuid } } : {};
      return JSON.stringify({ ...row, ...(keepsIds ? {} : { sessionId: id }), ...told });
    });
    // Of a file that was copied from, a cut takes what came later.
    session.file.keptLines = lines.length;
    const file: GrowingFile = {
      path: `-work-repo/${id}.jsonl`,
      lines,
      writtenAtMs: this.nowMs,
      keptLines: 1,
    };
    const fork = { ...session, id, file, held: undefined, messages: [...session.messages] };
    this.files.push(file);
    this.#sessions.push(fork);
    this.#prompt(fork);
  }
}

function usageOf([input, , read, written]: Tokens, output: number) {
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  };
}
