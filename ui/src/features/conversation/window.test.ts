import { describe, expect, it } from "vitest";

import { MockBackend, refusal } from "~/backend/mock/mock";

import { MessageWindow, PAGE } from "./window.svelte";

const ID = 1;

function numbers(page: MessageWindow): number[] {
  return page.messages.map((message) => Number.parseInt(message.text, 10));
}

function open(scene: "many" | "story" = "many") {
  const backend = new MockBackend({ scene });
  const page = new MessageWindow(backend, ID);
  backend.onChange((change) => {
    page.take(change);
  });
  return { backend, page };
}

/** Until all work that was begun is done. */
async function settled(page: MessageWindow): Promise<void> {
  await page.newer();
}

describe("a conversation of a hundred thousand messages", () => {
  it("opens at its end, and only a page of it", async () => {
    const { page } = open();
    await page.open({ kind: "end" });
    expect(page.messages).toHaveLength(PAGE);
    expect(numbers(page).at(-1)).toBe(100_000);
    expect([page.moreBefore, page.moreAfter, page.opening]).toEqual([true, false, false]);
  });

  it("goes back page by page without a gap, and keeps its place from the end", async () => {
    const { page } = open();
    await page.open({ kind: "end" });
    await page.older();
    await page.older();
    expect(numbers(page)).toEqual(
      Array.from({ length: 3 * PAGE }, (_, index) => 100_000 - 3 * PAGE + 1 + index),
    );
    expect(page.shifted).toBe(true);
  });

  it("lets go of what is far away, and finds it again", async () => {
    const { page } = open();
    await page.open({ kind: "end" });
    for (let step = 0; step < 12; step += 1) await page.older();
    expect(page.messages.length).toBeLessThanOrEqual(480);
    expect(page.moreAfter).toBe(true);
    const oldest = numbers(page)[0] ?? 0;
    expect(oldest).toBe(100_000 - 13 * PAGE + 1);
    while (page.moreAfter) await page.newer();
    const all = numbers(page);
    expect(all.at(-1)).toBe(100_000);
    expect(all.every((number, index) => index === 0 || number === (all[index - 1] ?? 0) + 1)).toBe(true);
    expect(page.messages.length).toBeLessThanOrEqual(480);
  });

  it("opens around any message", async () => {
    const { page } = open();
    await page.open({ kind: "around", key: 1_000_000 + 49_999 });
    expect(numbers(page)).toContain(50_000);
    expect([page.moreBefore, page.moreAfter]).toEqual([true, true]);
  });

  it("counts what comes while the end is not on the screen, and does not jump there", async () => {
    const { backend, page } = open();
    await page.open({ kind: "around", key: 1_000_010 });
    page.atEnd = false;
    const before = numbers(page);
    backend.receive(ID, "hello");
    backend.receive(ID, "again");
    await page.older();
    await page.older();
    expect(page.missed.size).toBe(2);
    expect(numbers(page)).toEqual(before);
  });

  it("counts what came, not what was sent or changed further down", async () => {
    const { backend, page } = open();
    await page.open({ kind: "around", key: 1_000_010 });
    page.atEnd = false;
    backend.alter(1_000_000 + 90_000, { payment: 0 });
    await backend.messageSend({
      conversation: ID,
      text: "mine",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    await page.older();
    expect(page.missed.size).toBe(0);
  });

  it("counts what comes below somebody who has only scrolled up a little", async () => {
    const { backend, page } = open();
    await page.open({ kind: "end" });
    backend.receive(ID, "seen at once");
    await settled(page);
    page.atEnd = false;
    backend.receive(ID, "hello");
    await backend.messageSend({
      conversation: ID,
      text: "mine",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    backend.receive(ID, "again");
    await settled(page);
    expect(page.missed.size).toBe(2);
    expect(page.messages.at(-1)?.text).toBe("again");
  });

  it("keeps what was loaded further up when changes were lost, and counts what came meanwhile", async () => {
    const { backend, page } = open();
    await page.open({ kind: "end" });
    await page.older();
    await page.older();
    page.atEnd = false;
    const before = numbers(page);
    const tell = backend.tell.bind(backend);
    backend.tell = () => undefined;
    backend.receive(ID, "while nobody listened");
    backend.tell = tell;
    backend.tell({ kind: "everything" });
    await page.older();
    expect(numbers(page).slice(-before.length - 1, -1)).toEqual(before);
    expect(page.messages.at(-1)?.text).toBe("while nobody listened");
    expect(page.missed.size).toBe(1);
  });
});

describe("an open conversation", () => {
  it("takes up a message that comes, and every change of one that is there", async () => {
    const { backend, page } = open("story");
    await page.open({ kind: "end" });
    const key = backend.receive(ID, "fresh");
    await settled(page);
    expect(page.messages.at(-1)?.text).toBe("fresh");
    backend.alter(key, { text: "fresher" });
    await settled(page);
    expect(page.messages.at(-1)?.text).toBe("fresher");
    expect(page.messages.filter((message) => message.key === key)).toHaveLength(1);
  });

  it("puts a message that was overtaken before those that overtook it", async () => {
    const { backend, page } = open("story");
    await page.open({ kind: "end" });
    const late = backend.receive(ID, "first");
    const early = backend.receive(ID, "second");
    await settled(page);
    // The mock lists them as they came; the app stores the late one in its place.
    const list = backend.messages.get(ID) ?? [];
    const [one, two] = list.slice(-2);
    if (!one || !two) throw new Error("two messages");
    backend.messages.set(ID, [...list.slice(0, -2), two]);
    backend.tell({ kind: "everything" });
    await settled(page);
    expect(page.messages.at(-1)?.key).toBe(early);
    backend.messages.set(ID, [...list.slice(0, -2), one, two]);
    backend.tell({ kind: "message", conversation: ID, key: late });
    await settled(page);
    expect(page.messages.slice(-2).map((message) => message.text)).toEqual(["first", "second"]);
  });

  it("drops a message that was deleted", async () => {
    const { backend, page } = open("story");
    await page.open({ kind: "end" });
    const length = page.messages.length;
    await backend.messageDelete(100);
    await settled(page);
    expect(page.messages).toHaveLength(length - 1);
    expect(page.messages.some((message) => message.key === 100)).toBe(false);
  });

  it("does not mind changes of other conversations", async () => {
    const { backend, page } = open("story");
    await page.open({ kind: "end" });
    const before = backend.asked.length;
    backend.tell({ kind: "message", conversation: 2, key: 200 });
    backend.tell({ kind: "link" });
    await settled(page);
    const after = backend.asked.slice(before).map((call) => call.command);
    expect(after).toEqual(["messagesPage"]);
  });

  it("asks for everything again when changes were lost", async () => {
    const { backend, page } = open("story");
    await page.open({ kind: "end" });
    const list = backend.messages.get(ID) ?? [];
    backend.messages.set(ID, list.slice(0, 3));
    backend.tell({ kind: "everything" });
    await settled(page);
    expect(page.messages).toHaveLength(3);
  });

  it("keeps what it has when a page fails, and says so", async () => {
    const { backend, page } = open();
    await page.open({ kind: "end" });
    backend.failing.set("messagesPage", refusal("database_broken"));
    await page.older();
    expect(page.error).not.toBeNull();
    expect(page.messages).toHaveLength(PAGE);
    backend.failing.clear();
    await page.older();
    expect(page.error).toBeNull();
    expect(page.messages).toHaveLength(2 * PAGE);
  });
});
