import type { Message } from "~/backend/backend";
import { m } from "~/i18n";
import { sats } from "~/i18n/words";

/** The usual ones; any other character can be typed. */
export const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/** What can be done to a message. */
export interface Deeds {
  reply: boolean;
  react: boolean;
  edit: boolean;
  takeBack: boolean;
}

/** `letters`: whether the other side's program reads letters. What has not left is changed without one. */
export function deedsFor(message: Message, letters: boolean): Deeds {
  const { direction, kind, delivery } = message;
  const here = message.taken_back_at === null;
  const told = here && message.named && letters;
  const words = kind.kind === "text" || kind.kind === "payment";
  const own = here && words && direction === "outgoing" && delivery?.state !== "cancelled";
  const waits = delivery?.state === "queued" || delivery?.state === "failed";
  return { reply: told, react: told, edit: own && (told || waits), takeBack: own && told };
}

/** One line about a message that is answered. */
export function snippetOf(to: {
  kind: { kind: string };
  text: string;
  payment: number;
  taken_back: boolean;
}): string {
  if (to.taken_back) return m.message_taken_back();
  if (to.kind.kind === "refund") return m.preview_refund({ amount: sats(to.payment) });
  if (to.kind.kind === "newer") return m.message_newer();
  if (to.payment === 0) return to.text;
  return to.text === "" ? sats(to.payment) : `${sats(to.payment)} · ${to.text}`;
}
