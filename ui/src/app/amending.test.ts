import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { replyTo } from "~/backend/mock/amendments";
import { delivered, delivery } from "~/backend/mock/messages";
import { calls, expectAccessible, openApp, type Opened } from "~/test-tools";

const CAROL = 1;

async function openCarol(): Promise<Opened> {
  const opened = openApp();
  const rows = await screen.findAllByTestId("conversation-row");
  const carol = rows.find((row) => row.dataset["id"] === String(CAROL));
  if (carol === undefined) throw new Error("Carol is not in the list");
  await opened.user.click(carol);
  await screen.findByTestId("composer");
  return opened;
}

async function messageOf(key: number): Promise<HTMLElement> {
  return waitFor(() => {
    const found = screen.getAllByTestId("message").find((message) => message.dataset["key"] === String(key));
    if (found === undefined) throw new Error(`message ${key} is not drawn`);
    return found;
  });
}

/** While a menu or a dialog is open nothing else can be pressed. */
async function closed(): Promise<void> {
  await waitFor(() => {
    expect(document.body.style.pointerEvents).not.toBe("none");
  });
}

async function choose({ user }: Opened, key: number, item: string): Promise<void> {
  await user.click(within(await messageOf(key)).getByTestId("message-more"));
  await user.click(await screen.findByTestId(`menu-${item}`));
}

/** A message of ours that their app has. */
async function sent({ backend }: Opened, text: string): Promise<number> {
  const key = await backend.messageSend({
    conversation: CAROL,
    text,
    payment: 0,
    fee_limit: null,
    way: "auto",
    reply_to: null,
  });
  backend.alter(key, { delivery: delivered(Date.now()) });
  return key;
}

