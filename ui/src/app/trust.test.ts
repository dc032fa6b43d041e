import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { refusal } from "~/backend/mock/mock";
import { contactKey, NO_KEY } from "~/backend/mock/people";
import { calls, expectAccessible, openApp } from "~/test-tools";

const CAROL = 1;
const BOB = 2;
const ZHANG = 3;
const WOLFE = 4;
const DAVE = 6;

async function row(id: number): Promise<HTMLElement> {
  const rows = await screen.findAllByTestId("conversation-row");
  const found = rows.find((one) => one.dataset["id"] === String(id));
  if (found === undefined) throw new Error(`conversation ${id} is not in the list`);
  return found;
}

async function open(id: number, details = true) {
  const opened = openApp();
  await opened.user.click(await row(id));
  await screen.findByTestId("composer");
  if (details) {
    await opened.user.click(screen.getByTestId("toggle-details"));
    await screen.findByTestId("contact-details");
  }
  const { contact } = opened.backend.conversations.find((one) => one.id === id) ?? {};
  return { ...opened, node: contact?.node ?? "" };
}

describe("the lock of a conversation", () => {
  it.each([
    [ZHANG, "apps", /no host of a node that only looks/u],
    [WOLFE, "nodes", /hosts of both nodes can read it/u],
    [BOB, "open", /every program on their node/u],
  ])("of %i says between whom it is sealed: %s", async (id, sealing, words) => {
    await open(id);
    await waitFor(() => {
      expect(screen.getByTestId("lock").dataset["sealing"]).toBe(sealing);
    });
    expect(screen.getByTestId("lock").title).toMatch(words);
    expect(screen.getByTestId("sealing")).toHaveTextContent(words);
    await expectAccessible();
  });

  it("changes when their card comes", async () => {
    const { backend } = await open(WOLFE, false);
    expect(screen.getByTestId("lock").dataset["sealing"]).toBe("nodes");
    backend.card(WOLFE, contactKey("long"));
    await waitFor(() => {
      expect(screen.getByTestId("lock").dataset["sealing"]).toBe("apps");
    });
  });
});

describe("the postage balance", () => {
  it.each([
    [ZHANG, /^You owe .+ 2\.500 sat of postage; it goes along with your next message/u],
    [CAROL, /owes you 1 sat of postage\.$/u],
  ])("with %i is told", async (id, words) => {
    await open(id);
    expect(await screen.findByTestId("postage-balance")).toHaveTextContent(words);
  });

  it("is none with another program", async () => {
    await open(BOB);
    await screen.findByTestId("contact-costs");
    expect(screen.queryByTestId("postage-balance")).toBeNull();
  });
});

describe("the safety number", () => {
  it("is shown in groups, copied whole, and marked when it was compared", async () => {
    const { backend, user, node } = await open(ZHANG);
    const number = contactKey("zhang wei").safety_number ?? "";
    const safety = await screen.findByTestId("safety");
    expect(within(safety).getByTestId("safety-number")).toHaveTextContent(number);
    await user.click(within(safety).getByRole("button", { name: "Copy: Safety number" }));
    expect(backend.copied).toEqual([number]);
    expect(screen.queryByTestId("compared-mark")).toBeNull();
    await user.click(within(safety).getByTestId("set-compared"));
    expect(calls(backend, "contactSetCompared")).toEqual([[node, number, true]]);
    await waitFor(() => {
      expect(screen.getAllByTestId("compared-mark")).toHaveLength(2);
    });
    await expectAccessible();
    await user.click(within(safety).getByTestId("set-compared"));
    expect(calls(backend, "contactSetCompared").at(-1)).toEqual([node, number, false]);
  });

  it("is asked for again when it is another one by now", async () => {
    const { backend, user } = await open(ZHANG);
    const safety = await screen.findByTestId("safety");
    const fresh = contactKey("another key");
    backend.keys.set(ZHANG, fresh);
    await user.click(within(safety).getByTestId("set-compared"));
    expect(await screen.findByTestId("notice")).toHaveTextContent("not that of the key in use");
    await waitFor(() => {
      expect(within(safety).getByTestId("safety-number")).toHaveTextContent(fresh.safety_number ?? "");
    });
    expect(within(safety).getByTestId("compared")).toHaveTextContent("Not compared yet");
  });

  it("that was compared shows in the list to whoever points there", async () => {
    const { user } = openApp();
    const carol = await row(CAROL);
    await user.hover(carol);
    await waitFor(() => {
      expect(carol).toHaveAttribute("title", "Carol · Safety number compared");
    });
  });

  it("does not exist before their card has come", async () => {
    await open(BOB);
    expect(await screen.findByTestId("safety")).toHaveTextContent("There is none before the key card");
    expect(screen.getByTestId("takes-onion")).toHaveTextContent("not known");
  });
});

