import { EventEmitter, once } from "node:events";
import type { DeployEvent, DeployStage } from "#core/contract/deployment.ts";

/** One deployment under way in this process: its events as they happen, for whoever follows it here. */
export class Progress {
  readonly events: DeployEvent[] = [];
  #startedAt = performance.now();
  #ended = false;
  #emitter = new EventEmitter();

  constructor() {
    // Every open browser tab of the owner may follow it.
    this.#emitter.setMaxListeners(0);
  }

  get elapsedMs(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10;
  }

  add(stage: DeployStage, status: DeployEvent["status"], message: string): void {
    this.events.push({ at: new Date().toISOString(), stage, status, message, elapsedMs: this.elapsedMs });
    this.#emitter.emit("change");
  }

  /** Told of each change, until `signal` aborts. */
  onChange(listener: () => void, signal: AbortSignal): void {
    this.#emitter.on("change", listener);
    signal.addEventListener("abort", () => this.#emitter.off("change", listener), { once: true });
  }

  end(): void {
    this.#ended = true;
    this.#emitter.emit("change");
  }

  /** All events so far, then each new one, until it ends or `signal` aborts. */
  async *follow(signal: AbortSignal): AsyncIterable<DeployEvent> {
    let next = 0;
    while (!signal.aborted) {
      while (next < this.events.length) yield this.events[next++]!;
      if (this.#ended) return;
      await once(this.#emitter, "change", { signal }).catch(() => undefined);
    }
  }
}
