import { screen, waitFor, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { delivered, delivery, free, MINUTE } from "~/backend/mock/messages";
import type { MockBackend, MockOptions } from "~/backend/mock/mock";
import { view } from "~/test-setup";
import { calls, expectAccessible, openApp } from "~/test-tools";

const CAROL = 1;
const ZHANG = 3;

async function open(id: number, options: MockOptions = {}, prepare?: (backend: MockBackend) => void) {
  const opened = openApp(options, prepare);
  const rows = await screen.findAllByTestId("conversation-row");
  const row = rows.find((one) => one.dataset["id"] === String(id));
  if (row === undefined) throw new Error(`conversation ${id} is not in the list`);
  await opened.user.click(row);
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

async function detailsOf(user: UserEvent, key: number): Promise<HTMLElement> {
  await user.click(within(await messageOf(key)).getByTestId("message-more"));
  await user.click(await screen.findByTestId("menu-details"));
  return screen.findByTestId("message-details");
}

async function write(backend: MockBackend, id: number, text: string): Promise<number> {
  return backend.messageSend({
    conversation: id,
    text,
    payment: 0,
    fee_limit: null,
    way: "auto",
    reply_to: null,
  });
}

/** While a menu is open nothing else can be pressed. */
async function closed(): Promise<void> {
  await waitFor(() => {
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.body.style.pointerEvents).not.toBe("none");
  });
}

async function choose(user: UserEvent, way: string): Promise<void> {
  await user.click(screen.getByTestId("way"));
  await user.click(await screen.findByTestId(`way-${way}`));
  await closed();
}

async function estimate(words: RegExp | string): Promise<void> {
  await waitFor(() => {
    expect(screen.getByTestId("estimate")).toHaveTextContent(words);
  });
}

describe("a free message", () => {
  it("is sent, delivered and read: each when it is known, and it says that it was free", async () => {
    const { backend } = await open(CAROL);
    const key = await write(backend, CAROL, "for nothing");
    const row = await messageOf(key);
    const mark = () => within(row).getByTestId("delivery").dataset["mark"];
    expect(mark()).toBe("sent");
    const at = Date.now();
    backend.alter(key, free("onion", delivered(at)));
    await waitFor(() => {
      expect(mark()).toBe("delivered");
    });
    expect(within(row).getByTestId("cost")).toHaveTextContent("free by onion, 2 hops");
    expect(within(row).getByTestId("delivery").title).toMatch(/^Delivered to their app: /u);
    backend.alter(key, free("peer", delivered(at, { hops: 1, read_at: at + MINUTE })));
    await waitFor(() => {
      expect(mark()).toBe("read");
    });
    expect(within(row).getByTestId("cost")).toHaveTextContent("free, direct");
    expect(within(row).getByTestId("delivery").title).toMatch(/^Read: .*\nDelivered to their app: /u);
    await expectAccessible();
  });

  it("shows no proofs of payments that never were", async () => {
    const { backend, user } = await open(CAROL);
    const key = await write(backend, CAROL, "for nothing");
    backend.alter(key, free("onion", delivered(Date.now())));
    const details = await detailsOf(user, key);
    const attempt = await within(details).findByTestId("attempt");
    expect(within(attempt).getByTestId("attempt-route")).toHaveTextContent("by onion, 2 hops");
    expect(attempt).toHaveTextContent("their app has it");
    expect(attempt).not.toHaveTextContent(/hash|preimage|fee/iu);
    const journey = within(details).getByTestId("journey");
    expect(within(journey).queryByTestId("journey-node")).toBeNull();
    expect(within(journey).getByTestId("journey-app")).not.toHaveTextContent("not known");
    expect(within(journey).getByTestId("journey-read")).toHaveTextContent("not known");
    await expectAccessible();
  });

  it.each([
    { carrier: "onion", known: true },
    { carrier: "invoice", known: false },
  ] as const)("without an answer by $carrier was sent: $known", async ({ carrier, known }) => {
    const { backend, user } = await open(CAROL);
    const key = await write(backend, CAROL, "for the ferry");
    backend.alter(key, {
      carrier,
      delivery: delivery({ state: "failed", returned: null, failure: "no_receipt" }),
    });
    const sent = await within(await detailsOf(user, key)).findByTestId("journey-sent");
    expect(sent.textContent.includes("not known")).toBe(!known);
  });

  it("without a receipt is not said to be lost: it waits for their app, and says what to do", async () => {
    const { backend } = await open(CAROL);
    const key = await write(backend, CAROL, "anybody?");
    backend.alter(
      key,
      free(
        "peer",
        delivery({
          state: "queued",
          returned: null,
          failure: "no_receipt",
          way: "free_only",
          next_try: Date.now() + MINUTE,
        }),
      ),
    );
    const waiting = await within(await messageOf(key)).findByTestId("waiting");
    expect(waiting).toHaveTextContent("Waits until their app answers");
    expect(waiting).toHaveTextContent("You chose “Free only” for it.");
    await expectAccessible();
  });

  it("that came says how", async () => {
    const { backend, user } = await open(CAROL);
    const key = backend.receive(CAROL, "hello", { carrier: "peer", hold: null });
    const row = await messageOf(key);
    expect(within(row).getByTestId("came")).toHaveAttribute("title", "Directly from their node");
    const details = await detailsOf(user, key);
    expect(await within(details).findByTestId("details-came")).toHaveTextContent("Directly from their node");
  });
});

describe("the way of sending", () => {
  it("is chosen for one message, and is the contact's again for the next", async () => {
    const { backend, user } = await open(ZHANG);
    await user.type(screen.getByTestId("composer-text"), "Hi");
    await estimate(/^free by onion, 2 hops·if their app is asleep: about 2 sat·at most 11 sat/u);
    await choose(user, "free_only");
    await estimate("free by onion, 2 hops·or it waits");
    expect(screen.getByTestId("way")).toHaveAccessibleName("Way of sending: Free only");
    await expectAccessible();
    await user.click(screen.getByTestId("send"));
    expect(calls(backend, "messageSend")).toEqual([
      [{ conversation: ZHANG, text: "Hi", payment: 0, fee_limit: null, reply_to: null, way: "free_only" }],
    ]);
    await waitFor(() => {
      expect(screen.getByTestId("way")).toHaveAccessibleName("Way of sending: Auto");
    });
  });

  it("can be changed with the keyboard alone", async () => {
    const { user } = await open(ZHANG);
    screen.getByTestId("way").focus();
    await user.keyboard("{Enter}");
    await waitFor(() => {
      expect(screen.getByTestId("way-auto")).toHaveFocus();
    });
    await user.keyboard("{End}{Enter}");
    expect(screen.getByTestId("way")).toHaveAccessibleName("Way of sending: Routed only");
  });

  it("shows the contact's setting, and goes by it", async () => {
    const { backend, user } = await open(ZHANG, {}, (backend) => {
      for (const row of backend.conversations) row.contact.way = "free_only";
    });
    expect(screen.getByTestId("way")).toHaveAccessibleName("Way of sending: Free only");
    await user.click(screen.getByTestId("way"));
    const usual = await screen.findByTestId("way-auto");
    expect(usual).toHaveTextContent("As set for this contact.");
    expect(usual).toHaveAttribute("aria-checked", "true");
    expect(screen.queryByTestId("way-free_only")).toBeNull();
    await user.keyboard("{Escape}");
    await closed();
    await user.type(screen.getByTestId("composer-text"), "Hi{Enter}");
    expect(calls(backend, "messageSend")[0]?.[0]).toMatchObject({ way: "auto", reply_to: null });
  });

  it("that leads nowhere says what to do, and lets the message wait", async () => {
    const { user } = await open(ZHANG);
    await choose(user, "direct_only");
    await user.type(screen.getByTestId("composer-text"), "Hi");
    await estimate(/^No way that you allow leads there now. Change the way/u);
    expect(screen.getByTestId("send")).toBeEnabled();
  });

  it("says that free only makes no difference to sats", async () => {
    const { user } = await open(CAROL);
    await choose(user, "free_only");
    await user.click(screen.getByTestId("add-amount"));
    await user.type(screen.getByTestId("composer-amount"), "2100");
    await estimate(/“Free only” is for words; sats always travel as a payment/u);
  });

  it("is set for a contact, and goes back when it cannot be kept", async () => {
    const { backend, user } = await open(ZHANG);
    await user.click(screen.getByTestId("toggle-details"));
    await user.click(await screen.findByTestId("contact-way-routed_only"));
    const node = backend.conversations.find((row) => row.id === ZHANG)?.contact.node;
    expect(calls(backend, "contactSetWay")).toEqual([[node, "routed_only", false]]);
    await waitFor(() => {
      expect(screen.getByTestId("way")).toHaveAccessibleName("Way of sending: Routed only");
    });
    await user.click(screen.getByTestId("sealed-only"));
    expect(calls(backend, "contactSetWay").at(-1)).toEqual([node, "routed_only", true]);
    await expectAccessible();
    const { refusal } = await import("~/backend/mock/mock");
    backend.failing.set("contactSetWay", refusal("database_broken"));
    await user.click(screen.getByTestId("contact-way-auto"));
    expect(await screen.findByTestId("notice")).toBeInTheDocument();
    expect(screen.getByTestId("contact-way-routed_only")).toBeChecked();
  });

  it("fits into a narrow window", async () => {
    view.width = 400;
    const { user } = await open(CAROL);
    await user.click(screen.getByTestId("way"));
    expect(await screen.findByTestId("way-direct_only")).toBeInTheDocument();
  });
});
