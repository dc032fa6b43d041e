import { screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { ALICE } from "~/backend/mock/answers";
import { refusal } from "~/backend/mock/mock";
import { UNKNOWN } from "~/backend/mock/people";
import { resized, view } from "~/test-setup";
import { calls, expectAccessible, openApp } from "~/test-tools";

const rowsOf = () => screen.getAllByTestId("conversation-row");
const titles = () => rowsOf().map((row) => row.querySelector("bdi")?.textContent);

async function row(id: number): Promise<HTMLElement> {
  const rows = await screen.findAllByTestId("conversation-row");
  const found = rows.find((candidate) => candidate.dataset["id"] === String(id));
  if (found === undefined) throw new Error(`conversation ${id} is not in the list`);
  return found;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the list of conversations", () => {
  it("shows names before aliases, drafts, and what waits", async () => {
    openApp();
    await row(1);
    expect(titles().slice(0, 3)).toEqual(["Carol", "张伟", "bob's node ⚡"]);
    expect(within(await row(1)).getByText("1 payment waits for your decision")).toBeInTheDocument();
    expect(within(await row(2)).getByText("1 message did not arrive")).toBeInTheDocument();
    expect(within(await row(3)).getByTestId("unread")).toHaveTextContent(/^2/u);
    expect(await row(6)).toHaveTextContent(/Draft:\sSaturday/u);
    await expectAccessible();
  });

  it("is filtered", async () => {
    const { user } = openApp();
    await row(1);
    await user.click(screen.getByTestId("filter-held"));
    await waitFor(() => {
      expect(titles()).toEqual(["Carol"]);
    });
    await user.click(screen.getByTestId("filter-requests"));
    await waitFor(() => {
      expect(titles()).toEqual(["EarnSatsFast💰", "erin"]);
    });
    await user.click(await screen.findByTestId("filter-blocked"));
    await waitFor(() => {
      expect(titles()).toEqual(["mallory"]);
    });
  });

  it("follows what happens", async () => {
    const { backend } = openApp();
    await row(1);
    backend.receive(6, "Sunday then");
    await waitFor(async () => {
      expect(titles()[0]).toBe("Dave");
      expect(within(await row(6)).getByTestId("unread")).toHaveTextContent(/^1/u);
    });
  });

  it("is walked with the arrow keys", async () => {
    const { user } = openApp();
    (await row(1)).focus();
    await user.keyboard("{ArrowDown}");
    await waitFor(() => {
      expect(document.activeElement).toHaveAttribute("data-id", "3");
    });
    await user.keyboard("{End}");
    await waitFor(() => {
      expect(document.activeElement).toHaveAttribute("data-id", "10");
    });
  });

  it("says that there is nothing, and what to do then", async () => {
    const { user } = openApp({ scene: "empty" });
    expect(await screen.findByText("No contacts yet")).toBeInTheDocument();
    await expectAccessible();
    await user.click(screen.getByTestId("empty-add"));
    expect(await screen.findByTestId("new-contact")).toBeInTheDocument();
  });

  it("says what is wrong when it cannot be read, and reads again", async () => {
    const { backend, user } = openApp({ scene: "broken" });
    expect(await screen.findByTestId("try-again")).toBeInTheDocument();
    expect(screen.getByTestId("sidebar")).toHaveTextContent("The messages cannot be read or written.");
    expect(screen.getByTestId("link")).toHaveAttribute("data-state", "unknown");
    backend.failing.clear();
    await user.click(screen.getByTestId("try-again"));
    expect(await row(1)).toBeInTheDocument();
  });

  it.each(["costs", "node", "settings"])("leaves no page without a way on: %s", async (place) => {
    const { backend, user } = openApp({ scene: "broken" });
    await user.click(await screen.findByTestId(`place-${place}`));
    const page = await screen.findByTestId(`page-${place}`);
    await within(page).findByTestId("try-again");
    backend.failing.clear();
    await user.click(within(page).getByTestId("try-again"));
    await waitFor(() => {
      expect(within(page).queryByTestId("try-again")).toBeNull();
    });
  });
});

