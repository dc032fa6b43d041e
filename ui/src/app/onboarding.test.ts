import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { FINE, HOLDS, OFFICE, SUMMARY } from "~/backend/mock/answers";
import { type MockBackend, refusal } from "~/backend/mock/mock";
import { calls, expectAccessible, openApp } from "~/test-tools";

const LINK = "lndconnect://127.0.0.1:10009?cert=a&macaroon=b";

/** The macaroon may do what is needed. */
function complete(mock: MockBackend) {
  mock.report = { node: SUMMARY, permissions: FINE, keysend: HOLDS };
}

async function checkLink(user: ReturnType<typeof openApp>["user"], link = LINK) {
  await user.click(await screen.findByTestId("connect-link"));
  await user.paste(link);
  await user.click(screen.getByTestId("connect-check"));
}

describe("the first run", () => {
  it("shows what was found before anything is saved", async () => {
    const { backend, user } = openApp({ scene: "first-run" });
    await screen.findByTestId("connect-link");
    await expectAccessible();
    await checkLink(user);
    const report = await screen.findByTestId("report");
    expect(within(report).getByTestId("node-alias")).toHaveTextContent(SUMMARY.alias);
    expect(within(report).getByTestId("node-network")).toHaveTextContent("regtest");
    const missing = within(report).getByTestId("permissions-missing");
    expect(missing).toHaveTextContent("accepting and refunding payments");
    expect(within(missing).getByTestId("bake-command")).toHaveTextContent("lncli bakemacaroon");
    expect(within(report).getByTestId("permissions-too-powerful")).toBeInTheDocument();
    expect(within(report).getByTestId("conf-lines")).toHaveTextContent("keysend-hold-time=15m");
    await expectAccessible();
    expect(calls(backend, "profileCreate")).toEqual([]);
  });

  it("saves nothing that could not work, and looks again when it was mended", async () => {
    const { backend, user } = openApp({ scene: "first-run" });
    await checkLink(user);
    expect(await screen.findByTestId("profile-save")).toBeDisabled();
    await user.type(screen.getByTestId("profile-name-field"), "{Enter}");
    expect(calls(backend, "profileCreate")).toEqual([]);
    backend.report = { node: SUMMARY, permissions: FINE, keysend: HOLDS };
    await user.click(screen.getByTestId("check-again"));
    await waitFor(() => {
      expect(screen.getByTestId("profile-save")).toBeEnabled();
    });
    expect(screen.queryByTestId("permissions-missing")).toBeNull();
    await user.click(screen.getByTestId("profile-save"));
    expect(await screen.findByTestId("shell")).toBeInTheDocument();
  });

  it("gives the line for a macaroon to whoever has none yet", async () => {
    const { user } = openApp({ scene: "first-run" });
    await user.click(await screen.findByText("No macaroon yet?"));
    expect(screen.getByTestId("macaroon-command")).toHaveTextContent(/^lncli bakemacaroon /u);
    await expectAccessible();
  });

  it("ends in the open window", async () => {
    const { backend, user } = openApp({ scene: "first-run" }, complete);
    await checkLink(user);
    const name = await screen.findByTestId("profile-name-field");
    expect(name).toHaveValue("alice");
    await user.clear(name);
    await user.type(name, "My node");
    await user.click(screen.getByTestId("profile-save"));
    expect(calls(backend, "profileCreate")).toEqual([[{ kind: "link", link: LINK }, "My node", null]]);
    expect(await screen.findByTestId("shell")).toBeInTheDocument();
    expect(await screen.findByTestId("profile-name")).toHaveTextContent("My node");
  });

  it("asks for a passphrase where there is no keyring", async () => {
    const { backend, user } = openApp({ scene: "first-run-passphrase" }, complete);
    await checkLink(user);
    await user.type(await screen.findByTestId("passphrase"), "short");
    expect(screen.getByText("A passphrase has at least eight characters.")).toBeInTheDocument();
    expect(screen.getByTestId("profile-save")).toBeDisabled();
    await user.clear(screen.getByTestId("passphrase"));
    await user.type(screen.getByTestId("passphrase"), "correct horse");
    await user.type(screen.getByTestId("passphrase-again"), "correct house");
    expect(screen.getByText("The two are not the same.")).toBeInTheDocument();
    await user.clear(screen.getByTestId("passphrase-again"));
    await user.type(screen.getByTestId("passphrase-again"), "correct horse");
    await user.click(screen.getByTestId("profile-save"));
    await waitFor(() => {
      expect(calls(backend, "profileCreate")[0]?.[2]).toBe("correct horse");
    });
  });

  it("takes files and pasted text as well", async () => {
    const { backend, user } = openApp({ scene: "first-run" });
    await user.click(await screen.findByTestId("connect-by-files"));
    await user.click(await screen.findByTestId("choose-cert"));
    await user.click(screen.getByTestId("choose-macaroon"));
    await user.click(screen.getByTestId("connect-check"));
    await waitFor(() => {
      expect(calls(backend, "connectionCheck")).toEqual([
        [
          {
            kind: "files",
            address: "127.0.0.1:10009",
            cert_path: "/home/alice/.lnd/tls.cert",
            macaroon_path: "/home/alice/heliograph.macaroon",
          },
        ],
      ]);
    });
  });

  it("takes pasted text", async () => {
    const { backend, user } = openApp({ scene: "first-run" });
    await user.click(await screen.findByTestId("connect-by-text"));
    await user.type(await screen.findByTestId("connect-cert"), "PEM");
    await user.type(screen.getByTestId("connect-macaroon"), "0201");
    await user.click(screen.getByTestId("connect-check"));
    await waitFor(() => {
      expect(calls(backend, "connectionCheck")).toEqual([
        [{ kind: "text", address: "127.0.0.1:10009", cert: "PEM", macaroon: "0201" }],
      ]);
    });
  });

  it.each([
    ["refused", "Nothing listens at this address", "Is LND running?"],
    ["timeout", "No answer from this address", "A firewall may be in the way"],
    ["wrong_port", "Something else listens on this port", "gRPC port"],
    ["wrong_certificate", "The node shows another certificate", "import its tls.cert again"],
    ["wrong_macaroon", "The node does not take this macaroon", "Bake a new one"],
    ["wallet_locked", "The wallet of the node is locked", "lncli unlock"],
  ])("says in words what is wrong: %s", async (code, title, help) => {
    const { user } = openApp({ scene: "first-run" });
    await checkLink(user, `lndconnect://${code}`);
    const error = await screen.findByTestId("connect-error");
    expect(error).toHaveTextContent(title);
    expect(error).toHaveTextContent(help);
  });

  it("gives the line that makes a right macaroon", async () => {
    const { user } = openApp({ scene: "first-run" }, (mock) => {
      mock.failing.set("connectionCheck", refusal("missing_permission", "lncli bakemacaroon uri:/a"));
    });
    await checkLink(user);
    expect(await screen.findByTestId("connect-error")).toHaveTextContent("lncli bakemacaroon uri:/a");
  });

  it("speaks Chinese before there is a setting", async () => {
    const { backend, user } = openApp({ scene: "first-run", settings: { language: "" } }, complete);
    await user.click(await screen.findByTestId("switch-language"));
    expect(await screen.findByRole("heading", { name: "连接您的闪电节点" })).toBeInTheDocument();
    await checkLink(user);
    await user.click(await screen.findByTestId("profile-save"));
    await screen.findByTestId("shell");
    expect(backend.settings.language).toBe("zh-CN");
    expect(await screen.findByRole("button", { name: "消息 3" })).toBeInTheDocument();
  });
});

