import { describe, expect, it, vi } from "vitest";

import { faceOf, initialsOf } from "./face";
import { addressProblem, shortKey } from "./key";
import { later } from "./later";
import { countdown, dayName, listTime, monthName, sameDay, spanInWords } from "./time";

const KEY = `02${"ab".repeat(32)}`;

describe("the address of a node", () => {
  it("is a key, or a key and a host", () => {
    for (const good of [
      KEY,
      ` ${KEY} `,
      `lightning:${KEY}`,
      `${KEY}@203.0.113.7:9735`,
      `${KEY}@node.example`,
    ]) {
      expect(addressProblem(good)).toBeNull();
    }
  });

  it("names the mistake", () => {
    expect(addressProblem(`02xx${KEY}`)).toEqual({ kind: "character", at: 3 });
    expect(addressProblem(KEY.slice(1))).toEqual({ kind: "length", at: 65 });
    expect(addressProblem(`04${KEY.slice(2)}`)).toEqual({ kind: "prefix" });
    for (const host of ["", "a b", "node:0", "node:70000", "node:", "a@b"]) {
      expect(addressProblem(`${KEY}@${host}`)).toEqual({ kind: "host" });
    }
  });

  it("is recognised by its ends", () => {
    expect(shortKey(KEY)).toBe("02abab…abab");
    expect(shortKey("short")).toBe("short");
  });
});

describe("a face", () => {
  it("is the same for the same key and another one for another", () => {
    expect(faceOf(KEY)).toEqual(faceOf(KEY));
    expect(faceOf(KEY)).not.toEqual(faceOf(`02${"cd".repeat(32)}`));
  });

  it("survives what is no key", () => {
    expect(faceOf("").hue).toBe(0);
    expect(faceOf("zz").rays).toEqual([]);
  });

  it("carries initials of every script", () => {
    expect(initialsOf("Carol")).toBe("C");
    expect(initialsOf("bob's node ⚡")).toBe("BN");
    expect(initialsOf("张伟")).toBe("张");
    expect(initialsOf("  ")).toBe("");
    expect(initialsOf("🙂")).toBe("");
  });
});

describe("a moment", () => {
  const now = new Date(2026, 10, 22, 16, 28).getTime();
  const day = 86_400_000;

  it("is told as people tell it", () => {
    expect(dayName(now, now, "en")).toBe("Today");
    expect(dayName(now - day, now, "en")).toBe("Yesterday");
    expect(dayName(now - day, now, "zh-cn")).toBe("昨天");
    expect(dayName(now - 3 * day, now, "en")).toBe("Thursday");
    expect(dayName(now - 400 * day, now, "en")).toBe("October 18, 2025");
    expect(listTime(now, now, "en")).toBe("16:28");
    expect(listTime(now - 2 * day, now, "en")).toBe("Fri");
    expect(monthName(2026, 3, "en")).toBe("March 2026");
    expect(monthName(2026, 3, "zh-cn")).toBe("2026年3月");
    expect(sameDay(now, now - 17 * 3_600_000)).toBe(false);
  });

  it("runs out to the second", () => {
    expect(countdown(724_000)).toBe("12:04");
    expect(countdown(3_729_000)).toBe("1:02:09");
    expect(countdown(400)).toBe("0:01");
    expect(countdown(-5)).toBe("0:00");
    expect(spanInWords(900, "en")).toBe("15 minutes");
    expect(spanInWords(90, "en")).toBe("90 seconds");
    expect(spanInWords(7_200, "zh-cn")).toBe("2小时");
  });
});

describe("a later call", () => {
  it("happens once, with the newest words, or at once when it is flushed", () => {
    vi.useFakeTimers();
    const act = vi.fn();
    const call = later(100, act);
    call.call("a");
    call.call("b");
    vi.advanceTimersByTime(99);
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(act.mock.calls).toEqual([["b"]]);
    call.call("c");
    call.flush();
    call.flush();
    expect(act.mock.calls).toEqual([["b"], ["c"]]);
    call.call("d");
    call.cancel();
    vi.runAllTimers();
    expect(act).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });
});
