import { screen, waitFor, within } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { describe, expect, it } from "vitest";

import { DAY, delivery, hold, MINUTE, SAT } from "~/backend/mock/messages";
import type { MockOptions } from "~/backend/mock/mock";
import { calls, expectAccessible, openApp, type Opened } from "~/test-tools";

const CAROL = 1;

async function openCarol(options: MockOptions = {}): Promise<Opened> {
  const opened = openApp(options);
  const rows = await screen.findAllByTestId("conversation-row");
  const carol = rows.find((row) => row.dataset["id"] === String(CAROL));
  if (carol === undefined) throw new Error("Carol is not in the list");
  await opened.user.click(carol);
  await screen.findByTestId("composer");
  await screen.findAllByTestId("message");
  return opened;
}

async function messageOf(key: number): Promise<HTMLElement> {
  return waitFor(() => {
    const found = screen.getAllByTestId("message").find((message) => message.dataset["key"] === String(key));
    if (found === undefined) throw new Error(`message ${key} is not drawn`);
    return found;
  });
}

function textField(): HTMLElement {
  return screen.getByTestId("composer-text");
}

describe("a conversation", () => {
  it("shuts nobody out", async () => {
    await openCarol();
    await expectAccessible();
  });

  it("says what each message cost, and how it went", async () => {
    const { backend } = await openCarol();
    const free = await messageOf(backend.receive(CAROL, "in"));
    expect(within(free).queryByTestId("cost")).toBeNull();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "out",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    const sent = await messageOf(key);
    expect(within(sent).getByText("On its way")).toBeInTheDocument();
    backend.alter(key, { delivery: delivery() });
    expect(await within(sent).findByText("free, returned")).toBeInTheDocument();
    expect(within(sent).getByText("Arrived at the node, the postage came back")).toBeInTheDocument();
    backend.alter(key, {
      delivery: delivery({ state: "settled", returned: null, fee: 204, paid: SAT + 204 }),
    });
    expect(await within(sent).findByText("1.204 sat")).toBeInTheDocument();
  });

  it("says why a message did not arrive, and tries again", async () => {
    const { backend, user } = await openCarol();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "lost",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    const sent = await messageOf(key);
    backend.alter(key, { delivery: delivery({ state: "failed", returned: null, failure: "no_route" }) });
    expect(await within(sent).findByText(/No route with enough money/u)).toBeInTheDocument();
    expect(within(sent).getByText("nothing paid")).toBeInTheDocument();
    await expectAccessible();
    await user.click(within(sent).getByTestId("retry"));
    expect(calls(backend, "messageRetry")).toEqual([[key]]);
    await waitFor(() => {
      expect(within(sent).queryByTestId("trouble")).toBeNull();
    });
    expect(sent).toHaveFocus();
  });

  it("offers to give up what nobody knows the end of, and to repeat what may not have arrived", async () => {
    const { backend, user } = await openCarol();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "?",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    const sent = await messageOf(key);
    backend.alter(key, { delivery: delivery({ state: "parked", returned: null }) });
    expect(await within(sent).findByTestId("cancel")).toHaveTextContent("Give up");
    backend.alter(key, { delivery: delivery({ returned: "unconfirmed" }) });
    const unconfirmed = await within(sent).findByTestId("unconfirmed");
    expect(within(unconfirmed).queryByTestId("cancel")).toBeNull();
    await user.click(within(unconfirmed).getByTestId("retry"));
    expect(calls(backend, "messageRetry")).toEqual([[key]]);
  });

  it("says what a message waits for, until when, and tries now", async () => {
    const { backend, user } = await openCarol();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "later",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    const sent = await messageOf(key);
    backend.alter(key, {
      delivery: delivery({
        state: "queued",
        returned: null,
        failure: "recipient_offline",
        next_try: Date.now() + 10 * MINUTE,
        gives_up_at: Date.now() + 7 * DAY,
      }),
    });
    const waiting = await within(sent).findByTestId("waiting");
    expect(within(waiting).getByText("Their node cannot be reached now.")).toBeInTheDocument();
    expect(waiting).toHaveTextContent(/Next try in \d+:\d\d · until \w+ \d+, \d\d:\d\d(?!:)/u);
    expect(within(waiting).getByTestId("cancel")).toBeEnabled();
    await expectAccessible();
    await user.click(within(waiting).getByTestId("retry"));
    expect(calls(backend, "messageRetry")).toEqual([[key]]);
  });

  it("does not pretend to know how somebody is reached without a connection", async () => {
    const { backend } = await openCarol();
    await waitFor(() => {
      expect(screen.getByTestId("reach")).toHaveTextContent("channel");
    });
    backend.link = { state: "waiting", fault: { kind: "refused" }, next_try: Date.now() + MINUTE };
    backend.tell({ kind: "link" });
    await waitFor(() => {
      expect(screen.getByTestId("reach")).toHaveTextContent("Not known while off line");
    });
  });

  it("shows the words of strangers as words", async () => {
    const { backend } = await openCarol();
    const evil = '<img src="https://example.com/x.png" onerror="alert(1)"> **bold** https://example.com';
    const row = await messageOf(backend.receive(CAROL, evil));
    const text = within(row).getByTestId("text");
    expect(text).toHaveTextContent(evil);
    expect(text.children).toHaveLength(0);
    expect(text).toHaveAttribute("dir", "auto");
    expect(document.querySelector("img, a[href]")).toBeNull();
  });

  it("marks what anybody could have written", async () => {
    const { backend } = await openCarol();
    const row = await messageOf(backend.receive(CAROL, "me", { authorship: "claimed", privacy: "open" }));
    expect(within(row).getByText("Sender not proven")).toBeInTheDocument();
    expect(within(row).getByText("Not sealed")).toBeInTheDocument();
  });

  it("tells everything about a message", async () => {
    const { backend, user } = await openCarol();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "a deed",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    backend.alter(key, {
      carrier: "keysend",
      delivery: delivery({ state: "settled", returned: null, fee: 204, paid: SAT + 204 }),
    });
    const row = await messageOf(key);
    await user.click(within(row).getByTestId("message-more"));
    await user.click(await screen.findByTestId("menu-details"));
    const details = await screen.findByTestId("message-details");
    const attempt = await within(details).findByTestId("attempt");
    expect(attempt.dataset["state"]).toBe("settled");
    expect(within(attempt).getByText("0")).toBeInTheDocument();
    expect(within(attempt).getByText("Preimage: the proof of payment")).toBeInTheDocument();
    expect(within(details).getByTestId("details-cost")).toHaveTextContent("1.204 sat");
    await expectAccessible();
  });

  it("deletes a message here, after asking", async () => {
    const { backend, user } = await openCarol();
    const key = backend.receive(CAROL, "away with it");
    const row = await messageOf(key);
    await user.click(within(row).getByTestId("message-more"));
    await user.click(await screen.findByTestId("menu-delete"));
    await user.click(await screen.findByTestId("confirm"));
    await waitFor(() => {
      expect(screen.queryByText("away with it")).toBeNull();
    });
  });
});

