import type { AmendRequest, Amendment, Message, MessageDetails, Reply } from "../backend";
import { refusal } from "./derive";
import { delivered } from "./messages";

/** What was done to a message, for its details. */
export type Done = Pick<MessageDetails, "versions" | "amendments">;

export function replyTo(message: Message): Reply {
  const { key, direction, kind, text, payment, taken_back_at } = message;
  return {
    to: { key, direction, kind, text: text.slice(0, 160), payment, taken_back: taken_back_at !== null },
  };
}

/** How a message looks once this is done to it by the user. */
export function amended(message: Message, request: AmendRequest, now: number): Partial<Message> {
  const mine = message.direction === "outgoing";
  if (message.taken_back_at !== null || (request.kind !== "react" && !mine)) throw refusal("not_amendable");
  switch (request.kind) {
    case "react": {
      const theirs = message.reactions.filter(({ direction }) => direction === "incoming");
      const own = { emoji: request.emoji, direction: "outgoing" as const };
      return { reactions: request.emoji === "" ? theirs : [...theirs, own] };
    }
    case "edit":
      if (request.text.trim() === "" && message.payment === 0) throw refusal("empty");
      return { text: request.text, edited_at: isTold(message) ? now : null };
    case "take_back":
      return { text: "", taken_back_at: now, edited_at: null, reactions: [], named: false };
  }
}

/** Whether the other side may have it: then a letter tells them. */
export function isTold(message: Message): boolean {
  return message.delivery?.state !== "queued";
}

const KINDS = { react: "reaction", edit: "edit", take_back: "delete" } as const;

/** The letter that does it. */
export function letterOf(key: number, request: AmendRequest, now: number): Amendment {
  return {
    key,
    kind: KINDS[request.kind],
    direction: "outgoing",
    text: request.kind === "react" ? request.emoji : request.kind === "edit" ? request.text : "",
    at: now,
    delivery: delivered(now),
    can_cancel: false,
  };
}
