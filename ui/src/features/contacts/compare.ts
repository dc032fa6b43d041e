import { useQueryClient } from "@tanstack/svelte-query";

import type { Conversation } from "~/backend/backend";
import { useBackend } from "~/backend/context";
import { keys } from "~/backend/queries";
import { attempt } from "~/kit/notices.svelte";

/** Says whether the number that is shown was compared. If it is another one by now, that one is asked for. */
export function useComparing(of: () => Conversation): (number: string, compared: boolean) => Promise<void> {
  const backend = useBackend();
  const cache = useQueryClient();
  return async (number, compared) => {
    const { id, contact } = of();
    await attempt(() => backend.contactSetCompared(contact.node, number, compared));
    await cache.invalidateQueries({ queryKey: keys.contactKey(id) });
  };
}
