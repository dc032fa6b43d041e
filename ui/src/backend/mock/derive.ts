import type { Contact, Message, MessageDetails, Quote, SearchHit, SendRequest } from "../backend";
import { BackendError, type ErrorCode } from "../error";
import { SAT } from "./messages";
import { hex } from "./people";

export function refusal(code: ErrorCode, detail: string | null = null): BackendError {
  return new BackendError({ code, message: code.replaceAll("_", " "), detail });
}

/** What there would be to tell about a message. */
export function detailsOf(message: Message): MessageDetails {
  const { key, delivery: way } = message;
  const over = way !== null && ["settled", "returned", "failed"].includes(way.state);
  const states = {
    settled: "settled",
    returned: "refused",
    failed: "failed",
    parked: "forgotten",
  } as const;
  return {
    message,
    id: hex(`id ${key}`, 32),
    attempts:
      way === null
        ? []
        : [
            {
              payment_hash: hex(`hash ${key}`, 64),
              preimage: way.state === "settled" ? hex(`preimage ${key}`, 64) : null,
              state: states[way.state as keyof typeof states] ?? "sent",
              amount: way.amount,
              fee: way.fee,
              fee_limit: Math.max(10_000, Math.ceil(way.amount / 100)),
              hops: way.hops,
              failure: way.failure,
              created_at: message.stored_at,
              ended_at: over ? message.stored_at + 1_400 : null,
              record_bytes: 260,
            },
          ],
    payment_hash: message.hold === null ? null : hex(`hash ${key}`, 64),
    record_bytes: message.hold === null ? null : 324,
  };
}

/** What a send would cost: nothing over the direct channel of the first conversation, two hops to everybody else. */
export function quoteOf(request: SendRequest, { program }: Contact): Quote {
  const bytes = new TextEncoder().encode(request.text).length;
  if (bytes > 700) throw refusal("too_long", String(bytes - 700));
  const holds = program.kind === "heliograph" && program.hold_secs !== null;
  const amount = request.payment || SAT;
  const direct = request.conversation === 1;
  return {
    amount,
    postage: request.payment === 0,
    returned: request.payment === 0 && holds,
    fee: direct ? 0 : 1_000 + Math.floor(amount / 2_000),
    fee_limit: Math.max(10_000, Math.ceil(amount / 100)),
    hops: direct ? 1 : 2,
    privacy: program.kind === "heliograph" ? "sealed" : "open",
    bytes_left: 700 - bytes,
    held: holds,
  };
}

/** Messages with these letters in them, the newest first, each with its surroundings. */
export function hitsIn(messages: Message[], text: string): Omit<SearchHit, "title">[] {
  const wanted = text.trim().toLowerCase();
  return messages
    .filter((message) => wanted !== "" && message.text.toLowerCase().includes(wanted))
    .sort((a, b) => b.stored_at - a.stored_at)
    .map((message) => {
      const at = message.text.toLowerCase().indexOf(wanted);
      const from = Math.max(0, at - 30);
      return {
        message: message.key,
        conversation: message.conversation,
        direction: message.direction,
        at: message.stored_at,
        snippet: [
          (from > 0 ? "…" : "") + message.text.slice(from, at),
          message.text.slice(at, at + wanted.length),
          message.text.slice(at + wanted.length, at + 90),
        ],
      };
    });
}
