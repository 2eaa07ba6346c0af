import { hasPlainFields } from "../record/plain-record";
import { snapshot } from "../record/snapshot";
import { completedMsOf } from "../record/time";
import type { Labels, TelemetryRecord } from "../record/types";

/**
 * Records that are sent together, stored by column. Serialising every record as JSON would take the host twice as
 * long, half of it for repeated names. {@link recordsOf} decodes them.
 */
export interface Batch {
  /** How many records. */
  readonly size: number;
  /** A UUIDv7. A record without an id of its own gets this one plus its index. */
  readonly identity: string;
  /**
   * {@link WIDTH} numbers per record: its numeric fields, and each name's index in the table. NaN means not given.
   */
  readonly numbers: Float64Array;
  /** {@link Tables} as JSON. */
  readonly text: string;
}

/** A batch that was sent to the writer. Sequence numbers increase by one. */
export interface SentBatch extends Batch {
  readonly sequence: number;
}

/** Everything but the numbers. */
interface Tables {
  /** Of each plain record: `executionId`, `deliveryId`, `sessionId`. */
  readonly texts: readonly (string | null)[];
  /** Each distinct name (repository, model, …) once. All labels of a record are one name: their JSON. */
  readonly names: readonly string[];
  /** Whatever is not a plain record, in order. The first number of such a record is NaN. */
  readonly others: readonly unknown[];
}

export const EMPTY_BATCH: Batch = {
  size: 0,
  identity: "",
  numbers: new Float64Array(),
  text: JSON.stringify({ texts: [], names: [], others: [] } satisfies Tables),
};

const WIDTH = 17;
const FIRST_CAPACITY = 32;

/** The last hex digits of a batch's UUID, to which a record's index is added. */
const COUNTING_DIGITS = 6;
/** Counting starts below this, so that no batch overflows the digits. */
const HIGHEST_START = 16 ** COUNTING_DIGITS / 2;

/**
 * Copies each event, with its time, at the moment of the call: later changes by the host have no effect. It runs on the
 * host's thread for every event, so it allocates no object per event and never throws.
 */
export class BatchEncoder {
  #size = 0;
  #numbers = new Float64Array(FIRST_CAPACITY * WIDTH);
  #texts: (string | null)[] = [];
  #names = new Map<string, number>();
  #others: unknown[] = [];

  get size(): number {
    return this.#size;
  }

  /** When the last event completed, in epoch milliseconds; NaN when it is not a plain record. */
  get lastTimeMs(): number {
    return this.#numbers[(this.#size - 1) * WIDTH] ?? Number.NaN;
  }

