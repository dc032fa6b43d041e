import { createSubscriber } from "svelte/reactivity";

/** The present moment for what is drawn. Ticks only while something on the screen looks at it. */
class Clock {
  readonly #every: ReturnType<typeof createSubscriber>;

  constructor(period: number) {
    this.#every = createSubscriber((update) => {
      const timer = setInterval(update, period);
      return () => {
        clearInterval(timer);
      };
    });
  }

  get now(): number {
    this.#every();
    return Date.now();
  }
}

/** For what runs out. */
export const seconds = new Clock(1_000);
/** For what grows old. */
export const minutes = new Clock(30_000);
