/** Amounts in thousandths of a satoshi, as whole numbers. */

/** All bitcoin there will ever be, in satoshis. */
const ALL_SATS = 2_100_000_000_000_000;

export interface AmountParts {
  /** Satoshis with grouped digits. */
  whole: string;
  /** Three digits, or nothing when there is nothing after the point. */
  fraction: string;
}

/** Splits an amount for the eye. Never rounds: what is not zero is shown. */
export function amountParts(msat: number): AmountParts {
  const sign = msat < 0 ? "−" : "";
  const value = Math.abs(msat);
  const rest = value % 1_000;
  const whole = String((value - rest) / 1_000).replace(/\B(?=(\d{3})+$)/g, ",");
  return { whole: sign + whole, fraction: rest === 0 ? "" : String(rest).padStart(3, "0") };
}

/** `2,100` or `1.204`. */
export function formatAmount(msat: number): string {
  const { whole, fraction } = amountParts(msat);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** What a person would type for this amount: no grouping, and no zeros at the end. */
export function editableAmount(msat: number): string {
  const { whole, fraction } = amountParts(msat);
  const plain = whole.replaceAll(",", "");
  return fraction === "" ? plain : `${plain}.${fraction.replace(/0+$/, "")}`;
}

export type AmountProblem = "not_a_number" | "too_fine" | "too_large";
export type ParsedAmount = { ok: true; msat: number } | { ok: false; problem: AmountProblem };

/**
 * Reads satoshis as a person types them: `2100`, `2,100`, `2 100`, `1.204`, also with the wide characters of a
 * Chinese keyboard. A comma groups digits by three and is nothing else: `1,5` is refused, never read as 15.
 */
export function parseAmount(text: string): ParsedAmount {
  const plain = text.normalize("NFKC").replaceAll("。", ".").trim();
  const match = /^(\d+|\d{1,3}(?:[, '\u202f]\d{3})+)(?:\.(\d+))?$/u.exec(plain);
  if (match === null) return { ok: false, problem: "not_a_number" };
  const fraction = match[2] ?? "";
  if (fraction.length > 3) return { ok: false, problem: "too_fine" };
  const sat = Number((match[1] ?? "").replace(/\D/g, ""));
  if (sat > ALL_SATS) return { ok: false, problem: "too_large" };
  const msat = sat * 1_000 + Number(fraction.padEnd(3, "0"));
  return Number.isSafeInteger(msat) ? { ok: true, msat } : { ok: false, problem: "too_large" };
}