describe("a locked profile", () => {
  it("opens with its passphrase and no other", async () => {
    const { user } = openApp({ scene: "locked" });
    await user.type(await screen.findByTestId("passphrase"), "wrong");
    await expectAccessible();
    await user.click(screen.getByTestId("unlock"));
    expect(await screen.findByTestId("locked-error")).toHaveTextContent("This is not the passphrase.");
    await user.clear(screen.getByTestId("passphrase"));
    await user.type(screen.getByTestId("passphrase"), "correct horse");
    await user.click(screen.getByTestId("unlock"));
    expect(await screen.findByTestId("shell")).toBeInTheDocument();
  });

  it("waits for the keyring", async () => {
    const { user } = openApp({ scene: "keyring" });
    await user.click(await screen.findByTestId("unlock"));
    expect(await screen.findByTestId("locked-error")).toHaveTextContent("The keyring is locked");
    await expectAccessible();
  });
});

describe("a profile that does not open", () => {
  it("is tried again, until it opens", async () => {
    const { backend, user } = openApp({}, (mock) => {
      mock.failing.set("appState", refusal("database_broken", "disk full"));
    });
    const page = await screen.findByTestId("not-opened");
    expect(page).toHaveTextContent("disk full");
    await expectAccessible();
    await user.click(within(page).getByTestId("try-again"));
    expect(await screen.findByTestId("not-opened")).toBeInTheDocument();
    backend.failing.clear();
    await user.click(screen.getByTestId("try-again"));
    expect(await screen.findByTestId("shell")).toBeInTheDocument();
  });

  it("leaves the way to the others, and to another node", async () => {
    const { backend, user } = openApp({}, (mock) => {
      mock.failing.set("appState", refusal("key_missing"));
    });
    const others = await screen.findByTestId("other-profiles");
    await user.click(within(others).getByRole("button", { name: "Add a node…" }));
    expect(await screen.findByTestId("connect-link")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Back" }));
    backend.failing.clear();
    await user.click(await screen.findByRole("button", { name: `Open ${OFFICE.name}` }));
    await waitFor(() => {
      expect(screen.getByTestId("profile-name")).toHaveTextContent(OFFICE.name);
    });
  });
});

describe("several profiles", () => {
  it.each([
    ["keyring", "kept in the keyring of this computer"],
    ["passphrase_file", "behind the passphrase that Heliograph was started with"],
    ["passphrase", "This computer has no keyring"],
  ] as const)("say where the secrets of one more go: %s", async (place, words) => {
    const { user } = openApp({}, (mock) => {
      complete(mock);
      mock.secrets = place;
    });
    await user.click(await screen.findByTestId("profiles-menu"));
    await user.click(await screen.findByTestId("menu-add-profile"));
    await checkLink(user);
    expect(await screen.findByTestId("report")).toHaveTextContent(words);
  });

  it("are switched, and nothing of one is seen in the other", async () => {
    const { backend, user } = openApp();
    await screen.findAllByTestId("conversation-row");
    backend.conversations = [];
    await user.click(screen.getByTestId("profiles-menu"));
    await user.click(await screen.findByTestId(`menu-profile-${OFFICE.id}`));
    await waitFor(() => {
      expect(screen.getByTestId("profile-name")).toHaveTextContent(OFFICE.name);
    });
    expect(screen.queryAllByTestId("conversation-row")).toEqual([]);
    expect(await screen.findByText("No contacts yet")).toBeInTheDocument();
  });

  it("ask for a passphrase where one is needed", async () => {
    const { backend, user } = openApp();
    backend.failing.set("profileOpen", refusal("passphrase_needed"));
    await user.click(await screen.findByTestId("profiles-menu"));
    await user.click(await screen.findByTestId(`menu-profile-${OFFICE.id}`));
    const locked = await screen.findByTestId("locked");
    expect(locked).toHaveTextContent(OFFICE.name);
    backend.failing.clear();
    await user.type(within(locked).getByTestId("passphrase"), "correct horse");
    await user.click(within(locked).getByTestId("unlock"));
    await waitFor(() => {
      expect(screen.getByTestId("profile-name")).toHaveTextContent(OFFICE.name);
    });
    expect(calls(backend, "profileOpen").at(-1)).toEqual([OFFICE.id, "correct horse"]);
  });

  it("are renamed and removed", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    const [rename] = await screen.findAllByRole("button", { name: "Rename" });
    if (rename) await user.click(rename);
    const field = screen.getByLabelText("Name of this profile");
    await user.clear(field);
    await user.type(field, "Alice at home{Enter}");
    expect(await screen.findByText("Alice at home")).toBeInTheDocument();
    const buttons = within(screen.getByTestId("profiles")).getAllByRole("button", { name: "Remove" });
    if (buttons[1]) await user.click(buttons[1]);
    expect(await screen.findByText(`Remove the profile ${OFFICE.name}?`)).toBeInTheDocument();
    await user.click(screen.getByTestId("confirm"));
    await waitFor(() => {
      expect(calls(backend, "profileRemove")).toEqual([[OFFICE.id, false]]);
    });
  });

  it("are removed by a second word only while payments wait for their keys", async () => {
    const { backend, user } = openApp();
    await user.click(await screen.findByTestId("place-settings"));
    backend.failing.set("profileRemove", refusal("payments_wait", "2"));
    await screen.findAllByRole("button", { name: "Remove" });
    const buttons = within(screen.getByTestId("profiles")).getAllByRole("button", { name: "Remove" });
    if (buttons[1]) await user.click(buttons[1]);
    await user.click(await screen.findByTestId("confirm"));
    expect(
      await screen.findByText("Payments may still wait for the keys of this profile."),
    ).toBeInTheDocument();
    expect(await screen.findByText(/accept or refund what waits/)).toBeInTheDocument();
    expect(backend.profiles).toContainEqual(OFFICE);
    backend.failing.delete("profileRemove");
    await user.click(await screen.findByRole("button", { name: "Remove anyway" }));
    await waitFor(() => {
      expect(calls(backend, "profileRemove")).toEqual([
        [OFFICE.id, false],
        [OFFICE.id, true],
      ]);
    });
  });

  it("get a new connection to the same node", async () => {
    const { backend, user } = openApp({ scene: "offline" }, complete);
    await user.click(await screen.findByTestId("place-node"));
    await user.click(await screen.findByTestId("reconnect"));
    expect(await screen.findByText("Connect alice again")).toBeInTheDocument();
    await checkLink(user);
    await user.click(await screen.findByTestId("profile-save"));
    await waitFor(() => {
      expect(calls(backend, "profileReconnect")).toHaveLength(1);
    });
    expect(await screen.findByTestId("shell")).toBeInTheDocument();
  });
});
