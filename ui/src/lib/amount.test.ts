import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { amountParts, editableAmount, formatAmount, parseAmount } from "./amount";

/** Up to the largest number that a window can count exactly: about 90,000 bitcoin. */
const msat = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("an amount", () => {
  it("groups its digits and shows thousandths only where there are any", () => {
    expect(formatAmount(0)).toBe("0");
    expect(formatAmount(1)).toBe("0.001");
    expect(formatAmount(999)).toBe("0.999");
    expect(formatAmount(1_000)).toBe("1");
    expect(formatAmount(1_204)).toBe("1.204");
    expect(formatAmount(2_100_000)).toBe("2,100");
    expect(formatAmount(2_100_000_100)).toBe("2,100,000.100");
    expect(formatAmount(-1_204)).toBe("−1.204");
  });

  it("is never rounded: what is shown is what it is", () => {
    fc.assert(
      fc.property(msat, (value) => {
        const { whole, fraction } = amountParts(value);
        const digits = whole.replaceAll(",", "") + (fraction === "" ? "000" : fraction);
        expect(BigInt(digits)).toBe(BigInt(value));
        expect(fraction === "").toBe(value % 1_000 === 0);
      }),
    );
  });

  it("has a comma after every third digit and nowhere else", () => {
    fc.assert(
      fc.property(msat, (value) => {
        expect(amountParts(value).whole).toMatch(/^\d{1,3}(,\d{3})*$/u);
      }),
    );
  });

  it("is read back from what is shown and from what is edited", () => {
    fc.assert(
      fc.property(msat, (value) => {
        expect(parseAmount(formatAmount(value))).toEqual({ ok: true, msat: value });
        expect(parseAmount(editableAmount(value))).toEqual({ ok: true, msat: value });
      }),
    );
  });
});

describe("what a person types", () => {
  it.each([
    ["2100", 2_100_000],
    [" 2,100 ", 2_100_000],
    ["2 100", 2_100_000],
    ["1.204", 1_204],
    ["1.2", 1_200],
    ["0.001", 1],
    ["１２３", 123_000],
    ["１，２３４。５", 1_234_500],
  ])("%j is %d msat", (text, value) => {
    expect(parseAmount(text)).toEqual({ ok: true, msat: value });
  });

  it.each([
    ["", "not_a_number"],
    ["1,5", "not_a_number"],
    ["1,23,456", "not_a_number"],
    ["-3", "not_a_number"],
    ["1e6", "not_a_number"],
    ["1.", "not_a_number"],
    [".5", "not_a_number"],
    ["0x10", "not_a_number"],
    ["1.0001", "too_fine"],
    ["9999999999999999", "too_large"],
    ["2100000000000000", "too_large"],
  ])("%j is refused: %s", (text, problem) => {
    expect(parseAmount(text)).toEqual({ ok: false, problem });
  });

  it("never becomes more than its digits say", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseAmount(text);
        if (!parsed.ok) return;
        const digits = text.normalize("NFKC").replace(/\D/gu, "");
        expect(parsed.msat).toBeLessThanOrEqual(Number(digits) * 1_000);
      }),
    );
  });
});
