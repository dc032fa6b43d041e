import type { Quote } from "~/backend/backend";
import { m } from "~/i18n";
import { sats } from "~/i18n/words";

/** Below this many bytes the room that is left is shown. */
const SCARCE = 160;

/** What a send would cost, part by part; the first part is the price. */
export function estimateParts(quote: Quote): string[] {
  const way = quote.hops <= 1 ? m.estimate_direct() : m.estimate_hops({ count: quote.hops });
  const most = sats(quote.amount + quote.fee_limit);
  if (quote.postage && quote.returned) return [m.estimate_returned({ amount: sats(quote.amount) }), way];
  const price =
    quote.fee > 0
      ? m.estimate_with_fee({ amount: sats(quote.amount), fee: sats(quote.fee) })
      : m.estimate_without_fee({ amount: sats(quote.amount) });
  return [price, way, m.estimate_at_most({ amount: most })];
}

/** Bytes that the text may still grow by; nothing while there is plenty of room. */
export function scarceRoom(quote: Quote): number | null {
  return quote.bytes_left < SCARCE ? quote.bytes_left : null;
}
