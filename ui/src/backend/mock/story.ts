import type { ContactKey, Conversation, Message } from "../backend";
import { contact, contactKey, conversation, hex } from "./people";
import { DAY, delivered, delivery, free, HOUR, hold, kept, messages, MINUTE, SAT } from "./messages";

export interface World {
  conversations: Conversation[];
  messages: Map<number, Message[]>;
  /** By conversation; of others no card has come. */
  keys: Map<number, ContactKey>;
}

const LONG =
  "I moved the big channel to the other peer last night. It was quiet for eleven hours, then three rebalances in a row " +
  "went through for less than two sats each. If that holds until Friday I will close the old one cooperatively, wait " +
  "for a calm mempool, and open two of half the size. No hurry with your side: whatever we have now is enough for " +
  "another month of talking, and a message costs next to nothing anyway.";

/** What a person sees after some weeks: every kind of message and payment, and names of every kind. */
export function story(now: number): World {
  const carol = contact("carol", {
    name: "Carol",
    alias: "carol-lnd",
    note: "From the meet-up in Leipzig",
    accept_up_to: 100 * SAT,
    program: { kind: "heliograph", hold_secs: 900 },
  });
  const bob = contact("bob", { alias: "bob's node ⚡", program: { kind: "other" } });
  const zhang = contact("zhang wei", { name: "张伟", alias: "zhangwei.node" });
  const long = contact("long", {
    name: "Wolfeschlegelsteinhausenbergerdorff-Amalgamated Routing Cooperative of the Northern Provinces",
  });
  const nameless = contact("nameless", { program: { kind: "unknown" } });
  const dave = contact("dave", { name: "Dave" });
  const stranger = contact("stranger", {
    alias: "EarnSatsFast💰",
    trust: "request",
    program: { kind: "unknown" },
  });
  const erin = contact("erin", {
    alias: "erin",
    trust: "request",
    program: { kind: "heliograph", hold_secs: 900 },
  });
  const mallory = contact("mallory", { alias: "mallory", trust: "blocked", program: { kind: "other" } });

  const nobody = contact("alice", { title: "", nobody: true, program: { kind: "other" } });

  const conversations = [
    conversation(1, carol),
    conversation(2, bob),
    conversation(3, zhang),
    conversation(4, long),
    conversation(5, nameless),
    conversation(6, dave, "Saturday works for me, but only after"),
    conversation(7, stranger),
    conversation(8, erin),
    conversation(9, mallory),
    conversation(10, nobody),
  ];

  const keys = new Map([
    [1, contactKey("carol", { compared: true })],
    [3, contactKey("zhang wei", { takes_peer: false })],
    [6, contactKey("dave", { changed: true })],
  ]);
  const of = new Map<number, Message[]>();
  of.set(
    1,
    messages(1, 100, now, [
      [9 * DAY, "out", { text: "Hello Carol! Does this reach you?", privacy: "open", delivery: kept(204) }],
      [
        9 * DAY - 3 * MINUTE,
        "in",
        { text: "It does. Readable, it says; the next one should be sealed.", privacy: "open" },
      ],
      [9 * DAY - 4 * MINUTE, "out", { text: "And this one is." }],
      [
        3 * DAY,
        "out",
        {
          text: "Thank you for dinner",
          kind: { kind: "payment" },
          payment: 2_100 * SAT,
          delivery: delivery({
            state: "settled",
            returned: null,
            amount: 2_100 * SAT,
            postage: false,
            fee: 2_100,
            paid: 2_102_100,
            waits_until: now - 3 * DAY + 15 * MINUTE,
          }),
        },
      ],
      [
        3 * DAY - 2 * MINUTE,
        "in",
        { text: "You are welcome 🙂 That was far too much, half of it comes back with the next round." },
      ],
      [
        DAY + 2 * HOUR,
        "out",
        {
          text: "A try",
          kind: { kind: "payment" },
          payment: 50_000 * SAT,
          delivery: delivery({
            returned: "declined",
            amount: 50_000 * SAT,
            postage: false,
            waits_until: now - DAY - HOUR,
          }),
        },
      ],
      [DAY + HOUR, "in", { text: "Refused: I do not want to owe you anything before the channel is moved." }],
      [
        DAY,
        "in",
        {
          text: "For the stickers",
          kind: { kind: "payment" },
          payment: 1_500 * SAT,
          hold: hold({
            state: "settled",
            amount: 1_500 * SAT,
            postage: false,
            decision: "arrival",
            arrived_at: now - DAY,
          }),
          refund: { message: 109, done: true, failed: false, amount: 1_500 * SAT },
        },
      ],
      [DAY - 5 * MINUTE, "out", { text: "The stickers are a present!" }],
      [
        DAY - 6 * MINUTE,
        "out",
        {
          text: "",
          kind: { kind: "refund", of: hex("stickers", 64) },
          payment: 1_500 * SAT,
          refund_of: 107,
          delivery: delivery({
            state: "settled",
            returned: null,
            amount: 1_500 * SAT,
            postage: false,
            fee: 1_500,
            paid: 1_501_500,
          }),
        },
      ],
      [52 * MINUTE, "in", { text: LONG, ...free("onion") }],
      [
        50 * MINUTE,
        "out",
        {
          text: "Good. I keep mine as it is, then.",
          reply: {
            to: {
              key: 110,
              direction: "incoming",
              kind: { kind: "text" },
              text: LONG,
              payment: 0,
              taken_back: false,
            },
          },
          edited_at: now - 49 * MINUTE,
          reactions: [
            { emoji: "👍", direction: "incoming" },
            { emoji: "🎉", direction: "outgoing" },
          ],
          ...free("onion", delivered(now - 50 * MINUTE + 60, { read_at: now - 50 * MINUTE + 21_000 })),
        },
      ],
      [
        49 * MINUTE,
        "out",
        {
          text: "Shall I send you the graph?\nIt has three lines:\n  · fees\n  · forwards\n  · failures",
          ...free("peer", delivered(now - 49 * MINUTE + 20, { hops: 1 })),
        },
      ],
      [
        12 * MINUTE,
        "in",
        {
          text: "Yes please. And here is what I owe you since spring",
          kind: { kind: "payment" },
          payment: 21_000_500,
          hold: hold({
            state: "held",
            amount: 21_000_500,
            postage: false,
            decision: null,
            deadline: now + 8.4 * MINUTE,
            arrived_at: now - 6.6 * MINUTE,
          }),
        },
      ],
      [
        2 * MINUTE,
        "out",
        {
          text: "One moment, I look at it",
          ...free("onion", delivery({ state: "in_flight", returned: null, hops: 2 })),
        },
      ],
    ]),
  );
  of.set(
    2,
    messages(2, 200, now, [
      [
        2 * DAY,
        "in",
        { text: "hi, whatsat here", privacy: "open", hold: hold({ state: "settled", decision: "policy" }) },
      ],
      [
        2 * DAY - MINUTE,
        "out",
        { text: "I can read you, and your signature is fine.", privacy: "open", delivery: kept(1_000) },
      ],
      [
        5 * HOUR,
        "in",
        {
          text: "who is this?",
          privacy: "open",
          authorship: "claimed",
          hold: hold({ state: "settled", decision: "policy" }),
        },
      ],
      [
        4 * HOUR,
        "out",
        {
          text: "Anybody could have written that.",
          privacy: "open",
          delivery: delivery({ state: "failed", returned: null, failure: "no_keysend", hops: null }),
        },
      ],
      [
        HOUR,
        "out",
        {
          text: "Come back when you can.",
          delivery: delivery({
            state: "queued",
            returned: null,
            failure: "recipient_offline",
            hops: 2,
            next_try: now + 24 * MINUTE,
            gives_up_at: now + 7 * DAY - HOUR,
          }),
        },
      ],
    ]),
  );
  of.set(
    3,
    messages(3, 300, now, [
      [7 * HOUR, "in", { text: "你好！这条消息是通过闪电网络发送的，没有服务器，也不需要账号。" }],
      [
        7 * HOUR - 2 * MINUTE,
        "out",
        {
          text: "收到了，加密的，而且是免费的。",
          ...free("onion", delivered(now - 7 * HOUR + 2 * MINUTE + 45)),
        },
      ],
      [
        6 * HOUR,
        "in",
        {
          text: "午饭的钱",
          kind: { kind: "payment" },
          payment: 36_000 * SAT,
          hold: hold({
            state: "settled",
            amount: 36_000 * SAT,
            postage: false,
            decision: "arrival",
            can_pay_back: true,
          }),
        },
      ],
      [20 * MINUTE, "in", { text: "周六下午三点，在老地方见？", ...free("onion") }],
      [19 * MINUTE, "in", { text: "记得带上那本书。", ...free("onion") }],
    ]),
  );
  of.set(
    4,
    messages(4, 400, now, [
      [
        26 * HOUR,
        "in",
        {
          text: "averyveryverylongwordwithoutanyspaceatallthatgoesonandonuntilitisfarwiderthananybubbleoranywindowcouldeverbe",
        },
      ],
    ]),
  );
  of.set(
    5,
    messages(5, 500, now, [
      [
        4 * DAY,
        "out",
        { text: "Is anybody there?", privacy: "open", delivery: delivery({ returned: "unconfirmed" }) },
      ],
      [
        3 * DAY,
        "out",
        { text: "A parked one", privacy: "open", delivery: delivery({ state: "parked", returned: null }) },
      ],
      [2 * DAY, "in", { text: "", kind: { kind: "unreadable" } }],
      [DAY, "in", { text: "", kind: { kind: "newer" } }],
    ]),
  );
  of.set(
    6,
    messages(6, 600, now, [
      [40 * DAY, "in", { text: "Are you free next weekend?" }],
      [
        39 * DAY,
        "out",
        {
          text: "For the tickets",
          kind: { kind: "payment" },
          payment: 12_000 * SAT,
          delivery: delivery({
            state: "in_flight",
            returned: null,
            amount: 12_000 * SAT,
            postage: false,
            waits_until: now + 11 * MINUTE,
          }),
        },
      ],
    ]),
  );
  of.set(
    7,
    messages(7, 700, now, [
      [
        3 * HOUR,
        "in",
        {
          text: "Grow your node!!! 100x liquidity → https://example.com/ad?id=1 <b>click</b>",
          privacy: "open",
          authorship: "claimed",
          hold: hold({ state: "settled", decision: "policy" }),
        },
      ],
    ]),
  );
  of.set(
    8,
    messages(8, 800, now, [
      [
        26 * HOUR,
        "in",
        {
          text: "Hi, Carol gave me your key. Erin, from the reading group. This is for the book.",
          kind: { kind: "payment" },
          payment: 9_000 * SAT,
          hold: hold({
            state: "held",
            amount: 9_000 * SAT,
            postage: false,
            decision: null,
            deadline: now + 3 * MINUTE,
            arrived_at: now - 12 * MINUTE,
          }),
        },
      ],
    ]),
  );
  of.set(9, messages(9, 900, now, [[60 * DAY, "in", { text: "…", privacy: "open" }]]));

  of.set(
    10,
    messages(10, 950, now, [
      [
        80 * DAY,
        "in",
        {
          text: "Thanks for running this node!",
          privacy: "open",
          authorship: "claimed",
          hold: hold({ state: "settled", amount: 210 * SAT, postage: false, decision: "policy" }),
          payment: 210 * SAT,
        },
      ],
      [
        79 * DAY,
        "in",
        {
          text: "",
          kind: { kind: "payment" },
          privacy: "open",
          authorship: "claimed",
          says: { name: "Listener", about: "Castamatic · Signals · Mirrors on the hill" },
          hold: hold({ state: "settled", amount: 2_100 * SAT, postage: false, decision: "policy" }),
          payment: 2_100 * SAT,
        },
      ],
    ]),
  );

  const unread: Record<number, number> = { 3: 2, 4: 1, 7: 1, 8: 1 };
  for (const row of conversations) row.unread = unread[row.id] ?? 0;
  return { conversations, messages: of, keys };
}
