import { getContext, setContext } from "svelte";

import type { Backend } from "./backend";

const key = Symbol("backend");

/** Gives the backend to all components below this one. */
export function provideBackend(backend: Backend): void {
  setContext(key, backend);
}

export function useBackend(): Backend {
  return getContext<Backend>(key);
}
