import type { Contact, ContactKey, Conversation } from "../backend";

/** Hexadecimal digits that are the same in every run. */
export function hex(seed: string, length: number): string {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  let digits = "";
  while (digits.length < length) {
    state =
      Math.imul(state ^ (state >>> 15), 2_246_822_519) ^ Math.imul(state ^ (state >>> 13), 3_266_489_917);
    digits += (state >>> 0).toString(16).padStart(8, "0");
  }
  return digits.slice(0, length);
}

export function keyOf(person: string): string {
  return (person.length % 2 === 0 ? "02" : "03") + hex(person, 64);
}

/** The key of somebody who is in no conversation yet. */
export const UNKNOWN = keyOf("somebody new");

export function contact(person: string, more: Partial<Contact> = {}): Contact {
  const node = keyOf(person);
  const name = more.name ?? "";
  const alias = more.alias ?? "";
  return {
    node,
    name,
    alias,
    title: name || alias || `${node.slice(0, 6)}…${node.slice(-4)}`,
    note: "",
    nobody: false,
    trust: "known",
    program: { kind: "heliograph", hold_secs: null },
    accept_up_to: 0,
    way: "auto",
    sealed_only: false,
    since: Date.UTC(2026, 2, 1),
    ...more,
  };
}

export function conversation(id: number, of: Contact, draft = ""): Conversation {
  return { id, contact: of, last: null, unread: 0, held: 0, failed: 0, draft };
}

/** What is known of somebody whose app has sent its card; the number is the same in every run. */
export function contactKey(person: string, more: Partial<ContactKey> = {}): ContactKey {
  const groups = Array.from({ length: 12 }, (_, index) =>
    String(Number.parseInt(hex(`${person} ${index}`, 8), 16) % 100_000).padStart(5, "0"),
  );
  return {
    safety_number: groups.join(" "),
    compared: false,
    changed: false,
    weakened: false,
    sealed_to_app: true,
    stale: false,
    fault: null,
    takes_peer: true,
    takes_onion: true,
    gives_invoices: true,
    ...more,
  };
}

/** Nothing is known before a card has come. */
export const NO_KEY: ContactKey = {
  safety_number: null,
  compared: false,
  changed: false,
  weakened: false,
  sealed_to_app: false,
  stale: false,
  fault: null,
  takes_peer: false,
  takes_onion: false,
  gives_invoices: false,
};
