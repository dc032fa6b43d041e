import type { Quote } from "~/backend/backend";

import { m } from "./index";
import { freeWords } from "./ways";
import { sats } from "./words";

/** One line about a message that is answered. */
export function snippetOf(to: {
  kind: { kind: string };
  text: string;
  payment: number;
  taken_back: boolean;
}): string {
  if (to.taken_back) return m.message_taken_back();
  if (to.kind.kind === "refund") return m.preview_refund({ amount: sats(to.payment) });
  if (to.kind.kind === "newer") return m.message_newer();
  if (to.payment === 0) return to.text;
  return to.text === "" ? sats(to.payment) : `${sats(to.payment)} · ${to.text}`;
}

/** What telling the other side costs, in a few words. */
export function priceWords(quote: Quote): string {
  if (quote.carrier !== "keysend") return freeWords(quote.carrier, quote.way_hops);
  if (quote.returned) return m.estimate_returned({ amount: sats(quote.amount) });
  return quote.fee > 0
    ? m.estimate_with_fee({ amount: sats(quote.amount), fee: sats(quote.fee) })
    : m.estimate_without_fee({ amount: sats(quote.amount) });
}
