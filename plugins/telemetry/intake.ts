import type { PluginEmitter } from "../../src/app/plugin";
import type { TelemetryRecord } from "../../src/record/types";
import { subscribeFirst } from "./subscribe-first";

type Deliver = (event: TelemetryRecord) => void;

/** A subscription whose events can be redirected. */
export class Subscription {
  readonly #emitter: PluginEmitter;
  #deliver: Deliver;
  readonly #unsubscribe: () => void;

  constructor(emitter: PluginEmitter, deliver: Deliver) {
    this.#emitter = emitter;
    this.#deliver = deliver;
    this.#unsubscribe = subscribeFirst(emitter, "execution:completed", (event) => this.#deliver(event));
  }

  isOn(emitter: PluginEmitter): boolean {
    return this.#emitter === emitter;
  }

  redirect(deliver: Deliver): void {
    this.#deliver = deliver;
  }

  end(): void {
    this.#deliver = () => {};
    this.#unsubscribe();
  }
}

/**
 * The source of events: the host's emitter and, after a reload, those that predecessors listened to. If several of
 * them deliver the events of one bus, each event arrives more than once; it is recorded once per `emit`.
 */
export class Intake {
  readonly #record: Deliver;
  #own: Subscription | undefined;
  /** Held weakly: an emitter that nobody else holds is collected together with its listeners. */
  #adopted: WeakRef<Subscription>[] = [];
  /** How often each event was recorded; kept only while an event may arrive from more than one emitter. */
  readonly #recorded = new WeakMap<object, number>();

  constructor(record: Deliver) {
    this.#record = record;
  }

  subscribe(emitter: PluginEmitter): void {
    this.#own = new Subscription(emitter, this.#entrance());
  }

  /** Takes over the subscriptions of a predecessor; those on our own emitter end. */
  takeOver(subscriptions: readonly Subscription[], emitter: PluginEmitter): void {
    for (const subscription of subscriptions) {
      if (subscription.isOn(emitter)) subscription.end();
      else {
        subscription.redirect(this.#entrance());
        this.#adopted.push(new WeakRef(subscription));
      }
    }
  }

  /** Ends taken-over subscriptions on an emitter that another application listens to from now on. */
  leave(emitter: PluginEmitter): void {
    const left = this.#living().filter((subscription) => subscription.isOn(emitter));
    for (const subscription of left) subscription.end();
    this.#adopted = this.#adopted.filter(
      (weak) => !left.some((subscription) => weak.deref() === subscription),
    );
  }

  /** Hands over all subscriptions. */
  release(): readonly Subscription[] {
    const all = [...(this.#own === undefined ? [] : [this.#own]), ...this.#living()];
    this.#own = undefined;
    this.#adopted = [];
    return all;
  }

  end(): void {
    for (const subscription of this.release()) subscription.end();
  }

  #living(): Subscription[] {
    return this.#adopted.flatMap((weak) => weak.deref() ?? []);
  }

  /** The handler of one subscription. */
  #entrance(): Deliver {
    const seen = new WeakMap<object, number>();
    return (event) => {
      if (this.#adopted.length === 0 || typeof event !== "object" || event === null) this.#record(event);
      else this.#recordOnce(event, seen);
    };
  }

  #recordOnce(event: TelemetryRecord, seen: WeakMap<object, number>): void {
    const times = (seen.get(event) ?? 0) + 1;
    seen.set(event, times);
    if (times <= (this.#recorded.get(event) ?? 0)) return;
    this.#recorded.set(event, times);
    this.#record(event);
  }
}
