import type { Contact, ContactKey } from "~/backend/backend";

import { m } from "./paraglide/messages.js";
import type { Words } from "./words";

/** Between whom messages to a contact are sealed. */
export type Sealing = "apps" | "nodes" | "open";

/** How the next message to a contact is sealed. While nothing is known of the key, no more is claimed than is certain. */
export function sealingOf(contact: Contact, key: ContactKey | undefined): Sealing {
  if (key?.sealed_to_app === true) return "apps";
  return contact.program.kind === "heliograph" || contact.sealed_only ? "nodes" : "open";
}

const words: Record<Sealing, () => Words> = {
  apps: () => ({ title: m.sealing_apps(), help: m.sealing_apps_help() }),
  nodes: () => ({ title: m.sealing_nodes(), help: m.sealing_nodes_help() }),
  open: () => ({ title: m.sealing_open(), help: m.sealing_open_help() }),
};

/** What that means, and who can read it all the same. */
export function sealingWords(sealing: Sealing): Words {
  return words[sealing]();
}
