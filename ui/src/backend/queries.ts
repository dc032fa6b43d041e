import { QueryClient, queryOptions } from "@tanstack/svelte-query";

import type { AmendRequest, Backend, Conversation, ConversationFilter } from "./backend";

/** What is known is kept until a change says otherwise. Nothing is asked again by time, focus or luck. */
export function newCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        gcTime: 5 * 60_000,
        retry: false,
        networkMode: "always",
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
      },
    },
  });
}

/** The names of what is asked; a change forgets by them. */
export const keys = {
  app: ["app"],
  profiles: ["profiles"],
  hints: ["connection hints"],
  node: ["node"],
  conversations: ["conversations"],
  conversation: (id: number) => ["conversation", id],
  reach: (id: number) => ["reach", id],
  allReach: ["reach"],
  contactKey: (id: number) => ["contact key", id],
  conversationCosts: (id: number) => ["conversation costs", id],
  costs: ["costs"],
  details: (key: number) => ["details", key],
  quotes: ["quote"],
  search: (text: string) => ["search", text],
  settings: ["settings"],
} as const;

export const ask = {
  app: (backend: Backend) => queryOptions({ queryKey: keys.app, queryFn: () => backend.appState() }),
  profiles: (backend: Backend) =>
    queryOptions({ queryKey: keys.profiles, queryFn: () => backend.profilesList() }),
  hints: (backend: Backend) =>
    queryOptions({ queryKey: keys.hints, queryFn: () => backend.connectionHints() }),
  node: (backend: Backend) => queryOptions({ queryKey: keys.node, queryFn: () => backend.nodeView() }),
  conversations: (backend: Backend, filter: ConversationFilter, query: string) =>
    queryOptions({
      queryKey: [...keys.conversations, filter, query],
      queryFn: () => backend.conversationsList(filter, query),
    }),
  conversation: (backend: Backend, id: number) =>
    queryOptions({ queryKey: keys.conversation(id), queryFn: () => backend.conversationGet(id) }),
  reach: (backend: Backend, id: number) =>
    queryOptions({
      queryKey: keys.reach(id),
      queryFn: () => backend.conversationReach(id),
      // Nobody tells when a peer of ours comes or goes.
      staleTime: 15_000,
    }),
  contactKey: (backend: Backend, { id, contact }: Conversation) =>
    queryOptions({
      queryKey: keys.contactKey(id),
      queryFn: () => backend.contactKey(contact.node),
      // Nobody tells when the key of our own app is renewed, and with it the safety number.
      staleTime: 15_000,
    }),
  conversationCosts: (backend: Backend, id: number) =>
    queryOptions({
      queryKey: keys.conversationCosts(id),
      queryFn: () => backend.conversationCosts(id),
    }),
  costs: (backend: Backend) => queryOptions({ queryKey: keys.costs, queryFn: () => backend.costs() }),
  details: (backend: Backend, key: number) =>
    queryOptions({ queryKey: keys.details(key), queryFn: () => backend.messageDetails(key) }),
  amend: (backend: Backend, key: number, request: AmendRequest) =>
    queryOptions({
      queryKey: [...keys.quotes, "amend", key, request],
      queryFn: () => backend.messageAmendQuote(key, request),
      staleTime: 0,
      gcTime: 0,
    }),
  payBack: (backend: Backend, key: number) =>
    queryOptions({
      queryKey: [...keys.quotes, "pay back", key],
      queryFn: () => backend.paybackQuote(key),
      // A price is only worth something while it is new.
      staleTime: 0,
      gcTime: 0,
    }),
  settings: (backend: Backend) =>
    queryOptions({ queryKey: keys.settings, queryFn: () => backend.settingsGet() }),
};
