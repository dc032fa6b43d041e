import { describe, expect, it } from "vitest";

import type { Quote } from "~/backend/backend";

import { decisionParts, estimateParts } from "./estimate";

function quoted(more: Partial<Quote>): Quote {
  return {
    carrier: "onion",
    way_hops: 2,
    payable: true,
    amount: 1_000,
    postage: true,
    owed: 0,
    returned: false,
    fee: 500,
    fee_limit: 10_000,
    hops: 3,
    privacy: "sealed",
    parts: 1,
    bytes_left: 600,
    held: false,
    ...more,
  };
}

function quote(more: Partial<Quote>): string {
  // An amount and its unit stay on one line.
  return estimateParts(quoted(more)).join(" · ").replaceAll("\u00A0", " ");
}

const NOTHING = { payable: false, amount: 0, fee: 0, fee_limit: 0 };

describe("the estimate", () => {
  it("of a free message says what it costs when nobody listens, and the most", () => {
    expect(quote({})).toBe(
      "free by onion, 2 hops · if their app is asleep: about 1.500 sat · at most 11 sat",
    );
    expect(quote({ carrier: "peer", way_hops: 1 })).toMatch(/^free, direct · /u);
  });

  it("promises nothing back where it is not known to come back", () => {
    expect(quote({ returned: true })).toBe(
      "free by onion, 2 hops · if their app is asleep: about 1 sat, returned",
    );
  });

  it("says when the postage is what was kept of theirs", () => {
    expect(quote({ carrier: "keysend", amount: 3_000, owed: 3_000 })).toBe(
      "about 3 sat + 0.500 sat fee · postage that you owe them · 3 hops · at most 13 sat",
    );
    expect(quote({ carrier: "keysend", owed: 500, fee: 0, hops: 1 })).toBe(
      "about 1 sat, no fee · 0.500 sat of it is postage that you owe them · direct channel · at most 11 sat",
    );
    expect(quote({ owed: 1_000 })).toMatch(/asleep: about 1\.500 sat · postage that you owe them · at most/u);
  });

  it("names no price for what never becomes a payment", () => {
    expect(quote(NOTHING)).toBe("free by onion, 2 hops · or it waits");
  });

  it("of a long text says in how many parts it goes, and what they cost together", () => {
    const long = { parts: 12, amount: 12_000, fee: 6_000, fee_limit: 120_000 };
    expect(quote({ ...long, carrier: "keysend" })).toBe(
      "about 12 sat + 6 sat fee · in 12 parts · 3 hops · at most 132 sat",
    );
    expect(quote(long)).toBe(
      "free by onion, 2 hops · if their app is asleep: about 18 sat · in 12 parts · at most 132 sat",
    );
    expect(quote({ ...NOTHING, parts: 3 })).toBe("free by onion, 2 hops · in 3 parts · or it waits");
  });

  it("of a payment is as it was: price, way, limit", () => {
    expect(quote({ carrier: "keysend" })).toBe("about 1 sat + 0.500 sat fee · 3 hops · at most 11 sat");
    expect(quote({ carrier: "keysend", fee: 0, hops: 1, returned: true })).toBe(
      "about 1 sat, returned · direct channel",
    );
  });

  it("of a payment to an invoice has a price, a choice for them, and what happens without an answer", () => {
    const invoice = { carrier: "invoice", amount: 2_100_000, postage: false, held: true } as const;
    expect(quote(invoice)).toBe("about 2,100 sat + 0.500 sat fee · 3 hops · at most 2,110 sat");
    expect(decisionParts(quoted(invoice))).toEqual([
      "they can accept or refund it",
      "if their app does not answer, their node takes it on arrival",
    ]);
    expect(decisionParts(quoted({ ...invoice, payable: false }))).toEqual([
      "they can accept or refund it",
      "if their app does not answer, it is not sent",
    ]);
    expect(decisionParts(quoted({ carrier: "keysend", held: true }))).toEqual([
      "they can accept or refund it",
    ]);
    expect(decisionParts(quoted({ carrier: "keysend" }))).toEqual(["their node takes it on arrival"]);
  });
});
