import type { Carrier, Delivery, Hold, Message } from "../backend";

export const SAT = 1_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function delivery(more: Partial<Delivery> = {}): Delivery {
  return {
    state: "returned",
    failure: null,
    returned: "arrived",
    amount: SAT,
    postage: true,
    fee: 0,
    paid: 0,
    hops: 2,
    waits_until: null,
    next_try: null,
    gives_up_at: null,
    way: "auto",
    delivered_at: null,
    read_at: null,
    ...more,
  };
}

/** Postage that the other node kept. */
export function kept(fee: number): Delivery {
  return delivery({ state: "settled", returned: null, fee, paid: SAT + fee });
}

/** Their app has it, and nothing was paid. */
export function delivered(at: number, more: Partial<Delivery> = {}): Delivery {
  return delivery({ state: "delivered", returned: null, delivered_at: at, ...more });
}

/** What came or went for free, for a sketch of a message. */
export function free(carrier: Carrier, way?: Delivery): Pick<Sketch, "carrier" | "hold" | "delivery"> {
  return way === undefined ? { carrier, hold: null } : { carrier, delivery: way };
}

export function hold(more: Partial<Hold> = {}): Hold {
  return {
    state: "returned",
    amount: SAT,
    postage: true,
    decision: "policy",
    deadline: null,
    arrived_at: 0,
    can_pay_back: false,
    ...more,
  };
}

export type Sketch = Partial<Omit<Message, "key" | "conversation" | "stored_at">> & { text: string };

/** A text of ours that came back, having arrived. */
export function outgoing(key: number, conversation: number, at: number): Message {
  return {
    key,
    conversation,
    direction: "outgoing",
    kind: { kind: "text" },
    text: "",
    payment: 0,
    sent_at: at,
    stored_at: at,
    authorship: "verified",
    claims: null,
    says: null,
    privacy: "sealed",
    carrier: "keysend",
    delivery: delivery(),
    hold: null,
    refund: null,
    refund_of: null,
    reply: null,
    reactions: [],
    edited_at: null,
    taken_back_at: null,
    named: true,
    amending: null,
  };
}

/** Turns sketches into messages: `[how long ago, who, what]`. */
export function messages(
  conversation: number,
  firstKey: number,
  now: number,
  sketches: [ago: number, direction: "in" | "out", sketch: Sketch][],
): Message[] {
  return sketches.map(([ago, way, sketch], index) => {
    const stored_at = now - ago;
    const incoming = way === "in";
    return {
      ...outgoing(firstKey + index, conversation, stored_at),
      sent_at: stored_at - 180,
      ...(incoming
        ? { direction: "incoming", delivery: null, hold: hold({ arrived_at: stored_at - 40 }) }
        : {}),
      ...sketch,
    };
  });
}