describe("a payment", () => {
  async function held() {
    const opened = await openCarol();
    const now = Date.now();
    const key = opened.backend.receive(CAROL, "for you", {
      kind: { kind: "payment" },
      payment: 21_000_500,
      hold: hold({
        state: "held",
        amount: 21_000_500,
        postage: false,
        decision: null,
        arrived_at: now,
        deadline: now + 600_000,
      }),
    });
    return { ...opened, key, row: await messageOf(key) };
  }

  it("waits for a decision, and says until when", async () => {
    const { row } = await held();
    expect(within(row).getByTestId("amount")).toHaveTextContent("21,000.500");
    expect(within(row).getByTestId("time-left")).toHaveTextContent(/^(10:00|9:5\d) left$/u);
    const [accept, refund] = [within(row).getByTestId("accept"), within(row).getByTestId("refund")];
    expect(accept.className).toBe(refund.className);
    await expectAccessible();
  });

  it("counts down by the node's clock where this computer's is wrong", async () => {
    const { backend, row } = await held();
    backend.health = [{ kind: "clock_off", skew_ms: -300_000, wrong: "computer" }];
    backend.tell({ kind: "link" });
    await waitFor(() => {
      expect(within(row).getByTestId("time-left")).toHaveTextContent(/^(5:00|4:5\d) left$/u);
    });
  });

  it("is accepted, and stays readable", async () => {
    const { backend, user, key, row } = await held();
    await user.click(within(row).getByTestId("accept"));
    expect(calls(backend, "paymentAccept")).toEqual([[key]]);
    await waitFor(() => {
      expect(row.closest("article")).toHaveFocus();
    });
    expect(await within(row).findByText("Being accepted")).toBeInTheDocument();
    expect(within(row).queryByTestId("refund")).toBeNull();
    backend.alter(key, {
      hold: hold({ state: "settled", amount: 21_000_500, postage: false, decision: "person" }),
    });
    expect(await within(row).findByText("You accepted it")).toBeInTheDocument();
  });

  it("is refunded", async () => {
    const { backend, user, key, row } = await held();
    await user.click(within(row).getByTestId("refund"));
    expect(calls(backend, "paymentRefuse")).toEqual([[key]]);
    backend.alter(key, {
      hold: hold({ state: "returned", amount: 21_000_500, postage: false, decision: "person" }),
    });
    expect(await within(row).findByText("You refunded it, free for both")).toBeInTheDocument();
  });

  it("cannot be decided any more when the node was faster", async () => {
    const { backend, user, key, row } = await held();
    const list = backend.messages.get(CAROL) ?? [];
    const index = list.findIndex((message) => message.key === key);
    const message = list[index];
    if (message === undefined) throw new Error("lost");
    list[index] = { ...message, hold: hold({ state: "returned", postage: false, decision: "deadline" }) };
    await user.click(within(row).getByTestId("accept"));
    expect(await screen.findByTestId("notice")).toHaveTextContent("This is not possible any more");
  });

  it("that has settled is paid back once, after its price was shown", async () => {
    const { backend, user } = await openCarol();
    const settled = hold({
      state: "settled",
      amount: 36_000 * SAT,
      postage: false,
      decision: "arrival",
      can_pay_back: true,
    });
    const key = backend.receive(CAROL, "lunch", {
      kind: { kind: "payment" },
      payment: 36_000 * SAT,
      hold: settled,
    });
    const row = await messageOf(key);
    await user.click(within(row).getByTestId("pay-back"));
    const dialog = await screen.findByTestId("pay-back-dialog");
    expect(await within(dialog).findByTestId("pay-back-fee")).toHaveTextContent("1.036");
    expect(within(dialog).getByTestId("pay-back-total")).toHaveTextContent("36,001.036");
    expect(calls(backend, "paymentPayBack")).toEqual([]);
    await expectAccessible();
    await user.click(within(dialog).getByTestId("confirm"));
    expect(calls(backend, "paymentPayBack")).toEqual([[key, 360_000]]);
    const state = await within(row).findByTestId("pay-back-state");
    expect(state).toHaveTextContent("36,000 sat: pay-back under way");
    expect(within(row).queryByTestId("pay-back")).toBeNull();
    const back = backend.messages.get(CAROL)?.at(-1);
    expect(within(await messageOf(back?.key ?? 0)).getByTestId("show-original")).toBeInTheDocument();
  });

  it("of ours waits for the recipient", async () => {
    const { backend } = await openCarol();
    const key = await backend.messageSend({
      conversation: CAROL,
      text: "",
      payment: 5_000 * SAT,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    });
    const row = await messageOf(key);
    expect(within(row).getByText("Waiting for the recipient")).toBeInTheDocument();
    backend.alter(key, { delivery: delivery({ returned: "declined", amount: 5_000 * SAT, postage: false }) });
    await waitFor(() => {
      expect(within(row).getByTestId("outcome")).toHaveTextContent(
        "Returned: declined, or not answered in time",
      );
    });
    expect(within(row).getByTestId("cost")).toHaveTextContent("free, returned");
  });
});

