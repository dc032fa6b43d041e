import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { calls, expectAccessible, openApp } from "~/test-tools";

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

  it("lets the user choose this app where another one is in charge of the node", async () => {
    const { backend, user } = openApp();
    await screen.findAllByTestId("conversation-row");
    backend.health = [{ kind: "other_app", in_charge: true }];
    backend.tell({ kind: "link" });
    const line = await screen.findByTestId("health-line");
    expect(line).toHaveTextContent("Another Heliograph uses this node too.");
    expect(screen.queryByTestId("take-over")).toBeNull();

    backend.health = [{ kind: "other_app", in_charge: false }];
    backend.tell({ kind: "link" });
    const button = await screen.findByTestId("take-over");
    expect(button).toHaveTextContent("Use here");
    await expectAccessible();
    await user.click(button);
    expect(calls(backend, "nodeTakeOver")).toHaveLength(1);
    await expect.poll(() => screen.queryByTestId("health")).toBeNull();
  });
});