describe("a key that has changed", () => {
  it("raises a warning that leads to the number, and goes when it was compared", async () => {
    const { backend, user, node } = await open(DAVE, false);
    const warning = await screen.findByTestId("key-changed");
    expect(warning).toHaveTextContent("The key of Dave has changed");
    await expectAccessible();
    await user.click(within(warning).getByTestId("key-compare"));
    const safety = await screen.findByTestId("safety");
    await waitFor(() => {
      expect(within(safety).getByRole("heading")).toHaveFocus();
    });
    expect(screen.getAllByTestId("key-changed")).toHaveLength(2);
    await expectAccessible();
    await user.click(within(safety).getByTestId("set-compared"));
    expect(calls(backend, "contactSetCompared")).toEqual([[node, contactKey("dave").safety_number, true]]);
    await waitFor(() => {
      expect(screen.queryByTestId("key-changed")).toBeNull();
    });
  });

  it("can be known to be right without being called compared", async () => {
    const { backend, user, node } = await open(DAVE, false);
    await user.click(await screen.findByTestId("key-right"));
    expect(calls(backend, "contactSetCompared")).toEqual([[node, contactKey("dave").safety_number, false]]);
    await waitFor(() => {
      expect(screen.queryByTestId("key-changed")).toBeNull();
    });
    expect(screen.queryByTestId("compared-mark")).toBeNull();
  });
});

describe("a hello", () => {
  it("is offered where no card is known, and says honestly what it does", async () => {
    const { backend, user } = await open(BOB);
    const greeting = await screen.findByTestId("greeting");
    expect(greeting).toHaveTextContent("Sends only your key card");
    expect(greeting).toHaveTextContent("nobody hears it if their app is closed");
    await user.click(within(greeting).getByTestId("greet"));
    expect(calls(backend, "contactGreet")).toEqual([[BOB]]);
    expect(await within(greeting).findByText(/The hello has left/u)).toBeInTheDocument();
    await expectAccessible();
    backend.card(BOB, contactKey("bob"));
    await waitFor(() => {
      expect(screen.queryByTestId("greeting")).toBeNull();
    });
  });

  it("says what else there is when no free way leads there", async () => {
    const { backend, user } = await open(BOB);
    backend.failing.set("contactGreet", refusal("no_way"));
    await user.click(await screen.findByTestId("greet"));
    expect(await screen.findByTestId("greet-outcome")).toHaveTextContent(/No free way.*key card along/u);
  });

  it("is offered before the first message, and to nobody who is not let in", async () => {
    const { backend, user } = await open(BOB, false);
    backend.messages.set(BOB, []);
    backend.tell({ kind: "everything" });
    await user.click(await row(CAROL));
    await screen.findAllByTestId("message");
    await user.click(await row(BOB));
    expect(await screen.findByTestId("greeting")).toBeInTheDocument();
    backend.conversations = backend.conversations.map((one) => ({
      ...one,
      contact: { ...one.contact, trust: "request" },
    }));
    backend.card(BOB, NO_KEY);
    await waitFor(() => {
      expect(screen.queryByTestId("greeting")).toBeNull();
    });
  });
});

describe("read receipts", () => {
  it("are turned off in the settings", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    const toggle = await screen.findByTestId("read-receipts");
    expect(toggle).toBeChecked();
    await user.click(toggle);
    await waitFor(() => {
      expect(backend.settings.read_receipts).toBe(false);
    });
  });
});

