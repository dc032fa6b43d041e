import type { Message } from "~/backend/backend";

import { m } from "./paraglide/messages.js";
import type { Words } from "./words";

type Authorship = Message["authorship"];

/** What is known of an author, and its parts that a preview has as well. */
interface Authored {
  authorship: Authorship;
  claims: Message["claims"];
  says: Message["says"];
}

const words: Record<Authorship, () => Words> = {
  verified: () => ({ title: m.mark_verified(), help: m.mark_verified() }),
  claimed: () => ({ title: m.mark_claimed(), help: m.mark_claimed_help() }),
  node_only: () => ({ title: m.mark_node_only(), help: m.mark_node_only_help() }),
  unaddressed: () => ({ title: m.mark_unaddressed(), help: m.mark_unaddressed_help() }),
};

/** How an author is known, and what that means. */
export function authorshipWords(authorship: Authorship): Words {
  return words[authorship]();
}

/** The mark of what is not simply theirs; empty for what is. */
export function doubtWords({ authorship, claims, says }: Authored): string {
  if (claims !== null) return m.mark_claims({ title: claims.title });
  if (says !== null && says.name !== "") return m.mark_says({ name: says.name });
  return authorship === "verified" ? "" : authorshipWords(authorship).title;
}

/** The same in front of words, where there is one line. */
export function doubtLead({ authorship, claims, says }: Authored): string {
  if (claims !== null) return m.preview_claims({ title: claims.title });
  if (says !== null && says.name !== "") return m.preview_says({ name: says.name });
  return authorship === "claimed" || authorship === "unaddressed" ? m.preview_unproven() : "";
}
