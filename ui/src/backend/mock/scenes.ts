import type { AppView, Condition, ConnectionHints, Link, Message, Profile } from "../backend";
import { ALICE, OFFICE } from "./answers";
import { messages, MINUTE, type Sketch } from "./messages";
import { contact, conversation } from "./people";
import { story, type World } from "./story";

export const SCENES = [
  "story",
  "empty",
  "first-run",
  "first-run-passphrase",
  "locked",
  "keyring",
  "offline",
  "connecting",
  "many",
  "broken",
  "unwell",
] as const;
export type Scene = (typeof SCENES)[number];

const WORDS = [
  "Good morning.",
  "The channel is back.",
  "节点又上线了。",
  "I will look at the fees tonight and tell you what I find; it should not be much, but one never knows with this route.",
  "👍",
  "Yes.\nAnd no.",
  "Could you send me the invoice again? The last one ran out before I was home, and the shop is closed on Mondays.",
];

/** A conversation that began long ago, among thousands of others. */
function many(now: number): World {
  const conversations = Array.from({ length: 5_000 }, (_, index) => {
    const row = conversation(index + 1, contact(`person ${index}`, { name: `Person ${index + 1}` }));
    row.unread = index % 7 === 3 ? (index % 5) + 1 : 0;
    return row;
  });
  const of = new Map<number, Message[]>();
  const long: [number, "in" | "out", Sketch][] = Array.from({ length: 100_000 }, (_, index) => [
    (100_000 - index) * 7 * MINUTE,
    index % 3 === 0 ? "out" : "in",
    { text: `${index + 1}. ${WORDS[index % WORDS.length] ?? ""}` },
  ]);
  of.set(1, messages(1, 1_000_000, now, long));
  for (const row of conversations.slice(1)) {
    of.set(
      row.id,
      messages(row.id, row.id * 10, now, [[row.id * 11 * MINUTE, "in", { text: WORDS[row.id % 7] ?? "" }]]),
    );
  }
  return { conversations, messages: of, keys: new Map() };
}

export function worldOf(scene: Scene, now: number): World {
  if (scene === "many") return many(now);
  if (scene === "empty") return { conversations: [], messages: new Map(), keys: new Map() };
  return story(now);
}

/** What asks a broken database. */
const READING = ["conversationsList", "messagesPage", "costs", "settingsGet", "nodeView"];

/** Where the app is when the window opens. */
interface Start {
  app: AppView;
  link: Link;
  profiles: Profile[];
  /** Where the secrets of a new profile go. */
  secrets: ConnectionHints["secrets"];
  /** Commands that fail. */
  failing: string[];
  /** What is wrong. */
  health: Condition[];
}

/** Everything above the pages at once: short and long, urgent and not, with a button and without. */
const UNWELL: Condition[] = [
  { kind: "disk_full" },
  { kind: "clock_off", skew_ms: 7_260_000, wrong: "computer" },
  { kind: "other_app", in_charge: false },
];

export function startOf(scene: Scene, now: number): Start {
  return {
    app: appOf(scene),
    link: linkOf(scene, now),
    profiles: scene.startsWith("first-run") ? [] : [ALICE, OFFICE],
    secrets: scene === "first-run-passphrase" ? "passphrase" : "keyring",
    failing: scene === "broken" ? READING : [],
    health: scene === "unwell" ? UNWELL : [],
  };
}

function appOf(scene: Scene): AppView {
  if (scene.startsWith("first-run")) return { stage: "first_run" };
  if (scene === "locked") return { stage: "locked", profile: ALICE, needs: "passphrase" };
  if (scene === "keyring") return { stage: "locked", profile: ALICE, needs: "keyring" };
  return { stage: "open", profile: ALICE };
}

function linkOf(scene: Scene, now: number): Link {
  if (scene === "connecting") return { state: "connecting" };
  if (scene !== "offline") return { state: "connected", synced: true };
  return { state: "waiting", fault: { kind: "wrong_certificate" }, next_try: now + 24_000 };
}
