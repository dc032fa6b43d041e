import type {
  Attempt,
  Carrier,
  ConnectionInput,
  Contact,
  ContactKey,
  Conversation,
  Delivery,
  Message,
  MessageDetails,
  Quote,
  Reach,
  SearchHit,
  SendRequest,
} from "../backend";
import { BackendError, type ErrorCode } from "../error";
import { SAT } from "./messages";
import { hex } from "./people";

export function refusal(code: ErrorCode, detail: string | null = null): BackendError {
  return new BackendError({ code, message: code.replaceAll("_", " "), detail });
}

/** Refuses a connection whose address says what is wrong with it. */
export function checkConnection(input: ConnectionInput): void {
  const where = input.kind === "link" ? input.link : input.address;
  const codes = [
    "refused",
    "timeout",
    "wrong_certificate",
    "wrong_macaroon",
    "wallet_locked",
    "wrong_port",
  ] as const;
  const named = codes.find((code) => where.includes(code));
  if (named !== undefined) throw refusal(named);
  if (input.kind === "link" && !where.startsWith("lndconnect://")) throw refusal("link_invalid");
}

const STATES: Partial<Record<Delivery["state"], Attempt["state"]>> = {
  settled: "settled",
  returned: "refused",
  failed: "failed",
  parked: "forgotten",
  delivered: "delivered",
};

/** The last attempt of a message. A free one has neither amount nor records, and nothing is paid to its hash. */
function attemptOf({ key, carrier, stored_at }: Message, way: Delivery): Attempt {
  const over = ["settled", "returned", "failed", "delivered"].includes(way.state);
  const paid = carrier === "keysend" || carrier === "invoice";
  return {
    carrier: carrier ?? "keysend",
    part: null,
    payment_hash: hex(`hash ${key}`, 64),
    preimage: way.state === "settled" ? hex(`preimage ${key}`, 64) : null,
    state: STATES[way.state] ?? "sent",
    amount: paid ? way.amount : 0,
    fee: way.fee,
    fee_limit: paid ? Math.max(10_000, Math.ceil(way.amount / 100)) : 0,
    hops: way.hops,
    failure: way.failure,
    created_at: stored_at + 2,
    ended_at: over ? (way.delivered_at ?? stored_at + 1_400) : null,
    record_bytes: paid ? 260 : 0,
  };
}

/** What there would be to tell about a message. */
export function detailsOf(message: Message): MessageDetails {
  const { key, delivery: way } = message;
  return {
    message,
    id: hex(`id ${key}`, 32),
    attempts: way === null || message.carrier === null ? [] : [attemptOf(message, way)],
    payment_hash: message.hold === null ? null : hex(`hash ${key}`, 64),
    record_bytes: message.hold === null ? null : 324,
    versions: [],
    amendments: [],
  };
}

/** The first conversation is with a neighbour; everybody else is two hops away. */
export const NEIGHBOUR = 1;

/** How somebody can be reached; the fifth is no public node. */
export function reachOf(conversation: number): Reach {
  const near = conversation === NEIGHBOUR ? 1 : 0;
  return {
    in_graph: conversation !== 5,
    keysend: true,
    peer: near > 0,
    channels: near,
    active_channels: near,
  };
}

function holds({ program }: Contact): boolean {
  return program.kind === "heliograph" && program.hold_secs !== null;
}

/** What a message is tried by first; nothing when no way that is allowed leads there. */
export function carrierOf(request: SendRequest, contact: Contact, key: ContactKey): Carrier | null {
  const way = request.way === "auto" ? contact.way : request.way;
  const near = request.conversation === NEIGHBOUR;
  const payment = way === "auto" || (way === "direct_only" ? near : way === "routed_only" && !near);
  const free = way === "auto" || way === "free_only";
  if (request.payment > 0 && free && key.gives_invoices && !holds(contact)) return "invoice";
  if (request.payment > 0) return payment || way === "free_only" ? "keysend" : null;
  if (near && key.takes_peer && way !== "routed_only") return "peer";
  if (key.takes_onion && way !== "direct_only") return "onion";
  return payment ? "keysend" : null;
}