describe("the connection", () => {
  it("is named, and when it is gone, why, and what to do", async () => {
    const { backend, user } = openApp({ scene: "offline" });
    const fault = await screen.findByTestId("link-fault");
    expect(fault).toHaveTextContent("The node shows another certificate");
    expect(fault).toHaveTextContent(/Next try in 0:2\d/u);
    // The seconds are not read out one by one.
    expect(within(fault).getByRole("status")).not.toHaveTextContent(/Next try/u);
    await expectAccessible();
    await user.click(within(fault).getByTestId("link-retry"));
    expect(calls(backend, "linkRetry")).toHaveLength(1);
    backend.link = { state: "connected", synced: true };
    backend.tell({ kind: "link" });
    await waitFor(() => {
      expect(screen.getByTestId("link-state")).toHaveTextContent("Connected · regtest");
    });
    expect(screen.queryByTestId("link-fault")).toBeNull();
  });
});

describe("search", () => {
  it("finds people and messages, and goes to a message", async () => {
    const { user } = openApp();
    await row(1);
    await user.type(screen.getByTestId("search"), "sticker");
    const hits = await screen.findAllByTestId("hit");
    expect(hits).toHaveLength(2);
    expect(hits[0]?.querySelector("mark")).toHaveTextContent("sticker");
    expect(screen.getByText("No conversation with this name")).toBeInTheDocument();
    await expectAccessible();
    const [hit] = hits;
    if (hit) await user.click(hit);
    const message = await screen.findByText("The stickers are a present!");
    expect(message.closest("article")?.dataset["key"]).toBe(hit?.dataset["key"]);
  });

  it("leaves the screen alone after it has shown a hit", async () => {
    const { backend, user } = openApp();
    await row(1);
    await user.type(screen.getByTestId("search"), "sticker");
    const [hit] = await screen.findAllByTestId("hit");
    if (hit === undefined) throw new Error("nothing was found");
    await user.click(hit);
    const shines = () => document.querySelector(".ring-accent");
    await waitFor(() => {
      expect(shines()).toHaveTextContent("The stickers are a present!");
    });
    await waitFor(() => {
      expect(shines()).toBeNull();
    });
    const found = [...backend.messages].find(([, list]) =>
      list.some((message) => message.text === "The stickers are a present!"),
    );
    backend.receive(found?.[0] ?? 0, "Something new");
    expect(await screen.findByText("Something new", { selector: "article *" })).toBeInTheDocument();
    expect(shines()).toBeNull();
  });

  it("finds strangers and blocked contacts by their names too", async () => {
    const { user } = openApp();
    await row(1);
    for (const name of ["erin", "mallory", "Carol"]) {
      await user.clear(screen.getByTestId("search"));
      await user.type(screen.getByTestId("search"), name);
      await waitFor(() => {
        expect(titles()).toContain(name);
      });
    }
  });

  it("finds Chinese", async () => {
    const { user } = openApp();
    await row(1);
    await user.type(screen.getByTestId("search"), "闪电网络");
    expect(await screen.findAllByTestId("hit")).toHaveLength(1);
  });

  it("walks through the hits of one conversation", async () => {
    const { user } = openApp();
    await user.click(await row(1));
    await screen.findByTestId("composer");
    await user.keyboard("{Control>}f{/Control}");
    await user.type(await screen.findByTestId("find-text"), "the");
    await waitFor(() => {
      expect(screen.getByTestId("find-count")).toHaveTextContent(/^1 \/ \d+$/u);
    });
    await user.keyboard("{Enter}");
    expect(screen.getByTestId("find-count")).toHaveTextContent(/^2 \/ \d+$/u);
    await user.keyboard("{Escape}");
    expect(screen.queryByTestId("find-bar")).toBeNull();
  });
});

