import type { PluginEmitter } from "../../src/app/plugin";
import type { TelemetryRecord } from "../../src/record/types";
import { subscribeFirst } from "./subscribe-first";

type Deliver = (event: TelemetryRecord) => void;

/** A subscription whose events can be led to somebody else. */
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
 * Where events come in: from the host's emitter, and after a reload from those that forerunners listened to. Of several
 * emitters that stand for one bus each event comes more than once; it is recorded once for each time it was emitted.
 */
export class Intake {
  readonly #record: Deliver;
  #own: Subscription | undefined;
  /** Weakly: an emitter that nobody has any more takes what listened to it along. */
  #adopted: WeakRef<Subscription>[] = [];
  /** How often an event was recorded; kept only where it may come by more than one way. */
  readonly #recorded = new WeakMap<object, number>();

  constructor(record: Deliver) {
    this.#record = record;
  }

  subscribe(emitter: PluginEmitter): void {
    this.#own = new Subscription(emitter, this.#entrance());
  }

  /** Takes over what a forerunner listened to; what is on the same emitter as ours ends. */
  takeOver(subscriptions: readonly Subscription[], emitter: PluginEmitter): void {
    for (const subscription of subscriptions) {
      if (subscription.isOn(emitter)) subscription.end();
      else {
        subscription.redirect(this.#entrance());
        this.#adopted.push(new WeakRef(subscription));
      }
    }
  }

  /** Ends what was taken over and is on an emitter that somebody else listens to from now on. */
  leave(emitter: PluginEmitter): void {
    const left = this.#living().filter((subscription) => subscription.isOn(emitter));
    for (const subscription of left) subscription.end();
    this.#adopted = this.#adopted.filter(
      (weak) => !left.some((subscription) => weak.deref() === subscription),
    );
  }

  /** Gives all subscriptions away. */
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

  /** One way in. */
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
