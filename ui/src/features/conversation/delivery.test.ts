import { describe, expect, it } from "vitest";

import type { Delivery } from "~/backend/backend";
import { delivered, delivery } from "~/backend/mock/messages";

import { canRetry, deliveryMark, isAtNode, isInApp, wayOut, type Mark } from "./delivery";

const NOON = new Date(2026, 10, 22, 12, 0, 5).getTime();
const LATER = new Date(2026, 10, 22, 12, 3, 7).getTime();

function mark(of: Delivery): Mark {
  return deliveryMark(of, "en").mark;
}

describe("the four marks of a message", () => {
  it("say no more than is known", () => {
    expect(mark(delivery({ state: "in_flight", returned: null }))).toBe("sent");
    expect(mark(delivery({ state: "settled", returned: null }))).toBe("arrived");
    expect(mark(delivery({ returned: "arrived" }))).toBe("arrived");
    expect(mark(delivered(NOON))).toBe("delivered");
    expect(mark(delivered(NOON, { read_at: LATER }))).toBe("read");
  });

  it("do not take a refusal by a node that does not hold for an arrival", () => {
    const refused = delivery({ returned: "unconfirmed" });
    expect(mark(refused)).toBe("unclear");
    expect([isAtNode(refused), isInApp(refused)]).toEqual([false, false]);
    expect(canRetry(refused)).toBe(true);
  });

  it("believe a receipt, whatever the node did with the sats", () => {
    const refused = delivery({ returned: "unconfirmed", delivered_at: NOON });
    expect(mark(refused)).toBe("delivered");
    expect(canRetry(refused)).toBe(false);
    expect(deliveryMark(refused, "en").words).toEqual(["Delivered to their app: Nov 22, 2026, 12:00:05"]);
  });

  it("tell what is known, and when, the newest first", () => {
    const read = delivery({
      state: "settled",
      returned: null,
      delivered_at: NOON,
      read_at: LATER,
    });
    expect(deliveryMark(read, "en").words).toEqual([
      "Read: Nov 22, 2026, 12:03:07",
      "Delivered to their app: Nov 22, 2026, 12:00:05",
      "Arrived at the node",
    ]);
  });

  it("keep what happened to the money in sight when the words have arrived", () => {
    const declined = delivery({ returned: "declined", postage: false, delivered_at: NOON });
    expect(mark(declined)).toBe("back");
    expect(deliveryMark(declined, "en").words).toHaveLength(2);
    expect(mark(delivery({ state: "parked", returned: null, delivered_at: NOON }))).toBe("failed");
  });
});

describe("a message that waits for a way", () => {
  const waiting = (more: Partial<Delivery>) =>
    delivery({ state: "queued", returned: null, next_try: NOON, failure: "no_way", ...more });

  it("says where the way is changed: in the contact's details, or by taking it back", () => {
    expect(wayOut(waiting({}))).toMatch(/details of this contact/u);
    expect(wayOut(waiting({ way: "direct_only" }))).toMatch(/“Direct only”.*Take it back/u);
    expect(wayOut(waiting({ failure: "no_route" }))).toBe("");
  });

  it("says what it waits for", () => {
    expect(deliveryMark(waiting({}), "en").words).toEqual(["Waits until a way that you allow leads there"]);
    expect(deliveryMark(waiting({ failure: "no_receipt" }), "en").words).toEqual([
      "Waits until their app answers",
    ]);
    expect(deliveryMark(waiting({ failure: "key_changed" }), "en").words).toEqual([
      "Waits until you have looked at the change of their key",
    ]);
    expect(deliveryMark(waiting({ failure: "hidden" }), "en").words.join()).toMatch(/no public one/u);
  });
});
