import type { Delivery } from "~/backend/backend";
import { m } from "~/i18n";
import { wayWords } from "~/i18n/ways";
import { dateAndTime } from "~/lib/time";

export type Mark =
  "waiting" | "sent" | "arrived" | "delivered" | "read" | "back" | "unclear" | "failed" | "cancelled";

export interface MarkWords {
  mark: Mark;
  /** All that is known, the newest first. */
  words: string[];
}

/** Something that is known of a message, and when it was so, as far as anybody has said. */
function fact(words: string, at: number | null, locale: string): string {
  return at === null ? words : m.delivery_at({ fact: words, time: dateAndTime(at, locale) });
}

/** Whether the recipient's node has it. A refusal says so only where the node is known to hold. */
export function isAtNode(delivery: Delivery): boolean {
  return delivery.state === "settled" || (delivery.state === "returned" && delivery.returned === "arrived");
}

/** Whether the recipient's app has said that it has it. */
export function isInApp(delivery: Delivery): boolean {
  return delivery.state === "delivered" || delivery.delivered_at !== null || delivery.read_at !== null;
}

function isSeen(delivery: Delivery): boolean {
  return delivery.read_at !== null;
}

/** What the sats did, or what the message waits for. */
function ending(delivery: Delivery): { mark: Mark; words: string } {
  switch (delivery.state) {
    case "queued":
      return { mark: "waiting", words: waits(delivery) ? waitingWords(delivery) : m.delivery_queued() };
    case "in_flight":
      return { mark: "sent", words: m.delivery_in_flight() };
    case "settled":
      return { mark: "arrived", words: m.delivery_settled() };
    case "returned":
      if (delivery.returned === "arrived") return { mark: "arrived", words: m.delivery_arrived() };
      if (delivery.returned === "declined") return { mark: "back", words: m.delivery_declined() };
      return { mark: "unclear", words: m.delivery_unconfirmed() };
    case "failed":
      return { mark: "failed", words: m.trouble_failed() };
    case "parked":
      return { mark: "failed", words: m.delivery_parked() };
    case "cancelled":
      return { mark: "cancelled", words: m.delivery_cancelled() };
    case "delivered":
      return { mark: "delivered", words: "" };
  }
}

/** Marks that say how it stands with the money, which a receipt does not change. */
const STAYS: Mark[] = ["waiting", "back", "failed", "cancelled"];

/** Where an outgoing message is: the shape of its mark, and everything that is known in words. */
export function deliveryMark(delivery: Delivery, locale: string): MarkWords {
  const end = ending(delivery);
  const words: string[] = [];
  if (isSeen(delivery)) words.push(fact(m.delivery_read(), delivery.read_at, locale));
  if (isInApp(delivery)) words.push(fact(m.delivery_delivered(), delivery.delivered_at, locale));
  // What the node or nobody says matters only as long as the app has said nothing.
  const outdated = isInApp(delivery) && ["sent", "unclear"].includes(end.mark);
  if (end.words !== "" && !outdated) words.push(end.words);
  if (STAYS.includes(end.mark)) return { mark: end.mark, words };
  return { mark: isSeen(delivery) ? "read" : isInApp(delivery) ? "delivered" : end.mark, words };
}

/** Whether another try makes sense: nothing was paid, or nobody knows. */
export function canRetry(delivery: Delivery): boolean {
  return (
    delivery.state === "failed" || delivery.state === "parked" || waits(delivery) || isUnconfirmed(delivery)
  );
}

/** Whether the sats of a text came back from a node that does not say whether it has read it, and no app has either. */
export function isUnconfirmed(delivery: Delivery): boolean {
  const { state, returned, postage } = delivery;
  return state === "returned" && returned === "unconfirmed" && postage && !isInApp(delivery);
}

/** Whether it was tried, and is tried again by itself. */
export function waits(delivery: Delivery): boolean {
  return delivery.state === "queued" && delivery.next_try !== null;
}

/** What it waits for. */
export function waitingWords(delivery: Delivery): string {
  if (delivery.failure === "no_receipt") return m.delivery_waiting_app();
  if (delivery.failure === "key_changed") return m.delivery_waiting_key();
  if (delivery.failure === "hidden") return m.delivery_waiting_hidden();
  return delivery.failure === "no_way" ? m.delivery_waiting_way() : m.delivery_waiting();
}

/** What the person can do where only the ways that they allow are in the way; empty where that is not the reason. */
export function wayOut(delivery: Delivery): string {
  if (delivery.failure !== "no_receipt" && delivery.failure !== "no_way") return "";
  return delivery.way === "auto"
    ? m.trouble_way_contact()
    : m.trouble_way_own({ way: wayWords(delivery.way).title });
}

/** Whether it can be taken back, as it has not left, or given up, as nobody knows. */
export function canCancel(delivery: Delivery): boolean {
  return delivery.state === "queued" || delivery.state === "failed" || delivery.state === "parked";
}

export function cancelWords(delivery: Delivery): string {
  return delivery.state === "parked" ? m.message_give_up() : m.message_cancel();
}