  push(event: TelemetryRecord): void {
    if (this.#size * WIDTH === this.#numbers.length) this.#grow();
    if (!this.#pushPlain(event)) this.#pushOther(snapshot(event));
  }

  /**
   * Returns everything pushed since the last call. The numbers are in a buffer that is reused: `keep` must copy them.
   *
   * @returns one batch, or several if it is too long for one. A record that is too long for JSON by itself is left
   *   out.
   */
  seal<Kept>(keep: (batch: Batch) => Kept): Kept[] {
    if (this.#size === 0) return [];
    const size = this.#size;
    const identity = Bun.randomUUIDv7();
    const numbers = this.#numbers.subarray(0, size * WIDTH);
    const tables = { texts: this.#texts, names: [...this.#names.keys()], others: this.#others };
    this.#size = 0;
    this.#texts = [];
    this.#names.clear();
    this.#others = [];
    try {
      return [keep({ size, identity, numbers, text: JSON.stringify(tables) })];
    } catch {
      return sealedApart(decode(size, identity, numbers, tables)).map(keep);
    }
  }

  /** Returns `false`, and pushes nothing, when the event is not a plain record. */
  #pushPlain(event: TelemetryRecord): boolean {
    try {
      if (typeof event !== "object" || event === null || !hasPlainFields(event)) return false;
      const { executionId, deliveryId, sessionId } = event;
      const time = completedMsOf(event.completedAt);
      if (time === undefined) return false;
      const numbers = this.#numbers;
      let at = this.#size * WIDTH;
      numbers[at++] = time;
      numbers[at++] = event.prNumber ?? Number.NaN;
      numbers[at++] = event.inputTokens ?? Number.NaN;
      numbers[at++] = event.outputTokens ?? Number.NaN;
      numbers[at++] = event.cacheReadTokens ?? Number.NaN;
      numbers[at++] = event.cacheCreationTokens ?? Number.NaN;
      numbers[at++] = event.durationMs ?? Number.NaN;
      numbers[at++] = event.costUsd ?? Number.NaN;
      numbers[at++] = event.numTurns ?? Number.NaN;
      numbers[at++] = this.#placeOf(event.repo);
      numbers[at++] = this.#placeOf(event.eventType);
      numbers[at++] = this.#placeOf(event.provider);
      numbers[at++] = this.#placeOf(event.model);
      numbers[at++] = this.#placeOf(event.conclusion);
      numbers[at++] = this.#placeOf(event.costSource);
      numbers[at++] = this.#placeOf(event.stopReason);
      numbers[at] = event.labels == null ? Number.NaN : this.#placeOf(JSON.stringify(event.labels));
      this.#texts.push(executionId ?? null, deliveryId ?? null, sessionId ?? null);
      this.#size += 1;
      return true;
    } catch {
      // A getter threw.
      return false;
    }
  }

  #pushOther(value: unknown): void {
    this.#numbers[this.#size * WIDTH] = Number.NaN;
    this.#others.push(value);
    this.#size += 1;
  }

  #placeOf(name: string | null | undefined): number {
    if (name == null) return Number.NaN;
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#names.set(name, this.#names.size);
    return this.#names.size - 1;
  }

  #grow(): void {
    const grown = new Float64Array(this.#numbers.length * 2);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** The records of a batch; those that were not plain are as `snapshot` returned them. */
export function recordsOf({ size, identity, numbers, text }: Batch): unknown[] {
  return decode(size, identity, numbers, JSON.parse(text));
}

/** Whether all records of the batch were plain. */
export function isPlain({ size, numbers }: Batch): boolean {
  for (let at = 0; at < size * WIDTH; at += WIDTH) if (Number.isNaN(numbers[at])) return false;
  return true;
}

function decode(size: number, identity: string, numbers: Float64Array, tables: Tables): unknown[] {
  const { texts, names, others } = tables;
  const start = Number.parseInt(identity.slice(-COUNTING_DIGITS), 16) % HIGHEST_START;
  const prefix = identity.slice(0, -COUNTING_DIGITS);
  const number = (at: number) => {
    const value = numbers[at] as number;
    return Number.isNaN(value) ? undefined : value;
  };
  const name = (at: number) => names[numbers[at] as number];
  // Records with the same labels share one object, so that each JSON is parsed once.
  const labels = new Map<number, Labels | null>();
  const labelsAt = (at: number) => {
    const place = numbers[at] as number;
    if (Number.isNaN(place)) return undefined;
    const known = labels.get(place);
    if (known !== undefined) return known;
    const parsed = JSON.parse(names[place] ?? "null");
    labels.set(place, parsed);
    return parsed;
  };
  let text = 0;
  let other = 0;
  return Array.from({ length: size }, (_, place): unknown => {
    const at = place * WIDTH;
    if (Number.isNaN(numbers[at])) return others[other++];
    return {
      executionId: texts[text++] ?? prefix + (start + place).toString(16).padStart(COUNTING_DIGITS, "0"),
      deliveryId: texts[text++],
      sessionId: texts[text++],
      completedAt: number(at),
      prNumber: number(at + 1),
      inputTokens: number(at + 2),
      outputTokens: number(at + 3),
      cacheReadTokens: number(at + 4),
      cacheCreationTokens: number(at + 5),
      durationMs: number(at + 6),
      costUsd: number(at + 7),
      numTurns: number(at + 8),
      repo: name(at + 9),
      eventType: name(at + 10),
      provider: name(at + 11),
      model: name(at + 12),
      conclusion: name(at + 13),
      costSource: name(at + 14),
      stopReason: name(at + 15),
      labels: labelsAt(at + 16),
    } satisfies Partial<Record<keyof TelemetryRecord, unknown>>;
  });
}

/** Splits records whose combined JSON is too long. A record that is too long by itself is left out. */
function sealedApart(records: readonly unknown[]): Batch[] {
  try {
    const text = JSON.stringify({ texts: [], names: [], others: records } satisfies Tables);
    const numbers = new Float64Array(records.length * WIDTH).fill(Number.NaN);
    return [{ size: records.length, identity: Bun.randomUUIDv7(), numbers, text }];
  } catch {
    const middle = records.length >> 1;
    return middle === 0
      ? []
      : [...sealedApart(records.slice(0, middle)), ...sealedApart(records.slice(middle))];
  }
}

/** Copies the batch's numbers out of the encoder's buffer. */
export function copy({ numbers, ...batch }: Batch): Batch {
  return { ...batch, numbers: numbers.slice() };
}

/** A batch that may have to wait for long, compressed to about a third of its size. */
export interface PackedBatch {
  readonly size: number;
  readonly identity: string;
  readonly packedNumbers: Uint8Array;
  readonly packedText: Uint8Array;
}

export function pack({ size, identity, numbers, text }: Batch): PackedBatch {
  const compress = (data: Float64Array | string) => Bun.zstdCompressSync(data, { level: 1 });
  return { size, identity, packedNumbers: compress(numbers), packedText: compress(text) };
}

export function unpack({ size, identity, packedNumbers, packedText }: PackedBatch): Batch {
  const { buffer, byteOffset } = Bun.zstdDecompressSync(packedNumbers);
  const numbers = new Float64Array(buffer, byteOffset, size * WIDTH);
  return { size, identity, numbers, text: Bun.zstdDecompressSync(packedText).toString() };
}