describe("contacts", () => {
  it("are added by their key", async () => {
    const { backend, user } = openApp();
    await row(1);
    await user.keyboard("{Control>}n{/Control}");
    const dialog = await screen.findByTestId("new-contact");
    await expectAccessible();
    await user.type(within(dialog).getByTestId("contact-address"), `${UNKNOWN}@203.0.113.7:9735`);
    await user.type(within(dialog).getByTestId("contact-name"), "Frank");
    await user.click(within(dialog).getByTestId("contact-add"));
    expect(calls(backend, "contactAdd")).toEqual([[`${UNKNOWN}@203.0.113.7:9735`, "Frank"]]);
    expect(await screen.findByTestId("title")).toHaveTextContent("Frank");
  });

  it.each([
    ["02abzz", "character 5 is another one"],
    ["02ab", "this has 4"],
    [UNKNOWN.replace(/^0[23]/u, "05"), "begins with 02 or 03"],
    [`${UNKNOWN}@`, "After the @ comes a host"],
  ])("are not added with a mistake in the key: %s", async (address, words) => {
    const { backend, user } = openApp();
    await row(1);
    await user.click(screen.getByTestId("new-contact-button"));
    await user.type(await screen.findByTestId("contact-address"), address);
    await user.click(screen.getByTestId("contact-add"));
    expect(await screen.findByText(new RegExp(words, "u"))).toBeInTheDocument();
    expect(calls(backend, "contactAdd")).toEqual([]);
  });

  it("that cannot be reached say so", async () => {
    const { user } = openApp();
    await row(1);
    await user.click(screen.getByTestId("new-contact-button"));
    await user.type(await screen.findByTestId("contact-address"), `${UNKNOWN}@0.0.0.1:9735`);
    await user.click(screen.getByTestId("contact-add"));
    expect(await screen.findByTestId("contact-error")).toHaveTextContent("connection refused");
  });

  it("have a name, a note and a limit", async () => {
    const { backend, user } = openApp();
    await user.click(await row(1));
    await user.click(await screen.findByTestId("toggle-details"));
    const name = await screen.findByTestId("edit-name");
    await expectAccessible();
    await user.clear(name);
    await user.type(name, "Caroline");
    await user.clear(screen.getByTestId("edit-limit"));
    await user.type(screen.getByTestId("edit-limit"), "2,100.5");
    await user.click(screen.getByTestId("save-contact"));
    const node = backend.conversations[0]?.contact.node;
    expect(calls(backend, "contactUpdate")).toEqual([
      [node, "Caroline", "From the meet-up in Leipzig", 2_100_500],
    ]);
    await waitFor(() => {
      expect(screen.getByTestId("title")).toHaveTextContent("Caroline");
    });
  });

  it("are removed after asking", async () => {
    const { backend, user } = openApp();
    await user.click(await row(6));
    await user.click(await screen.findByTestId("toggle-details"));
    await user.click(await screen.findByTestId("remove-contact"));
    expect(calls(backend, "contactRemove")).toEqual([]);
    await user.click(await screen.findByTestId("confirm"));
    expect(await screen.findByText("No conversation is open")).toBeInTheDocument();
    await waitFor(() => {
      expect(titles()).not.toContain("Dave");
    });
  });
});

describe("requests", () => {
  it("wait on their page, and are let in or blocked", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-requests"));
    const [first, second] = await screen.findAllByTestId("request");
    if (first === undefined || second === undefined) throw new Error("two requests wait in the story");
    expect(second).toHaveTextContent("Brings 9,000 sat");
    await expectAccessible();
    await user.click(within(first).getByTestId("request-block"));
    await waitFor(() => {
      expect(screen.getAllByTestId("request")).toHaveLength(1);
    });
    expect(screen.getByTestId("request")).toHaveFocus();
    await user.click(screen.getByTestId("request-accept"));
    expect(await screen.findByTestId("title")).toHaveTextContent("erin");
    expect(calls(backend, "contactSetTrust").map(([, trust]) => trust)).toEqual(["blocked", "known"]);
    expect(await screen.findByTestId("composer")).toBeInTheDocument();
  });

  it("are refused all at once, by the keyboard and after a question", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-requests"));
    const button = await screen.findByTestId("requests-refuse-all");
    button.focus();
    await user.keyboard("{Enter}");
    const dialog = await screen.findByTestId("requests-refuse-all-dialog");
    await expectAccessible();
    await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(calls(backend, "requestsRefuseAll")).toEqual([]);
    await waitFor(() => {
      expect(screen.queryByTestId("requests-refuse-all-dialog")).toBeNull();
    });
    button.focus();
    await user.keyboard("{Enter}");
    const again = await screen.findByTestId("requests-refuse-all-dialog");
    await user.click(within(again).getByRole("button", { name: "Refuse all" }));
    expect(await screen.findByText("Nobody waits to be let in")).toBeInTheDocument();
    expect(calls(backend, "requestsRefuseAll")).toHaveLength(1);
    expect(calls(backend, "contactSetTrust")).toEqual([]);
    expect(screen.queryByTestId("requests-refuse-all")).toBeNull();
    await waitFor(() => {
      expect(document.getElementById("page-title")).toHaveFocus();
    });
  });

  it("are read without being answered", async () => {
    const { user } = openApp();
    await user.click(await screen.findByTestId("place-requests"));
    const [read] = await screen.findAllByTestId("request-read");
    if (read) await user.click(read);
    expect(await screen.findByTestId("request-bar")).toHaveTextContent("Let EarnSatsFast💰 in?");
    expect(screen.queryByTestId("composer")).toBeNull();
    await expectAccessible();
  });
});

