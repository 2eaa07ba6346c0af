import { FailureLog } from "../../src/failure-log";
import type { Logger } from "../../src/logger";
import { RecentIds } from "../../src/recent-ids";
import type { TelemetryRecord } from "../../src/record/types";
import { type Execution, readExecution } from "./execution";
import type { OtelStats } from "./options";
import type { SignalSender } from "./signal-sender";

/** An execution that is recorded again within this many others is sent once. */
const REMEMBERED_IDS = 10_000;

type Counts = Omit<OtelStats, "withoutSpan">;
type Outcome = Exclude<keyof Counts, "received">;

/** Hands each event to the signals, and counts what became of it. */
export class ExecutionSender {
  readonly #signals: readonly SignalSender[];
  readonly #failures: FailureLog<"warn">;
  readonly #recent = new RecentIds(REMEMBERED_IDS);
  readonly #counts: Record<keyof Counts, number> = {
    received: 0,
    sent: 0,
    duplicates: 0,
    rejected: 0,
    failed: 0,
    withoutProvider: 0,
  };

  constructor(signals: readonly SignalSender[], logger: Logger) {
    this.#signals = signals;
    this.#failures = new FailureLog(logger, "warn", "executions not sent: OpenTelemetry's SDK failed");
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Looks for providers before there is an event, because self-metrics begin when one is set. Never throws. */
  look(): void {
    for (const signal of this.#signals) {
      try {
        signal.isReady();
      } catch (err) {
        this.#failures.add({ err });
      }
    }
  }

  /** Runs within `emit`, and never throws. */
  send(event: TelemetryRecord): void {
    this.#counts.received += 1;
    this.#counts[this.#outcomeOf(event)] += 1;
  }

  close(): void {
    this.#failures.flush();
  }

  #outcomeOf(event: TelemetryRecord): Outcome {
    let outcome: Outcome = "withoutProvider";
    let execution: Execution | undefined;
    for (const signal of this.#signals) {
      try {
        if (!signal.isReady()) continue;
        if (execution === undefined) {
          execution = read(event);
          if (execution === undefined) return "rejected";
          if (!this.#isNew(execution)) return "duplicates";
        }
        signal.send(execution);
        if (outcome !== "failed") outcome = "sent";
      } catch (err) {
        outcome = "failed";
        this.#failures.add({ err });
      }
    }
    return outcome;
  }

  #isNew({ record: { executionId } }: Execution): boolean {
    return executionId == null || this.#recent.add(executionId);
  }
}

function read(event: TelemetryRecord): Execution | undefined {
  try {
    return readExecution(event);
  } catch {
    return undefined;
  }
}
