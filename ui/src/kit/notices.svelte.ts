import { SvelteMap } from "svelte/reactivity";

import { errorWords, type Words } from "~/i18n/words";

/** What is told at the edge of the window until it is dismissed. */
export interface Told extends Words {
  id: number;
}

const told = new SvelteMap<number, Told>();
let last = 0;
let spoken = $state("");

export const notices = {
  get all(): Told[] {
    return [...told.values()];
  },
  /** What a screen reader says now. */
  get spoken(): string {
    return spoken;
  },
  dismiss(id: number): void {
    told.delete(id);
  },
  clear(): void {
    told.clear();
  },
};

/** Tells that something was not done, and why. The same words do not pile up. */
export function tell(error: unknown): void {
  const words = errorWords(error);
  for (const known of told.values()) if (known.title === words.title) told.delete(known.id);
  last += 1;
  told.set(last, { id: last, ...words });
  while (told.size > 3) told.delete(told.keys().next().value ?? last);
}

/** Says something to a screen reader only. */
export function say(words: string): void {
  spoken = words;
}

/** Does `act`; what goes wrong is told, and the result is nothing. */
export async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    tell(error);
    return undefined;
  }
}