describe("the pages", () => {
  it("tell what everything cost, to the msat", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-costs"));
    expect(await screen.findByTestId("costs-left-sum")).toHaveTextContent("3,627.512");
    expect(screen.getByTestId("total-fees")).toHaveTextContent("7.512");
    const contacts = within(screen.getByTestId("costs-contacts"));
    expect(contacts.getByRole("row", { name: /Carol/u })).toHaveTextContent("4.308");
    expect(screen.getByTestId("costs-months")).toHaveTextContent("November 2026");
    // What has no page of its own stands beside the contacts: the column adds up to the msat.
    const figures = (name: RegExp) =>
      within(contacts.getByRole("row", { name }))
        .getAllByRole("cell")
        .map((cell) => cell.textContent);
    expect(figures(/Removed or unknown/u)).toEqual(["0", "45.101", "1.000", "0", "0", "1 / 1"]);
    expect(contacts.queryByRole("button", { name: /Removed/u })).toBeNull();
    const { total, contacts: rows, others } = await backend.costs();
    for (const kind of ["sent", "received", "fees", "postage_sent", "refunds_sent"] as const) {
      expect(rows.reduce((sum, { totals }) => sum + totals[kind], others[kind])).toBe(total[kind]);
    }
    expect(figures(/In all/u)[2]).toBe("7.512");
    expect(screen.getByTestId("costs-contacts-sum")).toHaveTextContent("37,545.101");
    const owed = within(screen.getByTestId("costs-postage"));
    const cells = (name: RegExp) =>
      within(owed.getByRole("row", { name }))
        .getAllByRole("cell")
        .map((cell) => cell.textContent);
    expect(cells(/Carol/u)).toEqual(["1", "0.000"]);
    expect(cells(/张伟/u)).toEqual(["0", "2.500"]);
    expect(cells(/In all/u)).toEqual(["1", "2.500"]);
    expect(owed.queryByRole("row", { name: /bob/u })).toBeNull();
    await expectAccessible();
  });

  it("tell about the node", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-node"));
    expect(await screen.findByTestId("own-key")).toHaveTextContent(ALICE.node);
    expect(screen.getByTestId("qr")).toHaveAccessibleName("Your public key as a QR code");
    expect(await screen.findByTestId("node-version")).toHaveTextContent("0.21.3-beta");
    expect(screen.getByTestId("keysend")).toHaveTextContent("Your node holds payments for 15 minutes");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Copy: Your public key" }));
    expect(backend.copied).toEqual([ALICE.node]);
  });

  it("ask for the balances anew, with the page and after each payment", async () => {
    const { backend, user } = openApp();
    await screen.findByText("Connected · regtest");
    const asked = calls(backend, "nodeView").length;
    await user.click(await screen.findByTestId("place-node"));
    await waitFor(() => {
      expect(calls(backend, "nodeView").length).toBe(asked + 1);
    });
    backend.receive(1, "a coin");
    await waitFor(() => {
      expect(calls(backend, "nodeView").length).toBe(asked + 2);
    });
  });

  it("change the language and the colours at once", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    await user.click(await screen.findByTestId("language-zh-CN"));
    expect(await screen.findByRole("heading", { name: "设置" })).toBeInTheDocument();
    await user.click(screen.getByTestId("theme-dark"));
    await waitFor(() => {
      expect(document.documentElement.dataset["theme"]).toBe("dark");
    });
    expect(backend.settings).toMatchObject({ language: "zh-CN", theme: "dark" });
    await expectAccessible();
    await user.click(screen.getByTestId("language-en"));
    expect(await screen.findByRole("heading", { name: "Settings" })).toBeInTheDocument();
  });

  it("keep limits as amounts", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    await user.type(await screen.findByTestId("fee-limit"), "21.5");
    await waitFor(() => {
      expect(backend.settings.fee_limit).toBe(21_500);
    });
    await user.clear(screen.getByTestId("fee-limit"));
    await waitFor(() => {
      expect(backend.settings.fee_limit).toBeNull();
    });
    await user.type(screen.getByTestId("fee-limit"), "1,5");
    expect(screen.getByText(/Write the amount as digits/u)).toBeInTheDocument();
    expect(backend.settings.fee_limit).toBeNull();
  });

  it("take a setting back that could not be kept", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    const toggle = await screen.findByTestId("enter-sends");
    backend.failing.set("settingsSet", refusal("database_broken"));
    await user.click(toggle);
    expect(await screen.findByTestId("notice")).toBeInTheDocument();
    expect(toggle).toBeChecked();
  });
});

