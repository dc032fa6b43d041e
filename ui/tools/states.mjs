const row = (name) => (page) =>
  page.getByTestId("conversation-row").filter({ hasText: name }).first().click();
const carol = row("Carol");
const place = (name) => (page) => page.getByTestId(`place-${name}`).click();
const then =
  (...acts) =>
  async (page) => {
    for (const act of acts) {
      await act(page);
      await page.waitForTimeout(250);
    }
  };
const fill = (testid, text) => (page) => page.getByTestId(testid).fill(text);
const click = (testid) => (page) => page.getByTestId(testid).first().click();
const press = (keys) => (page) => page.keyboard.press(keys);

const bob = row("bob");
const choose = (way) => then(click("way"), click(`way-${way}`));
const write = (text) => then(fill("composer-text", text), (page) => page.waitForTimeout(500));
const pay = (amount, note) => then(click("add-amount"), fill("composer-amount", amount), write(note));
/** 60 KiB, in paragraphs. */
const LONG = "Somebody wrote a whole chapter, and it goes in one message.\n".repeat(1_024);
const detailsOf = (text) => async (page) => {
  // What quotes it comes later.
  const message = page.getByTestId("message").filter({ hasText: text }).first();
  await message.hover();
  await message.getByTestId("message-more").click();
  await page.getByTestId("menu-details").click();
};
const menuOf = (text, item) => async (page) => {
  const message = page.getByTestId("message").filter({ hasText: text }).last();
  await message.hover();
  await message.getByTestId("message-more").click();
  if (item !== undefined) await page.getByTestId(`menu-${item}`).click();
};
/** A message of ours that can be changed for both. */
const OURS = "I keep mine as it is";
/** Somebody to whom nothing has been written yet. */
const newcomer = then(
  press("Control+n"),
  fill("contact-address", `02${"5b".repeat(32)}`),
  fill("contact-name", "Frank"),
  click("contact-add"),
);

