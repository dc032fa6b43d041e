import type { Delivery } from "~/backend/backend";
import { m } from "~/i18n";

export type Mark = "waiting" | "sending" | "arrived" | "back" | "unclear" | "failed" | "cancelled";

/** Where an outgoing message is: the shape of its mark, and the same in words. */
export function deliveryMark(delivery: Delivery): { mark: Mark; words: string } {
  switch (delivery.state) {
    case "queued":
      return {
        mark: "waiting",
        words: delivery.next_try === null ? m.delivery_queued() : m.delivery_waiting(),
      };
    case "in_flight":
      return { mark: "sending", words: m.delivery_in_flight() };
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
  }
}

/** Whether another try makes sense: nothing was paid, or nobody knows. */
export function canRetry(delivery: Delivery): boolean {
  return (
    delivery.state === "failed" || delivery.state === "parked" || waits(delivery) || isUnconfirmed(delivery)
  );
}

/** Whether the sats of a text came back from a node that does not say whether it has read it. */
export function isUnconfirmed(delivery: Delivery): boolean {
  return delivery.state === "returned" && delivery.returned === "unconfirmed" && delivery.postage;
}

/** Whether it was tried, and is tried again by itself. */
export function waits(delivery: Delivery): boolean {
  return delivery.state === "queued" && delivery.next_try !== null;
}

/** Whether it can be taken back, as it has not left, or given up, as nobody knows. */
export function canCancel(delivery: Delivery): boolean {
  return delivery.state === "queued" || delivery.state === "failed" || delivery.state === "parked";
}

export function cancelWords(delivery: Delivery): string {
  return delivery.state === "parked" ? m.message_give_up() : m.message_cancel();
}
