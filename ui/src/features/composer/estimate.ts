import type { Quote } from "~/backend/backend";
import { m } from "~/i18n";
import { freeWords, isFree } from "~/i18n/ways";
import { sats } from "~/i18n/words";

/** Below this many bytes the room that is left is shown. */
const SCARCE = 160;

/** What a send would cost, part by part; the first part is the price. */
export function estimateParts(quote: Quote): string[] {
  return isFree(quote.carrier) ? freeParts(quote) : paymentParts(quote);
}

function mostOf(quote: Quote): string {
  return m.estimate_at_most({ amount: sats(quote.amount + quote.fee_limit) });
}

/** That the postage is what was kept of theirs; nothing where it is not. */
function paysBack({ owed, amount }: Quote): string[] {
  if (owed === 0) return [];
  return [owed === amount ? m.estimate_pays_back() : m.estimate_pays_back_part({ amount: sats(owed) })];
}

/** Free at first; the rest says what follows when no receipt comes. */
function freeParts(quote: Quote): string[] {
  const free = freeWords(quote.carrier, quote.way_hops);
  if (!quote.payable) return [free, ...inParts(quote), m.estimate_or_waits()];
  if (quote.returned) {
    return [free, m.estimate_asleep_returned({ amount: sats(quote.amount) }), ...inParts(quote)];
  }
  return [
    free,
    m.estimate_asleep({ amount: sats(quote.amount + quote.fee) }),
    ...inParts(quote),
    ...paysBack(quote),
    mostOf(quote),
  ];
}

function paymentParts(quote: Quote): string[] {
  const way = quote.hops <= 1 ? m.estimate_direct() : m.estimate_hops({ count: quote.hops });
  if (quote.postage && quote.returned) {
    return [m.estimate_returned({ amount: sats(quote.amount) }), ...inParts(quote), way];
  }
  const price =
    quote.fee > 0
      ? m.estimate_with_fee({ amount: sats(quote.amount), fee: sats(quote.fee) })
      : m.estimate_without_fee({ amount: sats(quote.amount) });
  return [price, ...inParts(quote), ...paysBack(quote), way, mostOf(quote)];
}

function inParts({ parts }: Quote): string[] {
  return parts > 1 ? [m.estimate_parts({ count: parts })] : [];
}

/** Whether the recipient decides on an attached payment, and what becomes of it when their app does not answer. */
export function decisionParts(quote: Quote): string[] {
  if (!quote.held) return [m.estimate_not_held()];
  if (quote.carrier !== "invoice") return [m.estimate_held()];
  return [m.estimate_held(), quote.payable ? m.estimate_or_on_arrival() : m.estimate_or_not_sent()];
}

/** Bytes that the text may still grow by; nothing while there is plenty of room. */
export function scarceRoom(quote: Quote): number | null {
  return quote.bytes_left < SCARCE ? quote.bytes_left : null;
}
