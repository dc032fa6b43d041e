import type { Backend, Quote, SendRequest } from "~/backend/backend";
import { hasCode } from "~/backend/error";
import { later } from "~/lib/later";

/** Asks what a send would cost, while it is being written. Only the answer to the newest question counts. */
export class Pricing {
  quote = $state.raw<Quote | null>(null);
  error = $state.raw<unknown>(null);
  /** Whether a newer answer is on its way. */
  asking = $state(false);

  readonly #backend: Backend;
  readonly #question = later(250, (request: SendRequest) => void this.#put(request));
  #request: SendRequest | null = null;
  #turn = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** What can never arrive as it is: there is no use in sending it. */
  get forbids(): boolean {
    return hasCode(this.error, "too_long", "below_minimum", "no_keysend", "blocked", "to_self");
  }

  ask(request: SendRequest | null): void {
    this.#turn += 1;
    this.#request = request;
    if (request === null) {
      this.#question.cancel();
      this.quote = null;
      this.error = null;
      this.asking = false;
      return;
    }
    this.asking = true;
    this.#question.call(request);
  }

  /** The world has changed: asks the same again. */
  again(): void {
    if (this.#request !== null) this.ask(this.#request);
  }

  stop(): void {
    this.ask(null);
  }

  async #put(request: SendRequest): Promise<void> {
    const turn = this.#turn;
    try {
      const quote = await this.#backend.quote(request);
      if (turn !== this.#turn) return;
      this.quote = quote;
      this.error = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.quote = null;
      this.error = error;
    }
    this.asking = false;
  }
}