describe("the keyboard", () => {
  it("reaches everything, and F1 lists how", async () => {
    const { user } = openApp();
    await row(1);
    await user.keyboard("{F1}");
    expect(await screen.findByTestId("keys")).toHaveTextContent("Conversation below");
    await expectAccessible();
    await user.keyboard("{Escape}");
    await waitFor(() => {
      expect(screen.queryByTestId("keys")).toBeNull();
    });
    await user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    expect(await screen.findByTestId("title")).toHaveTextContent("Carol");
    await user.keyboard("{Alt>}{ArrowDown}{/Alt}");
    await waitFor(() => {
      expect(screen.getByTestId("title")).toHaveTextContent("张伟");
    });
    await user.keyboard("{Control>}i{/Control}");
    expect(await screen.findByTestId("contact-details")).toBeInTheDocument();
    await user.keyboard("{Escape}");
    expect(screen.queryByTestId("contact-details")).toBeNull();
    await user.keyboard("{Control>}{Shift>}F{/Shift}{/Control}");
    await waitFor(() => {
      expect(screen.getByTestId("search")).toHaveFocus();
    });
    await user.keyboard("{Control>},{/Control}");
    expect(await screen.findByTestId("page-settings")).toBeInTheDocument();
    await user.keyboard("{Escape}");
    expect(screen.getByTestId("conversation")).toBeInTheDocument();
  });
});

describe("a window with room for two panes", () => {
  it("does not take for seen what comes behind the details", async () => {
    view.width = 1000;
    vi.spyOn(document, "hasFocus").mockReturnValue(true);
    const { backend, user } = openApp();
    await user.click(await row(6));
    await screen.findByTestId("composer");
    await screen.findAllByTestId("message");
    await user.click(screen.getByTestId("toggle-details"));
    await screen.findByTestId("contact-details");
    resized();
    backend.receive(6, "Are you there?");
    await waitFor(async () => {
      expect(within(await row(6)).getByTestId("unread")).toHaveTextContent(/^1/u);
    });
    expect(calls(backend, "conversationSeen")).toEqual([]);
    await user.click(within(screen.getByTestId("details")).getByRole("button", { name: "Back" }));
    resized();
    await waitFor(() => {
      expect(calls(backend, "conversationSeen")).toEqual([[6]]);
    });
  });
});

describe("a narrow window", () => {
  it("shows one pane, and the way back", async () => {
    view.width = 400;
    const { user } = openApp();
    await user.click(await row(1));
    expect(await screen.findByTestId("composer")).toBeInTheDocument();
    expect(screen.queryByTestId("sidebar")).toBeNull();
    await expectAccessible();
    await user.click(screen.getByTestId("toggle-details"));
    expect(await screen.findByTestId("contact-details")).toBeInTheDocument();
    await user.keyboard("{Escape}");
    await user.click(screen.getByTestId("back"));
    expect(await screen.findByTestId("sidebar")).toBeInTheDocument();
    await expectAccessible();
  });
});
