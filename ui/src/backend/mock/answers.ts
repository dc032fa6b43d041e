import type {
  ConnectionReport,
  ContactTotals,
  Conversation,
  Costs,
  Keysend,
  NodeSummary,
  Permissions,
  Profile,
  Settings,
  Totals,
} from "../backend";
import { keyOf } from "./people";

export const SETTINGS: Settings = {
  language: "",
  theme: "",
  enter_sends: true,
  accept_bare: true,
  accept_readable_up_to: 10_000,
  fee_limit: null,
  read_receipts: true,
};

export const ALICE: Profile = {
  id: "7f3a9c",
  name: "alice",
  node: keyOf("alice"),
  address: "127.0.0.1:10009",
  open: true,
};

export const OFFICE: Profile = {
  id: "1b20e4",
  name: "Office node",
  node: keyOf("office"),
  address: "node.example:10009",
  open: false,
};

export const SUMMARY: NodeSummary = {
  node: ALICE.node,
  alias: "alice",
  network: "regtest",
  version: "0.21.3-beta",
  synced: true,
  block_height: 874_231,
  active_channels: 3,
  local_balance: 4_812_331_500,
  remote_balance: 5_187_668_500,
};

export const BAKE =
  "lncli bakemacaroon --root_key_id 1212501065 uri:/lnrpc.Lightning/GetInfo uri:/routerrpc.Router/SendPaymentV2 " +
  "uri:/invoicesrpc.Invoices/SettleInvoice uri:/invoicesrpc.Invoices/CancelInvoice";

export const FINE: Permissions = {
  missing: [],
  missing_optional: [],
  too_powerful: false,
  bake_command: BAKE,
};

export const POOR: Permissions = {
  missing: [{ method: "/invoicesrpc.Invoices/SettleInvoice", purpose: "decide" }],
  missing_optional: [
    { method: "/lnrpc.Lightning/GetDebugInfo", purpose: "node_config" },
    { method: "/lnrpc.Lightning/SendOnionMessage", purpose: "free" },
    { method: "/lnrpc.Lightning/SubscribeOnionMessages", purpose: "free" },
    { method: "/lnrpc.Lightning/SignMessage", purpose: "key_card" },
    { method: "/signrpc.Signer/DeriveSharedKey", purpose: "seal" },
  ],
  too_powerful: true,
  bake_command: BAKE,
};

export const HOLDS: Keysend = { accepts: true, hold_secs: 900, deletes_canceled: false, conf_lines: [] };

export const STOCK: Keysend = {
  accepts: true,
  hold_secs: 0,
  deletes_canceled: true,
  conf_lines: ["[Application Options]", "accept-keysend=true", "keysend-hold-time=15m"],
};

export const REPORT: ConnectionReport = { node: SUMMARY, permissions: POOR, keysend: STOCK };

const NOTHING: Totals = {
  sent: 0,
  postage_sent: 0,
  fees: 0,
  received: 0,
  postage_received: 0,
  refunds_sent: 0,
  refunds_received: 0,
  returned_to_us: 0,
  returned_by_us: 0,
  messages_sent: 0,
  messages_received: 0,
};

export function totals(more: Partial<Totals> = {}): Totals {
  return { ...NOTHING, ...more };
}

const SPENT: ReadonlyMap<number, Totals> = new Map([
  [
    1,
    totals({
      sent: 2_100_000,
      fees: 4_308,
      postage_sent: 1_000,
      received: 1_500_000,
      refunds_sent: 1_500_000,
      returned_to_us: 50_041_000,
      messages_sent: 41,
      messages_received: 37,
    }),
  ],
  [
    3,
    totals({
      received: 36_000_000,
      fees: 204,
      postage_sent: 17_000,
      postage_received: 19_500,
      returned_by_us: 38_000,
      messages_sent: 17,
      messages_received: 21,
    }),
  ],
  [
    2,
    totals({
      fees: 2_000,
      postage_sent: 2_000,
      postage_received: 1_000,
      messages_sent: 2,
      messages_received: 2,
    }),
  ],
  [4, totals({ messages_received: 1 })],
]);

/** What a contact has left who was removed. */
const OTHERS = totals({ received: 45_101, fees: 1_000, messages_sent: 1, messages_received: 1 });

/** What there is to tell about one conversation. */
export function costsWith({ id, contact }: Conversation): ContactTotals {
  const spent = SPENT.get(id) ?? totals();
  const owed = contact.program.kind === "heliograph" ? spent.postage_received - spent.postage_sent : 0;
  return {
    conversation: id,
    title: contact.title,
    node: contact.node,
    totals: spent,
    postage: { they_owe: Math.max(0, -owed), we_owe: Math.max(0, owed) },
  };
}

export function costs(conversations: Conversation[]): Costs {
  const contacts = [...SPENT.keys()].flatMap((id) =>
    conversations.filter((one) => one.id === id).map((one) => costsWith(one)),
  );
  const others = contacts.length === 0 ? totals() : OTHERS;
  const add = (of: (row: ContactTotals) => number) => contacts.reduce((sum, row) => sum + of(row), 0);
  const all = Object.keys(NOTHING) as (keyof Totals)[];
  return {
    total: totals(
      Object.fromEntries(all.map((kind) => [kind, add((row) => row.totals[kind]) + others[kind]])),
    ),
    postage: {
      they_owe: add((row) => row.postage.they_owe),
      we_owe: add((row) => row.postage.we_owe),
    },
    contacts,
    others,
    months: [
      {
        year: 2026,
        month: 11,
        totals: totals({
          sent: 2_100_000,
          fees: 6_512,
          postage_sent: 12_000,
          received: 37_545_101,
          refunds_sent: 1_500_000,
          messages_sent: 53,
          messages_received: 56,
        }),
      },
      {
        year: 2026,
        month: 10,
        totals: totals({ fees: 1_000, postage_sent: 8_000, messages_sent: 8, messages_received: 6 }),
      },
    ],
  };
}
