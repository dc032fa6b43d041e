import { QueryObserver } from "@tanstack/svelte-query";
import { describe, expect, it, vi } from "vitest";

import type { Backend, Change } from "./backend";
import { followChanges } from "./changes";
import { keys, newCache } from "./queries";

describe("what has changed", () => {
  it("is asked for again, even when the first answer was under way and is older than the change", async () => {
    let tell: (change: Change) => void = () => undefined;
    const backend = {
      onChange(listener: (change: Change) => void) {
        tell = listener;
        return () => undefined;
      },
    } as Partial<Backend> as Backend;
    const cache = newCache();
    const stop = followChanges(backend, cache);
    const answers: ((state: string) => void)[] = [];
    const question = vi.fn(() => new Promise<string>((answer) => answers.push(answer)));
    const observer = new QueryObserver(cache, { queryKey: keys.node, queryFn: question });
    const forget = observer.subscribe(() => undefined);
    expect(question).toHaveBeenCalledTimes(1);

    tell({ kind: "link" });
    await vi.waitFor(() => {
      expect(cache.getQueryState(keys.node)?.isInvalidated).toBe(true);
    });
    answers[0]?.("connecting");

    await vi.waitFor(() => {
      expect(question).toHaveBeenCalledTimes(2);
    });
    answers[1]?.("connected");
    await vi.waitFor(() => {
      expect(cache.getQueryData(keys.node)).toBe("connected");
    });
    forget();
    stop();
  });
});
