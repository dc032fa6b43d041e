import { createContext } from "svelte";

import type { ConversationFilter } from "~/backend/backend";

export type Place = "messages" | "requests" | "costs" | "node" | "settings";
export type Details = { kind: "contact"; part?: "safety" } | { kind: "message"; key: number };

/** What the person looks at. Everything else follows from it and from the width of the window. */
export class Nav {
  place = $state<Place>("messages");
  conversation = $state<number | null>(null);
  details = $state<Details | null>(null);
  /** A message to go to; a new object each time. */
  jump = $state.raw<{ key: number } | null>(null);
  filter = $state<ConversationFilter>("all");
  /** What is typed into the search field. */
  query = $state("");
  finding = $state(false);
  adding = $state(false);
  keys = $state(false);

  go(place: Place): void {
    this.place = place;
  }

  open(conversation: number, message: number | null = null): void {
    if (this.conversation !== conversation) {
      this.finding = false;
      if (this.details?.kind === "message") this.details = { kind: "contact" };
    }
    this.place = "messages";
    this.jump = message === null ? null : { key: message };
    this.conversation = conversation;
  }

  show(message: number): void {
    this.jump = { key: message };
  }

  /** One step back: what lies on top goes first. Says whether there was anything. */
  back(narrow: boolean): boolean {
    if (this.finding) this.finding = false;
    else if (this.details !== null) this.details = null;
    else if (this.query !== "") this.query = "";
    else if (this.place !== "messages") this.place = "messages";
    else if (narrow && this.conversation !== null) this.conversation = null;
    else return false;
    return true;
  }

  closed(conversation: number): void {
    if (this.conversation !== conversation) return;
    this.conversation = null;
    this.details = null;
    this.finding = false;
  }
}

export const [useNav, provideNav] = createContext<Nav>();