/** Bytes of a text, of one letter, and of a part by payment. */
const LONGEST = 65_536;
const ONE_LETTER = 700;
const PART = 485;

/** What a send would cost: nothing where their app listens; as a payment one hop or two. */
export function quoteOf(request: SendRequest, contact: Contact, key: ContactKey): Quote {
  const carrier = carrierOf(request, contact, key);
  if (carrier === null) throw refusal("no_way");
  const bytes = new TextEncoder().encode(request.text).length;
  const { program } = contact;
  const sealed = program.kind === "heliograph" || contact.sealed_only || key.sealed_to_app;
  // Only texts go in parts, and only to those who join them.
  const room = sealed && request.payment === 0 ? LONGEST : ONE_LETTER;
  if (bytes > room) throw refusal("too_long", String(bytes - room));
  const parts = bytes > ONE_LETTER ? Math.ceil(bytes / PART) : 1;
  const held = holds(contact);
  const amount = request.payment || SAT;
  const near = request.conversation === NEIGHBOUR;
  const deaf = { ...key, takes_peer: false, takes_onion: false, gives_invoices: false };
  const payable = carrierOf(request, contact, deaf) !== null;
  return {
    carrier,
    way_hops: carrier === "onion" ? 2 : near ? 1 : 2,
    payable,
    amount: payable ? amount * parts : 0,
    postage: request.payment === 0,
    owed: 0,
    returned: payable && request.payment === 0 && held,
    fee: payable && !near ? (1_000 + Math.floor(amount / 2_000)) * parts : 0,
    fee_limit: payable ? Math.max(10_000, Math.ceil(amount / 100)) * parts : 0,
    hops: near ? 1 : 2,
    privacy: sealed ? "sealed" : "open",
    parts: payable ? parts : Math.ceil(bytes / 30_000),
    bytes_left: room - bytes,
    held: held || carrier === "invoice",
  };
}

/** What a pay-back would cost, over two hops. */
export function paybackQuoteOf(amount: number): Quote {
  return {
    carrier: "keysend",
    way_hops: 2,
    payable: true,
    amount,
    postage: false,
    owed: 0,
    returned: false,
    fee: 1_036,
    fee_limit: Math.max(10_000, Math.ceil(amount / 100)),
    hops: 2,
    privacy: "sealed",
    parts: 1,
    bytes_left: 600,
    held: false,
  };
}

/** A row of the list, with what its messages add to it. */
export function viewOf(row: Conversation, all: Message[] = []): Conversation {
  const last = all.at(-1);
  const recent = all.length > 200 ? all.slice(-200) : all;
  return {
    ...row,
    held: recent.filter((message) => message.hold?.state === "held").length,
    failed: recent.filter((message) => message.delivery?.state === "failed").length,
    last: last
      ? {
          direction: last.direction,
          kind: last.kind,
          text: last.text.slice(0, 120),
          payment: last.payment,
          at: last.stored_at,
          delivery: last.delivery?.state ?? null,
          taken_back: last.taken_back_at !== null,
          authorship: last.authorship,
          claims: last.claims,
          says: last.says,
        }
      : null,
  };
}

/** Messages with these letters in them, the newest first, each with its surroundings. */
export function hitsIn(messages: Message[], text: string): Omit<SearchHit, "title">[] {
  const wanted = text.trim().toLowerCase();
  return messages
    .filter((message) => wanted !== "" && message.text.toLowerCase().includes(wanted))
    .sort((a, b) => b.key - a.key)
    .map((message) => {
      const at = message.text.toLowerCase().indexOf(wanted);
      const from = Math.max(0, at - 30);
      return {
        message: message.key,
        conversation: message.conversation,
        direction: message.direction,
        authorship: message.authorship,
        claims: message.claims,
        says: message.says,
        at: message.stored_at,
        snippet: [
          (from > 0 ? "…" : "") + message.text.slice(from, at),
          message.text.slice(at, at + wanted.length),
          message.text.slice(at + wanted.length, at + 90),
        ],
      };
    });
}
