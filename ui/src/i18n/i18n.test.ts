import { readFileSync } from "node:fs";

import { afterEach, describe, expect, it } from "vitest";

import { BackendError, type ErrorCode } from "~/backend/error";

import { bestLocale, currentLocale, useLanguage } from "./locale.svelte";
import { m } from "./paraglide/messages.js";
import { errorWords, purposeWords } from "./words";

type Messages = Record<string, unknown>;

function load(locale: string): Messages {
  const file = JSON.parse(readFileSync(`messages/${locale}.json`, "utf8")) as Messages;
  delete file["$schema"];
  return file;
}

const en = load("en");
const zh = load("zh-cn");

/** What a message takes, and how many of its words are its own. */
function takes(message: unknown): string[] {
  const text = JSON.stringify(message);
  return [...new Set([...text.matchAll(/\{(\w+)\}/gu)].map((match) => match[1] ?? ""))].sort();
}

function flat(message: unknown): string[] {
  if (typeof message === "string") return [message];
  return (message as { match: Record<string, string> }[]).flatMap((variant) => Object.values(variant.match));
}

afterEach(() => {
  useLanguage("en");
});

describe("the two languages", () => {
  it("have the same messages", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it("take the same values into each message", () => {
    for (const key of Object.keys(en)) expect([key, takes(zh[key])]).toEqual([key, takes(en[key])]);
  });

  it("say something in every message", () => {
    for (const file of [en, zh]) {
      for (const [key, message] of Object.entries(file)) {
        for (const text of flat(message)) expect([key, text.trim()]).not.toEqual([key, ""]);
      }
    }
  });

  it("are really two: no sentence was forgotten in English", () => {
    const forgotten = Object.keys(en).filter((key) => {
      const text = flat(en[key]).join(" ");
      return text.split(" ").length > 2 && flat(zh[key]).every((words) => !/\p{Script=Han}/u.test(words));
    });
    expect(forgotten).toEqual([]);
  });

  it("are changed without loading the page again", () => {
    useLanguage("en");
    expect(m.cancel()).toBe("Cancel");
    useLanguage("zh-CN");
    expect(m.cancel()).toBe("取消");
    expect(currentLocale()).toBe("zh-cn");
    expect(document.documentElement.lang).toBe("zh-CN");
  });

  it("are chosen by what the system speaks", () => {
    expect(bestLocale(["zh-Hans-CN", "en"])).toBe("zh-cn");
    expect(bestLocale(["de-DE", "zh-TW"])).toBe("zh-cn");
    expect(bestLocale(["en-GB"])).toBe("en");
    expect(bestLocale(["fr"])).toBe("en");
    expect(bestLocale([])).toBe("en");
  });

  it("count by the rules of each", () => {
    useLanguage("en");
    expect(m.estimate_hops({ count: 1 })).toBe("1 hop");
    expect(m.estimate_hops({ count: 2 })).toBe("2 hops");
    useLanguage("zh-CN");
    expect(m.estimate_hops({ count: 1 })).toBe("1 跳");
  });
});

describe("words for what went wrong", () => {
  const bindings = readFileSync("src/generated/bindings.ts", "utf8").replace(/\/\*\*.*?\*\//gsu, "");
  const codes = (/export type ErrorCode =([^;]*);/u.exec(bindings)?.[1]?.match(/"\w+"/gu) ?? []).map((code) =>
    code.slice(1, -1),
  ) as ErrorCode[];

  it("exist for every code of the app, in both languages", () => {
    expect(codes.length).toBeGreaterThan(40);
    for (const language of ["en", "zh-CN"]) {
      useLanguage(language);
      for (const code of codes) {
        const message = "words of the core";
        const words = errorWords(new BackendError({ code, message, detail: "7" }));
        expect([code, words.title]).not.toEqual([code, message]);
        expect(words.title).not.toBe("");
      }
    }
  });

  it("fall back to the words of the core for a code that this window does not know", () => {
    const error = new BackendError({
      code: "brand_new" as ErrorCode,
      message: "the tide is out",
      detail: "moon",
    });
    expect(errorWords(error)).toEqual({ title: "the tide is out", help: "It says: “moon”" });
  });

  it("tell by how much a text is too long", () => {
    const over = (detail: string) =>
      errorWords(new BackendError({ code: "too_long", message: "", detail })).title;
    expect(over("1")).toBe("Too long by 1 byte.");
    expect(over("80")).toBe("Too long by 80 bytes.");
    expect(over("57344")).toBe("Too long by 57,344 bytes.");
  });

  it("do not hide a fault of the program", () => {
    expect(errorWords(new Error("undefined is not a function")).help).toContain(
      "undefined is not a function",
    );
  });

  it("name a permission by its method when its purpose is new", () => {
    expect(purposeWords({ method: "/a.B/C", purpose: "send" })).toBe("sending messages and payments");
    expect(purposeWords({ method: "/a.B/C", purpose: "something new" })).toBe("/a.B/C");
  });
});
