import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { QueryClient } from "@tanstack/svelte-query";
import { afterEach, describe, expect, it, vi } from "vitest";

import { followChanges, touchedBy } from "./changes";
import { BackendError, hasCode } from "./error";
import { MockBackend } from "./mock/mock";
import { tauriBackend } from "./tauri";

afterEach(() => {
  clearMocks();
  vi.useRealTimers();
});

describe("the app behind the window", () => {
  it("is asked by the names and arguments of its commands", async () => {
    const asked: unknown[] = [];
    mockIPC((command, args) => {
      asked.push([command, args]);
      return 42;
    });
    const backend = tauriBackend();
    const request = {
      conversation: 1,
      text: "hi",
      payment: 0,
      fee_limit: null,
      way: "auto",
      reply_to: null,
    } as const;
    await expect(backend.messageSend(request)).resolves.toBe(42);
    await backend.contactUpdate("02ab", "n", "m", 5_000);
    await backend.copyText("copied");
    expect(asked).toEqual([
      ["message_send", { request }],
      ["contact_update", { node: "02ab", name: "n", note: "m", acceptUpTo: 5_000 }],
      ["plugin:clipboard-manager|write_text", { text: "copied" }],
    ]);
  });

  it("says why it did not do something", async () => {
    mockIPC(() => {
      throw { code: "too_long", message: "the text is too long", detail: "12" };
    });
    const failure = tauriBackend().costs();
    await expect(failure).rejects.toBeInstanceOf(BackendError);
    const error: unknown = await failure.catch((caught: unknown) => caught);
    expect(hasCode(error, "too_long") && error.detail).toBe("12");
    expect(hasCode(error, "offline")).toBe(false);
  });

  it("tells of changes until nobody listens any more, and once of those that came before it listened", async () => {
    mockIPC(() => 1, { shouldMockEvents: true });
    const { emit } = await import("@tauri-apps/api/event");
    const backend = tauriBackend();
    const heard: unknown[] = [];
    const stop = backend.onChange((change) => heard.push(change));
    await vi.waitFor(() => {
      expect(heard).toEqual([{ kind: "everything" }]);
    });
    const later: unknown[] = [];
    backend.onChange((change) => later.push(change));
    await emit("change", { kind: "link" });
    expect(heard).toEqual([{ kind: "everything" }, { kind: "link" }]);
    stop();
    await emit("change", { kind: "link" });
    expect(heard).toHaveLength(2);
    expect(later).toEqual([{ kind: "link" }, { kind: "link" }]);
  });
});

describe("what is remembered", () => {
  it("is asked again once after many changes, and only what they touched", async () => {
    vi.useFakeTimers();
    const backend = new MockBackend();
    const cache = new QueryClient();
    const forget = vi.spyOn(cache, "invalidateQueries");
    const stop = followChanges(backend, cache);
    for (let key = 0; key < 100; key += 1) backend.tell({ kind: "message", conversation: 1, key: 7 });
    backend.tell({ kind: "link" });
    await vi.runAllTimersAsync();
    const forgotten = forget.mock.calls.map(([filters]) => JSON.stringify(filters?.queryKey));
    expect(new Set(forgotten).size).toBe(forgotten.length);
    expect(forgotten).toContain('["conversation",1]');
    expect(forgotten).toContain('["node"]');
    expect(forgotten).not.toContain('["conversation",2]');
    forget.mockClear();
    stop();
    backend.tell({ kind: "everything" });
    await vi.runAllTimersAsync();
    expect(forget).not.toHaveBeenCalled();
  });

  it("is all doubted when changes were lost", () => {
    expect(touchedBy({ kind: "everything" })).toEqual([[]]);
  });

  it("is dropped with a conversation", () => {
    const backend = new MockBackend();
    const cache = new QueryClient();
    cache.setQueryData(["conversation", 3], "old");
    const stop = followChanges(backend, cache);
    backend.tell({ kind: "removed", id: 3 });
    expect(cache.getQueryData(["conversation", 3])).toBeUndefined();
    stop();
  });
});
