import { describe, expect, it } from "vitest";

import { beginning } from "./long";

describe("a long text", () => {
  it("is shown whole while it fits", () => {
    expect(beginning("hi")).toBeNull();
    expect(beginning("x".repeat(1_200))).toBeNull();
    expect(beginning("x\n".repeat(15))).toBeNull();
  });

  it("begins with so many characters and lines", () => {
    expect(beginning("x".repeat(65_536))).toBe("x".repeat(1_200));
    expect(beginning("字".repeat(20_000))).toBe("字".repeat(1_200));
    expect(beginning("x\n".repeat(400))).toBe("x\n".repeat(15) + "x");
  });

  it("never ends within a character", () => {
    expect(beginning("x" + "😀".repeat(2_000))).toBe("x" + "😀".repeat(599));
  });
});
