import type { QueryClient, QueryKey } from "@tanstack/svelte-query";

import type { Backend, Change } from "./backend";
import { keys } from "./queries";

/** What is old after a change. */
export function touchedBy(change: Change): QueryKey[] {
  switch (change.kind) {
    case "conversation":
      return [keys.conversations, keys.conversation(change.id), keys.contactKey(change.id)];
    case "message":
      return [
        keys.conversations,
        keys.conversation(change.conversation),
        keys.conversationCosts(change.conversation),
        keys.details(change.key),
        keys.costs,
      ];
    case "removed":
      return [keys.conversations, keys.costs];
    case "link":
      return [keys.node, keys.allReach];
    case "app":
    case "everything":
      return [[]];
  }
}

/** Asks again for what is shown. */
async function renew(cache: QueryClient, queryKey: QueryKey): Promise<void> {
  // A first question that is under way is not put again, though its answer may be older than the change.
  const first = cache
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: "fetching", predicate: (query) => query.state.data === undefined });
  await cache.invalidateQueries({ queryKey });
  await Promise.all(first.map((query) => cache.invalidateQueries({ queryKey: query.queryKey, exact: true })));
}

/** Within this many milliseconds many changes cost one question. */
const BURST = 60;

/** Makes the cache ask again for what has changed, until the returned function is called. */
export function followChanges(backend: Backend, cache: QueryClient): () => void {
  const touched = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const forget = () => {
    timer = undefined;
    const all = [...touched.values()];
    touched.clear();
    for (const queryKey of all) void renew(cache, queryKey);
  };
  const stop = backend.onChange((change) => {
    if (change.kind === "removed") {
      cache.removeQueries({ queryKey: keys.conversation(change.id) });
    }
    for (const queryKey of touchedBy(change)) touched.set(JSON.stringify(queryKey), queryKey);
    timer ??= setTimeout(forget, BURST);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
