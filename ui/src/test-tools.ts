import { render } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import axe from "axe-core";
import { expect } from "vitest";

import App from "~/app/App.svelte";
import { MockBackend, type MockOptions } from "~/backend/mock/mock";

export interface Opened {
  backend: MockBackend;
  user: UserEvent;
}

/** The whole window over a mock, and somebody who uses it. */
export function openApp(options: MockOptions = {}, prepare?: (backend: MockBackend) => void): Opened {
  const backend = new MockBackend({ ...options, settings: { language: "en", ...options.settings } });
  prepare?.(backend);
  const user = userEvent.setup({ delay: null });
  render(App, { backend });
  return { backend, user };
}

/** Fails with the words of axe when the page shuts somebody out. Colours need a real engine: `npm run shots`. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(
    // A menu floats above all landmarks, by its nature.
    { include: [["body"]], exclude: [["[role=menu]"]] },
    {
      resultTypes: ["violations"],
      rules: { "color-contrast": { enabled: false } },
    },
  );
  expect(
    violations.map(({ id, help, nodes }) => `${id}: ${help} ${nodes.map((node) => node.html).join(" ")}`),
  ).toEqual([]);
}

/** The arguments of each call of a command so far. */
export function calls(backend: MockBackend, command: string): unknown[][] {
  return backend.asked.filter((call) => call.command === command).map((call) => call.args);
}
