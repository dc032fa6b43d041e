import type { Totals } from "~/backend/backend";
import { m } from "~/i18n";

export interface Line {
  id: string;
  name: string;
  msat: number;
}

/** What left the user's channels for good. */
export function whatLeft(totals: Totals): Line[] {
  return [
    { id: "sent", name: m.totals_sent(), msat: totals.sent },
    { id: "postage_sent", name: m.totals_postage_sent(), msat: totals.postage_sent },
    { id: "fees", name: m.totals_fees(), msat: totals.fees },
    { id: "refunds_sent", name: m.totals_refunds_sent(), msat: totals.refunds_sent },
  ];
}

/** What came to stay. */
export function whatCame(totals: Totals): Line[] {
  return [
    { id: "received", name: m.totals_received(), msat: totals.received },
    { id: "postage_received", name: m.totals_postage_received(), msat: totals.postage_received },
    { id: "refunds_received", name: m.totals_refunds_received(), msat: totals.refunds_received },
  ];
}

/** What cost nobody anything. */
export function wentAndCameBack(totals: Totals): Line[] {
  return [
    { id: "returned_to_us", name: m.totals_returned_to_us(), msat: totals.returned_to_us },
    { id: "returned_by_us", name: m.totals_returned_by_us(), msat: totals.returned_by_us },
  ];
}

export function sum(lines: Line[]): number {
  return lines.reduce((total, line) => total + line.msat, 0);
}

/** Whether there is nothing to tell yet. */
export function isNothing(totals: Totals): boolean {
  return Object.values(totals).every((value) => value === 0);
}