describe("what nobody proved", () => {
  const STRANGER = 7;
  const NOBODY = 10;
  const open = { authorship: "claimed", privacy: "open" } as const;

  it("is marked in the list, where words of others stand too", async () => {
    const { backend } = openApp();
    backend.receive(BOB, "send me money", open);
    expect(await row(BOB)).toHaveTextContent("send me money");
    await waitFor(async () => {
      expect(await row(BOB)).toHaveTextContent("Not proven: send me money");
    });
  });

  it("is marked on the page of requests, where somebody is let in", async () => {
    const { backend, user } = openApp();
    backend.receive(STRANGER, "let me in", { ...open, authorship: "unaddressed" });
    await user.click(await screen.findByTestId("place-requests"));
    const request = (await screen.findAllByTestId("request")).find((one) =>
      one.textContent.includes("let me in"),
    );
    if (request === undefined) throw new Error("the request is not on the page");
    expect(within(request).getByTestId("request-doubt")).toHaveTextContent("Signed, not to you");
    await expectAccessible();
  });

  it("names nobody without saying that it is not proven", async () => {
    const { backend, user } = openApp();
    const { contact } = backend.conversations.find((one) => one.id === CAROL) ?? {};
    if (contact === undefined) throw new Error("carol is in the story");
    const claims = { node: contact.node, title: contact.title };
    backend.receive(NOBODY, "this is carol", { ...open, claims });
    await user.click(await row(NOBODY));
    const text = await screen.findByText("this is carol", {
      selector: "[data-testid=text] *, [data-testid=text]",
    });
    const bubble = text.closest<HTMLElement>("[data-testid=message]");
    if (bubble === null) throw new Error("the words stand in no message");
    expect(within(bubble).getByText("Says to be Carol: not proven")).toBeInTheDocument();
  });

  it("shows the name and the texts of a boost as said, and as text", async () => {
    const { backend, user } = openApp();
    const says = { name: "<b>Carol</b>", about: "Castamatic · Signals · <i>Mirrors</i>" };
    const kind = { kind: "payment" } as const;
    const key = backend.receive(NOBODY, "", { ...open, kind, says, payment: 2_100_000 });
    await waitFor(async () => {
      expect(await row(NOBODY)).toHaveTextContent("“<b>Carol</b>” (not proven): 2,100 sat");
    });
    await user.click(await row(NOBODY));
    const bubbles = await screen.findAllByTestId("message");
    const bubble = bubbles.find((one) => one.dataset["key"] === String(key));
    if (bubble === undefined) throw new Error("the boost is not shown");
    expect(within(bubble).getByTestId("claimed")).toHaveTextContent("From “<b>Carol</b>”: not proven");
    expect(within(bubble).getByTestId("about")).toHaveTextContent("Castamatic · Signals · <i>Mirrors</i>");
    expect(bubble.querySelector("b, i")).toBeNull();
    await expectAccessible();
    bubble.focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByTestId("details-says-name")).toHaveTextContent("<b>Carol</b>");
    expect(screen.getByTestId("details-says-about")).toHaveTextContent("Signals · <i>Mirrors</i>");
    await expectAccessible();
  });

  it("keeps the plain mark where a boost gives no name", async () => {
    const { backend, user } = openApp();
    backend.receive(NOBODY, "well said", { ...open, says: { name: "", about: "Signals" } });
    await user.click(await row(NOBODY));
    const about = await screen.findByText("About: Signals");
    const bubble = about.closest<HTMLElement>("[data-testid=message]");
    if (bubble === null) throw new Error("the words stand in no message");
    expect(within(bubble).getByTestId("claimed")).toHaveTextContent("Sender not proven");
  });
});

describe("a host that says less of a key than its app", () => {
  it("raises a warning of its own", async () => {
    const { backend } = await open(ZHANG, false);
    backend.card(ZHANG, contactKey("zhang wei", { changed: true, weakened: true }));
    expect(await screen.findByTestId("key-changed")).toHaveTextContent(
      "says less of their key than their app",
    );
    await expectAccessible();
  });

  it.each([
    [{ stale: true }, "key-stale", /Messages go on being sealed to it/u],
    [{ fault: "future" as const }, "card-fault", /one of the two clocks is wrong/u],
    [{ fault: "foreign" as const }, "card-fault", /a key card that is not theirs/u],
  ])("is told with what is known of the key: %o", async (patch, place, words) => {
    const { backend } = await open(ZHANG);
    backend.card(ZHANG, contactKey("zhang wei", patch));
    expect(await screen.findByTestId(place)).toHaveTextContent(words);
  });
});
