import type { Message } from "~/backend/backend";

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