describe("the composer", () => {
  it("tells the price before sending, and sends with Enter", async () => {
    const { backend, user } = await openCarol();
    await user.type(textField(), "Hello");
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent(
        "free, direct·if their app is asleep: about 1 sat, returned",
      );
    });
    await user.type(textField(), "{Enter}");
    expect(calls(backend, "messageSend")).toEqual([
      [{ conversation: CAROL, text: "Hello", payment: 0, fee_limit: null, way: "auto", reply_to: null }],
    ]);
    await waitFor(() => {
      expect(textField()).toHaveValue("");
    });
  });

  it("breaks the line with Shift+Enter, and changes places by the setting", async () => {
    const { backend, user } = await openCarol({ settings: { enter_sends: false } });
    await user.type(textField(), "one{Enter}two");
    expect(textField()).toHaveValue("one\ntwo");
    expect(calls(backend, "messageSend")).toEqual([]);
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(calls(backend, "messageSend")).toHaveLength(1);
  });

  it("leaves Enter to an input method that is choosing a character", async () => {
    const { backend, user } = await openCarol();
    await user.type(textField(), "ni");
    textField().dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }),
    );
    expect(calls(backend, "messageSend")).toEqual([]);
  });

  it("attaches sats, to the msat", async () => {
    const { backend, user } = await openCarol();
    await user.click(screen.getByTestId("add-amount"));
    await user.type(screen.getByTestId("composer-amount"), "2100.5");
    await user.type(textField(), "For the tickets");
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent(
        /about 2,100\.500 sat, no fee·direct channel·at most/u,
      );
    });
    expect(screen.getByTestId("estimate")).toHaveTextContent("they can accept or refund it");
    await expectAccessible();
    await user.click(screen.getByTestId("send"));
    expect(calls(backend, "messageSend")).toEqual([
      [
        {
          conversation: CAROL,
          text: "For the tickets",
          payment: 2_100_500,
          fee_limit: null,
          way: "auto",
          reply_to: null,
        },
      ],
    ]);
  });

  it.each(["1,5", "0", "0.5", "1.0001", ""])("does not send with %j as the amount", async (amount) => {
    const { user } = await openCarol();
    await user.click(screen.getByTestId("add-amount"));
    if (amount !== "") await user.type(screen.getByTestId("composer-amount"), amount);
    await user.type(textField(), "text");
    await waitFor(() => {
      expect(screen.getByTestId("estimate").dataset["asking"]).toBe("false");
    });
    const below = ["0.5"].includes(amount);
    if (below) expect(screen.getByTestId("amount-line")).toHaveTextContent("A payment is at least 1 sat.");
    expect(screen.getByTestId("send")).toBeDisabled();
  });

  it("says that a text is too long before it is sent", async () => {
    const { user } = await openCarol();
    await user.click(textField());
    await user.paste("x".repeat(65_548));
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent("Too long by 12 bytes.");
    });
    expect(screen.getByTestId("send")).toBeDisabled();
  });

  it("says how much room is left when it matters", async () => {
    const { user } = await openCarol();
    await user.click(textField());
    await user.paste("x".repeat(65_526));
    expect(await screen.findByTestId("room")).toHaveTextContent("room for 10 more bytes");
  });

  it("says in how many parts a long text goes, and shows its beginning when it is sent", async () => {
    const { user } = await openCarol();
    await user.click(textField());
    const text = "x".repeat(4_000);
    await user.paste(text);
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent("in 9 parts");
    });
    await user.click(screen.getByTestId("send"));
    const all = await screen.findByTestId("show-all");
    const bubble = all.closest("article");
    expect(bubble).not.toBeNull();
    expect(bubble).not.toHaveTextContent(text);
    await user.click(all);
    expect(bubble).toHaveTextContent(text);
    expect(all).toHaveAttribute("aria-expanded", "true");
  });

  it("keeps a draft for each conversation", async () => {
    const { backend, user } = await openCarol();
    await user.type(textField(), "unfinished");
    const rows = screen.getAllByTestId("conversation-row");
    const dave = rows.find((row) => row.dataset["id"] === "6");
    if (dave === undefined) throw new Error("Dave is not in the list");
    await user.click(dave);
    await waitFor(() => {
      expect(textField()).toHaveValue("Saturday works for me, but only after");
    });
    expect(calls(backend, "conversationSetDraft")).toContainEqual([CAROL, "unfinished"]);
  });

  it("has the draft of whoever is back before the app has answered", async () => {
    const { user } = await openCarol();
    const at = (id: number) => {
      const found = screen.getAllByTestId("conversation-row").find((row) => row.dataset["id"] === String(id));
      if (found === undefined) throw new Error(`conversation ${id} is not in the list`);
      return found;
    };
    await user.click(at(6));
    await waitFor(() => {
      expect(textField()).toHaveValue("Saturday works for me, but only after");
    });
    await user.click(at(CAROL));
    await waitFor(() => {
      expect(textField()).toHaveValue("");
    });
    await user.type(textField(), "unfinished");
    at(6).click();
    flushSync();
    at(CAROL).click();
    flushSync();
    await waitFor(() => {
      expect(screen.getByTestId("title")).toHaveTextContent("Carol");
      expect(textField()).toHaveValue("unfinished");
    });
  });

  it("sends no money before its price was there", async () => {
    const { backend, user } = await openCarol();
    await user.click(screen.getByTestId("add-amount"));
    await user.type(screen.getByTestId("composer-amount"), "21{Enter}");
    expect(calls(backend, "messageSend")).toEqual([]);
    await waitFor(() => {
      expect(calls(backend, "messageSend")).toEqual([
        [{ conversation: CAROL, text: "", payment: 21_000, fee_limit: null, way: "auto", reply_to: null }],
      ]);
    });
    expect(calls(backend, "quote")).toHaveLength(1);
  });

  it("keeps money that has no price, and says why", async () => {
    const { backend, user } = await openCarol();
    const { refusal } = await import("~/backend/mock/mock");
    backend.failing.set("quote", refusal("no_route"));
    await user.click(screen.getByTestId("add-amount"));
    await user.type(screen.getByTestId("composer-amount"), "21{Enter}");
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent(/No route/u);
    });
    expect(calls(backend, "messageSend")).toEqual([]);
  });

  it("keeps the words when sending fails, and says why", async () => {
    const { backend, user } = await openCarol();
    const { refusal } = await import("~/backend/mock/mock");
    backend.failing.set("messageSend", refusal("database_broken", "disk full"));
    await user.type(textField(), "precious{Enter}");
    expect(await screen.findByTestId("notice")).toHaveTextContent("disk full");
    expect(textField()).toHaveValue("precious");
  });

  it("queues what is written without a connection", async () => {
    const { backend, user } = await openCarol({ scene: "offline" });
    await user.type(textField(), "later");
    await waitFor(() => {
      expect(screen.getByTestId("estimate")).toHaveTextContent(
        "No connection: it is sent when your node is back.",
      );
    });
    await user.keyboard("{Enter}");
    expect(calls(backend, "messageSend")).toHaveLength(1);
  });
});
