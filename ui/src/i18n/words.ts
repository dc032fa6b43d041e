/** Words for the codes of the app. */

import { formatAmount, type AmountProblem } from "~/lib/amount";
import type { AddressProblem } from "~/lib/key";
import { BackendError, type ErrorCode } from "~/backend/error";
import type { Failure, LinkFault, Message, Permission, Reach } from "~/backend/backend";

import { m } from "./paraglide/messages.js";
import { freeWords } from "./ways";

export interface Words {
  title: string;
  /** What the person can do about it; may be empty. */
  help: string;
}

type Faults = LinkFault["kind"];

const faults: Record<Faults, () => Words> = {
  host_unknown: () => ({ title: m.fault_host_unknown(), help: m.fault_host_unknown_help() }),
  refused: () => ({ title: m.fault_refused(), help: m.fault_refused_help() }),
  timeout: () => ({ title: m.fault_timeout(), help: m.fault_timeout_help() }),
  wrong_port: () => ({ title: m.fault_wrong_port(), help: m.fault_wrong_port_help() }),
  wrong_certificate: () => ({ title: m.fault_wrong_certificate(), help: m.fault_wrong_certificate_help() }),
  wrong_macaroon: () => ({ title: m.fault_wrong_macaroon(), help: m.fault_wrong_macaroon_help() }),
  missing_permission: () => ({
    title: m.fault_missing_permission(),
    help: m.fault_missing_permission_help(),
  }),
  wallet_locked: () => ({ title: m.fault_wallet_locked(), help: m.fault_wallet_locked_help() }),
  starting: () => ({ title: m.fault_starting(), help: m.fault_starting_help() }),
  other_node: () => ({ title: m.fault_other_node(), help: m.fault_other_node_help() }),
  broken: () => ({ title: m.fault_broken(), help: m.fault_broken_help() }),
};

/** Why there is no connection to the node. */
export function faultWords(fault: LinkFault): Words {
  const words = faults[fault.kind]();
  if (fault.kind === "broken")
    return { title: words.title, help: `${words.help} ${quoted(fault.detail)}`.trim() };
  return words;
}

const plain = (title: () => string, help: () => string = () => "") => ({ title, help });

type Told = { title: (detail: string) => string; help: (detail: string) => string };

const errors: Record<Exclude<ErrorCode, Faults>, Told> = {
  no_profile: plain(m.error_no_profile),
  unknown_profile: plain(m.error_unknown_profile),
  profile_exists: plain(m.error_profile_exists),
  profile_closed: plain(m.error_profile_closed),
  passphrase_needed: plain(m.error_passphrase_needed),
  passphrase_wrong: plain(m.error_passphrase_wrong),
  passphrase_short: plain(m.error_passphrase_short),
  keyring_locked: plain(m.error_keyring_locked, m.error_keyring_locked_help),
  key_missing: plain(m.error_key_missing, m.error_key_missing_help),
  secrets_damaged: {
    title: m.error_secrets_damaged,
    help: (detail) => `${m.error_secrets_damaged_help()} ${quoted(detail)}`,
  },
  payments_wait: plain(m.error_payments_wait, m.error_payments_wait_help),
  home_in_use: plain(m.error_home_in_use),
  home_unusable: { title: m.error_home_unusable, help: quoted },
  database_newer: plain(m.error_database_newer, m.error_database_newer_help),
  database_key_wrong: plain(m.error_database_key_wrong),
  database_missing: {
    title: m.error_database_missing,
    help: (detail) => `${m.error_database_missing_help()} ${quoted(detail)}`,
  },
  database_broken: { title: m.error_database_broken, help: quoted },
  link_invalid: { title: m.error_link_invalid, help: (detail) => detail || m.error_link_invalid_help() },
  address_invalid: plain(m.error_address_invalid, m.error_address_invalid_help),
  certificate_invalid: { title: m.error_certificate_invalid, help: quoted },
  macaroon_invalid: { title: m.error_macaroon_invalid, help: quoted },
  file_unreadable: { title: m.error_file_unreadable, help: quoted },
  offline: plain(m.error_offline),
  node: { title: m.error_node, help: quoted },
  contact_invalid: plain(m.error_contact_invalid, m.error_contact_invalid_help),
  peer_unreachable: {
    title: m.error_peer_unreachable,
    help: (detail) => `${m.error_peer_unreachable_help()} ${quoted(detail)}`,
  },
  to_self: plain(m.error_to_self),
  blocked: plain(m.error_blocked),
  not_found: plain(m.error_not_found),
  busy: plain(m.error_busy),
  name_too_long: {
    title: m.error_name_too_long,
    help: (detail) => m.error_name_too_long_help({ count: detail }),
  },
  note_too_long: {
    title: m.error_note_too_long,
    help: (detail) => m.error_name_too_long_help({ count: detail }),
  },
  too_long: {
    title: (detail) =>
      Number(detail) > 0 ? m.error_too_long_by({ count: Number(detail) }) : m.error_too_long(),
    help: () => "",
  },
  empty: plain(m.error_empty),
  below_minimum: plain(m.error_below_minimum),
  no_keysend: plain(m.failure_no_keysend),
  no_route: plain(m.failure_no_route),
  no_way: plain(m.failure_no_way, m.error_no_way_help),
  key_changed: plain(m.error_key_changed, m.error_key_changed_help),
  insufficient_balance: plain(m.failure_insufficient_balance),
  not_now: plain(m.error_not_now),
  already_refunded: plain(m.error_already_refunded),
  not_refundable: plain(m.error_not_refundable, m.error_not_refundable_help),
  no_letters: plain(m.error_no_letters, m.error_no_letters_help),
  not_amendable: plain(m.error_not_amendable),
  setting_invalid: plain(m.error_setting_invalid),
  internal: { title: m.error_internal, help: quoted },
};

