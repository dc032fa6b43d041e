import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { expectAccessible, openApp } from "~/test-tools";

describe("what is wrong", () => {
  it("stands above every page for as long as it lasts, with what helps", async () => {
    const { backend, user } = openApp();
    await screen.findAllByTestId("conversation-row");
    expect(screen.queryByTestId("health")).not.toBeInTheDocument();

    backend.health = [{ kind: "disk_full" }, { kind: "clock_off", skew_ms: 7_260_000, wrong: "computer" }];
    backend.tell({ kind: "link" });
    const lines = within(await screen.findByTestId("health"));
    const disk = lines.getByRole("alert");
    expect(disk).toHaveTextContent("The disk is full.");
    expect(disk).toHaveTextContent("Make room; it goes on by itself.");
    const clock = lines.getByRole("status");
    expect(clock).toHaveTextContent("This computer's clock is 2 hours ahead of your node's.");
    await expectAccessible();

    await user.click(screen.getByTestId("place-costs"));
    expect(screen.getAllByTestId("health-line")).toHaveLength(2);

    backend.health = [];
    backend.tell({ kind: "link" });
    await expect.poll(() => screen.queryByTestId("health")).toBeNull();
  });
});