describe("what is done to a message", () => {
  it("answers it, and shows what is answered", async () => {
    const opened = await openCarol();
    const { backend, user } = opened;
    const key = backend.receive(CAROL, "tea or coffee?");
    await choose(opened, key, "reply");
    expect(await screen.findByTestId("answering")).toHaveTextContent("tea or coffee?");
    await expectAccessible();
    await user.type(screen.getByTestId("composer-text"), "tea{Enter}");
    expect(calls(backend, "messageSend")[0]?.[0]).toMatchObject({ text: "tea", reply_to: key });
    await waitFor(() => {
      expect(screen.queryByTestId("answering")).toBeNull();
    });
    await waitFor(() => {
      expect(screen.getAllByTestId("reply-to").at(-1)).toHaveTextContent("tea or coffee?");
    });
  });

  it("says when what is answered is not here", async () => {
    const { backend } = await openCarol();
    const row = await messageOf(backend.receive(CAROL, "yes", { reply: { to: null } }));
    expect(within(row).getByTestId("reply-missing")).toBeInTheDocument();
  });

  it("reacts with one character, and takes it back", async () => {
    const opened = await openCarol();
    const { backend, user } = opened;
    const key = backend.receive(CAROL, "look", { reactions: [{ emoji: "🎉", direction: "incoming" }] });
    await choose(opened, key, "react");
    await screen.findByTestId("react-dialog");
    await waitFor(() => {
      expect(screen.getByTestId("amend-price")).toHaveTextContent(/free/iu);
    });
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "React with 🎉" }));
    expect(calls(backend, "messageAmend")).toEqual([[key, { kind: "react", emoji: "🎉" }]]);
    const row = await messageOf(key);
    const chip = await within(row).findByRole("button", { name: /🎉 by you and/u });
    await closed();
    await user.click(chip);
    await user.click(await screen.findByTestId("react-clear"));
    expect(await within(row).findByRole("button", { name: /🎉 by (?!you)/u })).toBeInTheDocument();
  });

  it("changes own words, and keeps the former ones in the details", async () => {
    const opened = await openCarol();
    const { user } = opened;
    const key = await sent(opened, "at five");
    await choose(opened, key, "edit");
    const field = await screen.findByTestId("edit-text");
    expect(field).toHaveValue("at five");
    await closed();
    expect(field).toHaveFocus();
    expect(screen.getByTestId("edit-save")).toBeDisabled();
    await user.clear(field);
    await user.type(field, "at six{Enter}");
    const row = await messageOf(key);
    expect(await within(row).findByText("at six")).toBeInTheDocument();
    expect(within(row).getByTestId("edited")).toBeInTheDocument();
    expect(screen.queryByTestId("edit-bar")).toBeNull();
    await choose(opened, key, "details");
    expect(await screen.findByTestId("versions")).toHaveTextContent("at five");
    expect(screen.getByTestId("amendments")).toHaveTextContent("Changed the words");
    await expectAccessible();
  });

  it("leaves the words alone after Escape", async () => {
    const opened = await openCarol();
    const { backend, user } = opened;
    const key = await sent(opened, "at five");
    await choose(opened, key, "edit");
    await screen.findByTestId("edit-text");
    await closed();
    await user.type(screen.getByTestId("edit-text"), "!{Escape}");
    expect(screen.queryByTestId("edit-bar")).toBeNull();
    expect(calls(backend, "messageAmend")).toEqual([]);
  });

  it("takes a message back for both, after asking", async () => {
    const opened = await openCarol();
    const key = await sent(opened, "swordfish");
    await choose(opened, key, "take-back");
    await screen.findByTestId("take-back-dialog");
    await expectAccessible();
    await opened.user.click(screen.getByTestId("confirm"));
    const row = await messageOf(key);
    expect(await within(row).findByTestId("taken-back")).toBeInTheDocument();
    expect(within(row).queryByText("swordfish")).toBeNull();
  });

  it("offers only what can be done", async () => {
    const opened = await openCarol();
    const { backend, user } = opened;
    const theirs = backend.receive(CAROL, "hers");
    await user.click(within(await messageOf(theirs)).getByTestId("message-more"));
    await screen.findByTestId("menu-reply");
    expect(screen.queryByTestId("menu-edit")).toBeNull();
    expect(screen.queryByTestId("menu-take-back")).toBeNull();
    await user.keyboard("{Escape}");
    await closed();
    const open = backend.receive(CAROL, "of another program", { named: false, privacy: "open" });
    await user.click(within(await messageOf(open)).getByTestId("message-more"));
    await screen.findByTestId("menu-details");
    expect(screen.queryByTestId("menu-react")).toBeNull();
  });

  it("says when a change is under way, and when it did not arrive", async () => {
    const opened = await openCarol();
    const { backend, user } = opened;
    const key = await sent(opened, "hello");
    backend.alter(key, { amending: "failed" });
    const failed = delivery({ state: "failed", returned: null, failure: "no_route" });
    backend.done.set(key, {
      versions: [],
      amendments: [
        {
          key: 77,
          kind: "reaction",
          direction: "outgoing",
          text: "🎉",
          at: 0,
          delivery: failed,
          can_cancel: false,
        },
      ],
    });
    const row = await messageOf(key);
    await user.click(await within(row).findByTestId("amending"));
    const letter = await screen.findByTestId("amendment");
    expect(letter).toHaveTextContent("Reacted with 🎉");
    expect(within(letter).queryByTestId("cancel")).toBeNull();
    backend.failing.delete("messageRetry");
    await user.click(within(letter).getByTestId("retry"));
    expect(calls(backend, "messageRetry")).toEqual([[77]]);
  });

  it("is shown in short where it is answered", async () => {
    const { backend } = await openCarol();
    const key = backend.receive(CAROL, "gone", { taken_back_at: 1, text: "" });
    const all = backend.messages.get(CAROL) ?? [];
    const gone = all.find((message) => message.key === key);
    if (gone === undefined) throw new Error("it is not there");
    const row = await messageOf(backend.receive(CAROL, "what was it?", { reply: replyTo(gone) }));
    expect(within(row).getByTestId("reply-to")).toHaveTextContent("This message was taken back.");
  });
});
