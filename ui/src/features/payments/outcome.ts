import type { Hold, Message } from "~/backend/backend";
import { m } from "~/i18n";

export type Tone = "open" | "good" | "back" | "quiet" | "off";

export interface Outcome {
  words: string;
  tone: Tone;
}

/** How an incoming payment stands. */
function incoming(hold: Hold): Outcome {
  switch (hold.state) {
    case "seen":
      return { words: m.payment_arriving(), tone: "quiet" };
    case "held":
      return { words: m.payment_held(), tone: "open" };
    case "accepting":
      return { words: m.payment_accepting(), tone: "quiet" };
    case "refunding":
      return { words: m.payment_refunding(), tone: "quiet" };
    case "settled":
      if (hold.decision === "person") return { words: m.payment_accepted(), tone: "good" };
      if (hold.decision === "policy") return { words: m.payment_accepted_rules(), tone: "good" };
      if (hold.decision === "arrival") return { words: m.payment_settled_arrival(), tone: "good" };
      return { words: m.payment_settled_node(), tone: "good" };
    case "returned":
      if (hold.decision === "person") return { words: m.payment_refused(), tone: "back" };
      if (hold.decision === "policy") return { words: m.payment_refused_rules(), tone: "back" };
      if (hold.decision === "deadline") return { words: m.payment_refused_deadline(), tone: "back" };
      return { words: m.payment_returned_node(), tone: "back" };
  }
}

/** How the payment of a message stands, in the words that stay for ever. */
export function outcomeOf(message: Message): Outcome {
  const { hold, delivery } = message;
  if (hold !== null) return incoming(hold);
  if (delivery === null) return { words: "", tone: "quiet" };
  const refund = message.kind.kind === "refund";
  switch (delivery.state) {
    case "queued":
      return { words: m.payment_out_queued(), tone: "quiet" };
    case "in_flight":
      if (delivery.waits_until !== null && !refund) return { words: m.payment_out_waiting(), tone: "open" };
      return { words: m.payment_out_sending(), tone: "quiet" };
    case "settled":
      if (refund) return { words: m.payment_out_paid_back(), tone: "good" };
      return {
        words: delivery.waits_until === null ? m.payment_out_settled() : m.payment_out_accepted(),
        tone: "good",
      };
    case "returned":
      return delivery.returned === "declined"
        ? { words: m.payment_out_declined(), tone: "back" }
        : { words: m.payment_out_returned(), tone: "back" };
    case "delivered":
    case "failed":
      return { words: m.payment_out_failed(), tone: "off" };
    case "parked":
      return { words: m.payment_out_parked(), tone: "off" };
    case "cancelled":
      return { words: m.payment_out_cancelled(), tone: "off" };
  }
}

/** The span in which something is decided; nothing when none runs. */
export function deadlineOf(message: Message): { from: number; until: number } | null {
  const { hold, delivery } = message;
  if (hold?.state === "held" && hold.deadline !== null)
    return { from: hold.arrived_at, until: hold.deadline };
  if (delivery?.state === "in_flight" && delivery.waits_until !== null && message.kind.kind !== "refund") {
    return { from: message.stored_at, until: delivery.waits_until };
  }
  return null;
}