/** What another program said, as a quotation: it is in its own language. */
function quoted(detail: string): string {
  return detail === "" ? "" : m.quoted({ words: detail });
}

function isFault(code: string): code is Faults {
  return code in faults;
}

/** Why something was not done. A code that this window does not know keeps the words that came with it. */
export function errorWords(error: unknown): Words {
  if (!(error instanceof BackendError)) {
    return {
      title: m.error_internal(),
      help: quoted(error instanceof Error ? error.message : String(error)),
    };
  }
  const { code } = error;
  const detail = error.detail ?? "";
  if (isFault(code)) {
    const words = faults[code]();
    return code === "broken" ? { title: words.title, help: `${words.help} ${quoted(detail)}`.trim() } : words;
  }
  const told = errors[code] as Told | undefined;
  return told === undefined
    ? { title: error.message, help: quoted(detail) }
    : { title: told.title(detail), help: told.help(detail) };
}

const failures: Record<Failure, () => string> = {
  no_route: m.failure_no_route,
  recipient_offline: m.failure_recipient_offline,
  insufficient_balance: m.failure_insufficient_balance,
  no_keysend: m.failure_no_keysend,
  timeout: m.failure_timeout,
  too_large: m.failure_too_large,
  amount_too_small: m.failure_amount_too_small,
  permission: m.failure_permission,
  rejected: m.failure_rejected,
  no_receipt: m.failure_no_receipt,
  no_way: m.failure_no_way,
  wrong_invoice: m.failure_wrong_invoice,
  invoice_expired: m.failure_invoice_expired,
  too_late: m.failure_too_late,
  key_changed: m.failure_key_changed,
  hidden: m.failure_hidden,
};

/** Why an attempt did not arrive. */
export function failureWords(failure: Failure | null): string {
  return failure === null ? m.failure_unknown() : failures[failure]();
}

const purposes: Record<string, (() => string) | undefined> = {
  connect: m.purpose_connect,
  send: m.purpose_send,
  receive: m.purpose_receive,
  decide: m.purpose_decide,
  seal: m.purpose_seal,
  sign: m.purpose_sign,
  estimate: m.purpose_estimate,
  contacts: m.purpose_contacts,
  free: m.purpose_free,
  invoices: m.purpose_invoices,
  key_card: m.purpose_key_card,
  balance: m.purpose_balance,
  node_config: m.purpose_node_config,
  history: m.purpose_history,
  second_app: m.purpose_second_app,
  ways: m.purpose_ways,
  channels: m.purpose_channels,
  tidy_up: m.purpose_tidy_up,
  check: m.purpose_check,
};

/** What a permission is for. */
export function purposeWords(permission: Permission): string {
  return purposes[permission.purpose]?.() ?? permission.method;
}

/** An amount with its unit, for the inside of a sentence: `1.204 sat`. */
export function sats(msat: number): string {
  return m.amount_sat({ amount: formatAmount(msat) });
}

/** What a message cost its sender, or brought its recipient; empty while nobody knows. */
export function costWords(message: Message): string {
  const { carrier, delivery, hold } = message;
  if (delivery !== null) {
    switch (delivery.state) {
      case "settled":
        return sats(delivery.paid);
      case "delivered":
        return freeWords(carrier ?? "keysend", delivery.hops);
      case "returned":
        return m.cost_free_returned();
      case "failed":
      case "cancelled":
        return m.cost_nothing();
      case "queued":
      case "in_flight":
      case "parked":
        return "";
    }
  }
  return hold !== null && hold.postage && hold.state === "settled" ? `+${sats(hold.amount)}` : "";
}

/** How a contact can be reached now, in a few words. */
export function reachWords(reach: Reach): string {
  if (reach.active_channels > 0) return m.reach_channel({ count: reach.active_channels });
  if (reach.keysend === false) return m.reach_no_keysend();
  if (reach.channels > 0) return m.reach_channel_asleep();
  if (reach.peer) return m.reach_peer();
  return reach.in_graph ? m.reach_route() : m.reach_unknown();
}

/** The same while it is asked for, and when nobody can say: what was true before is not shown as if it were now. */
export function reachNow(asked: { data?: Reach | undefined; isError: boolean }): string {
  if (asked.isError) return m.reach_offline();
  return asked.data === undefined ? "…" : reachWords(asked.data);
}

const amountProblems: Record<AmountProblem, () => string> = {
  not_a_number: m.amount_not_a_number,
  too_fine: m.amount_too_fine,
  too_large: m.amount_too_large,
};

/** Why a text is no amount. */
export function amountProblemWords(problem: AmountProblem): string {
  return amountProblems[problem]();
}

const addressProblems: Record<AddressProblem["kind"], (problem: AddressProblem) => string> = {
  character: (problem) => m.address_character({ at: problem.at ?? 0 }),
  length: (problem) => m.address_length({ count: problem.at ?? 0 }),
  prefix: () => m.address_prefix(),
  host: () => m.address_host(),
};

/** Why a text is no address of a node. */
export function addressProblemWords(problem: AddressProblem): string {
  return addressProblems[problem.kind](problem);
}

/** What to call a contact: whoever does not say who they are has no name of their own. */
export function nameOf(title: string): string {
  return title === "" ? m.nobody() : title;
}
