import { SvelteSet } from "svelte/reactivity";

import type { Backend, Change, Message, PageAt } from "~/backend/backend";
import { hasCode } from "~/backend/error";

/** Messages of one page. */
export const PAGE = 60;
/** More than this are not kept: what is far from the eye is asked again when it comes near. */
const MOST = 480;

/**
 * The part of a conversation around what is on the screen. It holds no truth: every change of a message is asked
 * again, and a page that was let go is fetched anew. All work is done one after another, so pages never cross.
 */
export class MessageWindow {
  messages = $state.raw<readonly Message[]>([]);
  /** Whether the last change of `messages` was at their beginning: the list then keeps its place from the end. */
  shifted = $state.raw(false);
  moreBefore = $state(false);
  moreAfter = $state(false);
  /** Until the first page is there. */
  opening = $state(true);
  error = $state.raw<unknown>(null);
  /** Whether the end of what is here is on the screen: whoever draws it says so. */
  atEnd = $state(true);
  /** Incoming messages that came while the end of the conversation was not on the screen. */
  readonly missed = new SvelteSet<number>();

  readonly #backend: Backend;
  readonly #conversation: number;
  #work: Promise<void> = Promise.resolve();
  #changed = new Set<number>();
  /** The key of the newest message that the person knows of: keys count up, whatever the clock says. */
  #since: number | null = null;

  constructor(backend: Backend, conversation: number) {
    this.#backend = backend;
    this.#conversation = conversation;
  }

  /** Shows another part. */
  open(at: PageAt): Promise<void> {
    return this.#then(() => this.#open(at));
  }

  older(): Promise<void> {
    return this.#then(async () => {
      const first = this.messages[0];
      if (!this.moreBefore || first === undefined) return;
      const page = await this.#page({ kind: "before", key: first.key });
      this.shifted = true;
      this.messages = [...page.messages, ...this.messages];
      this.moreBefore = page.more_before;
      if (this.messages.length > MOST) {
        await drawn();
        this.shifted = false;
        this.messages = this.messages.slice(0, MOST - PAGE);
        this.moreAfter = true;
      }
    });
  }

  newer(): Promise<void> {
    return this.#then(() => this.#newer());
  }

  /** Takes up a change that the app told. */
  take(change: Change): void {
    if (change.kind === "everything") {
      void this.#then(() => this.#again());
      return;
    }
    if (change.kind !== "message" || change.conversation !== this.#conversation) return;
    this.#changed.add(change.key);
    if (this.#changed.size === 1) void this.#then(() => this.#refresh());
  }

  async #refresh(): Promise<void> {
    const keys = this.#changed;
    this.#changed = new Set();
    const known = new Set(this.messages.map((message) => message.key));
    const fresh = new Map<number, Message | null>();
    await Promise.all(
      [...keys]
        .filter((key) => known.has(key))
        .map(async (key) => {
          fresh.set(key, await this.#message(key));
        }),
    );
    if (fresh.size > 0) {
      this.shifted = false;
      this.messages = this.messages.flatMap((message) => {
        const now = fresh.get(message.key);
        if (now === undefined) return [message];
        return now === null ? [] : [now];
      });
    }
    const strange = [...keys].filter((key) => !known.has(key));
    if (strange.length === 0) return;
    if (this.moreAfter) {
      for (const key of strange) this.#miss(await this.#message(key));
      return;
    }
    await this.#newer();
    const here = new Set(this.messages.map((message) => message.key));
    if (strange.some((key) => !here.has(key))) await this.#end();
  }

  /** The end of the conversation is on the screen: nothing is missed any more. */
  reachedEnd(): void {
    this.missed.clear();
    this.#since = newest(this.messages, this.#since ?? 0);
  }

  get #readsTheEnd(): boolean {
    return this.atEnd && !this.moreAfter;
  }

  /** Counts a message that the person may not have seen, if it is one that came. */
  #miss(message: Message | null): void {
    if (message?.direction === "incoming" && message.key > (this.#since ?? 0)) this.missed.add(message.key);
  }

  /** Asks again for what is here. Whoever reads further up keeps what was loaded, and their place in it. */
  async #again(): Promise<void> {
    const [first] = this.messages;
    if (first === undefined || this.#readsTheEnd) {
      await this.#open({ kind: "end" });
      return;
    }
    const head = await this.#message(first.key);
    if (head === null) {
      await this.#open({ kind: "end" });
      return;
    }
    const room = this.moreAfter ? this.messages.length : MOST;
    const page = await this.#page({ kind: "after", key: first.key }, Math.max(1, room - 1));
    this.shifted = false;
    this.messages = [head, ...page.messages];
    this.moreAfter = page.more_after;
    for (const message of page.messages) this.#miss(message);
  }

  async #open(at: PageAt): Promise<void> {
    const page = await this.#page(at);
    const end = page.more_after && this.#since === null ? await this.#page({ kind: "end" }, 1) : page;
    this.#since = newest(end.messages, this.#since ?? 0);
    this.shifted = false;
    this.messages = page.messages;
    this.moreBefore = page.more_before;
    this.moreAfter = page.more_after;
    this.opening = false;
  }

  /** Asks for the end again: a message that was overtaken on its way stands before those that overtook it. */
  async #end(): Promise<void> {
    const page = await this.#page({ kind: "end" });
    const first = this.messages.findIndex((message) => message.key === page.messages[0]?.key);
    this.shifted = false;
    this.moreAfter = page.more_after;
    if (first < 0) this.moreBefore = page.more_before;
    this.messages = [...this.messages.slice(0, Math.max(first, 0)), ...page.messages];
  }

  async #newer(): Promise<void> {
    const last = this.messages.at(-1);
    const page = await this.#page(last === undefined ? { kind: "end" } : { kind: "after", key: last.key });
    const known = new Set(this.messages.map((message) => message.key));
    const added = page.messages.filter((message) => !known.has(message.key));
    this.moreAfter = page.more_after;
    if (added.length === 0) return;
    this.shifted = false;
    this.messages = [...this.messages, ...added];
    if (!this.#readsTheEnd) for (const message of added) this.#miss(message);
    if (this.messages.length > MOST) {
      await drawn();
      this.shifted = true;
      this.messages = this.messages.slice(PAGE);
      this.moreBefore = true;
    }
  }

  #page(at: PageAt, limit = PAGE) {
    return this.#backend.messagesPage(this.#conversation, at, limit);
  }

  /** The message as it is now; `null` when it was deleted. */
  async #message(key: number): Promise<Message | null> {
    try {
      return await this.#backend.messageGet(key);
    } catch (error) {
      if (hasCode(error, "not_found")) return null;
      throw error;
    }
  }

  #then(act: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        await act();
        this.error = null;
      } catch (error) {
        this.error = error;
        this.opening = false;
      }
    });
    return this.#work;
  }
}

/** The highest key of these messages, or `least`. */
function newest(messages: readonly Message[], least: number): number {
  return messages.reduce((key, message) => Math.max(key, message.key), least);
}

/** After the list has drawn what it has. */
function drawn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
}