/** Every state of the window that a person should look at before a release. */
export const shots = [
  { name: "start" },
  { name: "conversation", act: carol },
  { name: "conversation-dark", theme: "dark", act: carol },
  { name: "conversation-zh", language: "zh-CN", act: then(carol, fill("composer-text", "好的")) },
  { name: "conversation-800", width: 800, act: carol },
  { name: "conversation-400", width: 400, height: 720, act: carol },
  { name: "conversation-360-dark", width: 360, height: 640, theme: "dark", act: carol },
  { name: "conversation-zoom-200", width: 640, height: 400, zoom: 2, act: carol },
  { name: "amend-menu", act: then(carol, menuOf(OURS)) },
  { name: "amend-react", act: then(carol, menuOf(OURS, "react")) },
  { name: "amend-edit", act: then(carol, menuOf(OURS, "edit")) },
  {
    name: "amend-reply-360-dark-zh",
    width: 360,
    height: 640,
    theme: "dark",
    language: "zh-CN",
    act: then(carol, menuOf(OURS, "reply")),
  },
  {
    name: "amend-taken-back",
    act: then(carol, menuOf(OURS, "take-back"), click("confirm"), detailsOf("taken back")),
  },
  { name: "list-400", width: 400, height: 720 },
  { name: "list-400-dark-zh", width: 400, height: 720, theme: "dark", language: "zh-CN" },
  {
    name: "payments-past",
    act: then(carol, async (page) => {
      for (let step = 0; step < 6; step += 1) {
        await page.getByTestId("messages").hover();
        await page.mouse.wheel(0, -500);
        await page.waitForTimeout(60);
      }
    }),
  },
  { name: "contact-details", act: then(carol, click("toggle-details")) },
  {
    name: "contact-details-dark-zh",
    theme: "dark",
    language: "zh-CN",
    act: then(carol, click("toggle-details")),
  },
  { name: "contact-details-800", width: 800, act: then(carol, click("toggle-details")) },
  {
    name: "message-details",
    act: then(carol, detailsOf("One moment")),
  },
  {
    name: "message-menu",
    act: then(carol, async (page) => {
      const message = page.getByTestId("message").filter({ hasText: "keep mine" });
      await message.hover();
      await message.getByTestId("message-more").click();
    }),
  },
  {
    name: "composer",
    act: then(carol, fill("composer-text", "Three lines\nof text\nthat grow"), (page) =>
      page.waitForTimeout(500),
    ),
  },
  {
    name: "composer-amount",
    act: then(
      carol,
      click("add-amount"),
      fill("composer-amount", "2100.5"),
      fill("composer-text", "For the tickets"),
      (page) => page.waitForTimeout(500),
    ),
  },
  {
    name: "composer-amount-400",
    width: 400,
    height: 720,
    act: then(carol, click("add-amount"), fill("composer-amount", "2,1"), (page) => page.waitForTimeout(500)),
  },
  {
    name: "composer-too-long",
    act: then(row("张伟"), fill("composer-text", "A long text. ".repeat(60)), (page) =>
      page.waitForTimeout(500),
    ),
  },
  { name: "composer-invoice", act: then(row("张伟"), pay("2100", "For lunch")) },
  {
    name: "composer-invoice-360-dark-zh",
    width: 360,
    height: 640,
    theme: "dark",
    language: "zh-CN",
    act: then(row("张伟"), pay("2100", "午饭")),
  },
  { name: "composer-on-arrival", act: then(row("Wolfe"), pay("2100", "For lunch")) },
  { name: "composer-60-kib", act: then(row("张伟"), write(LONG)) },
  { name: "composer-60-kib-360", width: 360, height: 640, act: then(row("张伟"), write(LONG)) },
  { name: "composer-beyond", act: then(row("张伟"), write(LONG + LONG)) },
  { name: "long", act: then(row("张伟"), write(LONG), click("send"), (page) => page.waitForTimeout(800)) },
  { name: "waiting-menu", act: then(bob, menuOf("Come back when")) },
  { name: "waiting-edit-360", width: 360, height: 640, act: then(bob, menuOf("Come back when", "edit")) },
  { name: "waiting-360-dark-zh", width: 360, height: 640, theme: "dark", language: "zh-CN", act: bob },
  { name: "way-menu", act: then(carol, click("way")) },
  {
    name: "way-menu-400-dark-zh",
    width: 400,
    height: 720,
    theme: "dark",
    language: "zh-CN",
    act: then(carol, click("way")),
  },
  { name: "way-free-only", act: then(carol, choose("free_only"), write("Shall we?")) },
  {
    name: "way-none",
    act: then(row("张伟"), choose("direct_only"), write("Not over anybody else")),
  },
  { name: "way-onion", act: then(row("张伟"), write("Free, if they are there")) },
  {
    name: "way-onion-360",
    width: 360,
    height: 640,
    act: then(row("张伟"), write("Free, if they are there")),
  },
  {
    name: "way-payment",
    act: then(carol, choose("free_only"), click("add-amount"), fill("composer-amount", "2100"), (page) =>
      page.waitForTimeout(500),
    ),
  },
  { name: "key-changed", act: row("Dave") },
  { name: "key-changed-dark-zh", theme: "dark", language: "zh-CN", act: row("Dave") },
  { name: "key-changed-360", width: 360, height: 640, act: row("Dave") },
  { name: "key-compare", height: 1000, act: then(row("Dave"), click("key-compare")) },
  { name: "key-compare-dark", theme: "dark", act: then(row("Dave"), click("key-compare")) },
  { name: "contact-whole", height: 2300, act: then(carol, click("toggle-details")) },
  { name: "contact-unknown", height: 1700, act: then(bob, click("toggle-details"), click("greet")) },
  {
    name: "contact-400-zh",
    width: 400,
    height: 2100,
    language: "zh-CN",
    act: then(carol, click("toggle-details")),
  },
  { name: "message-free", height: 1000, act: then(carol, detailsOf("keep mine")) },
  { name: "message-came", act: then(carol, detailsOf("moved the big channel")) },
  { name: "greeting", act: then(newcomer, click("greet")) },
  { name: "chinese", act: row("张伟") },
  { name: "pay-back", act: then(row("张伟"), click("pay-back"), (page) => page.waitForTimeout(300)) },
  {
    name: "pay-back-dark",
    theme: "dark",
    act: then(row("张伟"), click("pay-back"), (page) => page.waitForTimeout(300)),
  },
  { name: "failed", act: row("bob") },
  { name: "strange", act: (page) => page.getByTestId("conversation-row").nth(5).click() },
  { name: "long-name", act: then(row("Wolfe"), click("toggle-details")) },
  { name: "nobody", act: then(row("Unknown"), click("toggle-details")) },
  { name: "search", act: fill("search", "the") },
  { name: "search-nothing", act: fill("search", "zzzz") },
  {
    name: "find",
    act: then(carol, press("Control+f"), fill("find-text", "sealed"), (page) => page.waitForTimeout(700)),
  },
  { name: "requests", act: place("requests") },
  { name: "requests-400", width: 400, height: 720, act: place("requests") },
  {
    name: "request-open",
    act: then(click("filter-requests"), (page) => page.getByTestId("conversation-row").first().click()),
  },
  {
    name: "blocked-open",
    act: then(click("filter-blocked"), (page) => page.getByTestId("conversation-row").first().click()),
  },
  { name: "costs", height: 1400, act: place("costs") },
  { name: "costs-dark", height: 1400, theme: "dark", act: place("costs") },
  { name: "costs-400-zh", width: 400, height: 1500, language: "zh-CN", act: place("costs") },
  { name: "node", height: 1300, act: place("node") },
  { name: "node-stock", height: 1300, scene: "many", act: place("node") },
  { name: "settings", height: 1000, act: place("settings") },
  { name: "settings-dark-zh", height: 1000, theme: "dark", language: "zh-CN", act: place("settings") },
  { name: "settings-400", width: 400, height: 900, act: place("settings") },
  { name: "keys", act: press("F1") },
  { name: "new-contact", act: press("Control+n") },
  {
    name: "new-contact-mistake",
    act: then(press("Control+n"), fill("contact-address", "02abzz"), click("contact-add")),
  },
  { name: "profiles-menu", act: click("profiles-menu") },
  { name: "empty", scene: "empty" },
  { name: "empty-costs", scene: "empty", act: place("costs") },
  {
    name: "offline",
    scene: "offline",
    act: then(carol, fill("composer-text", "Hello"), (page) => page.waitForTimeout(500)),
  },
  { name: "offline-node", scene: "offline", act: place("node") },
  { name: "connecting", scene: "connecting" },
  { name: "broken", scene: "broken" },
  { name: "unwell", scene: "unwell" },
  { name: "unwell-400", scene: "unwell", theme: "dark", width: 400, language: "zh-CN" },
  { name: "first-run", scene: "first-run", height: 860 },
  {
    name: "first-run-dark-zh",
    scene: "first-run",
    theme: "dark",
    language: "zh-CN",
    height: 860,
    act: click("switch-language"),
  },
  {
    name: "first-run-files",
    scene: "first-run",
    height: 860,
    act: then(click("connect-by-files"), click("choose-cert")),
  },
  { name: "first-run-text-400", scene: "first-run", width: 400, height: 900, act: click("connect-by-text") },
  {
    name: "first-run-wrong-certificate",
    scene: "first-run",
    height: 860,
    act: then(fill("connect-link", "lndconnect://wrong_certificate"), click("connect-check")),
  },
  {
    name: "report",
    scene: "first-run",
    height: 1600,
    act: then(fill("connect-link", "lndconnect://127.0.0.1:10009?cert=a&macaroon=b"), click("connect-check")),
  },
  {
    name: "report-passphrase",
    scene: "first-run-passphrase",
    height: 1700,
    theme: "dark",
    act: then(
      fill("connect-link", "lndconnect://127.0.0.1:10009?cert=a&macaroon=b"),
      click("connect-check"),
      fill("passphrase", "short"),
    ),
  },
  { name: "locked", scene: "locked" },
  { name: "locked-wrong", scene: "locked", act: then(fill("passphrase", "no"), click("unlock")) },
  { name: "keyring", scene: "keyring", theme: "dark" },
  { name: "many", scene: "many", act: then(row("Person 1"), (page) => page.waitForTimeout(600)) },
];
