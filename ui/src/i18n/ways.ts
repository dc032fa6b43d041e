/** Words for the ways that messages take. */

import type { Carrier, Way } from "~/backend/backend";

import { m } from "./paraglide/messages.js";
import type { Words } from "./words";

/** All ways of sending, the usual one first. */
export const WAYS: Way[] = ["auto", "free_only", "direct_only", "routed_only"];

const ways: Record<Way, () => Words> = {
  auto: () => ({ title: m.way_auto(), help: m.way_auto_help() }),
  free_only: () => ({ title: m.way_free_only(), help: m.way_free_only_help() }),
  direct_only: () => ({ title: m.way_direct_only(), help: m.way_direct_only_help() }),
  routed_only: () => ({ title: m.way_routed_only(), help: m.way_routed_only_help() }),
};

/** Which ways the user allows, and what that means. */
export function wayWords(way: Way): Words {
  return ways[way]();
}

const by: Record<Carrier, () => string> = {
  keysend: m.by_payment,
  peer: m.by_direct,
  onion: m.by_onion,
  invoice: m.by_invoice,
};

/** How an attempt travels: `direct`, `by onion, 2 hops`, `as a payment`. */
export function carrierWords(carrier: Carrier, hops: number | null): string {
  const way = by[carrier]();
  if (carrier === "peer") return way;
  return hops === null ? way : m.with_hops({ way, hops: m.estimate_hops({ count: hops }) });
}

/** Whether nothing is paid for it. */
export function isFree(carrier: Carrier): boolean {
  return carrier === "peer" || carrier === "onion";
}

/** The same where nothing is paid for it: `free, direct`, `free by onion, 2 hops`. */
export function freeWords(carrier: Carrier, hops: number | null): string {
  return carrier === "peer" ? m.free_direct() : m.free_way({ way: carrierWords(carrier, hops) });
}

const came: Record<Carrier, () => string> = {
  keysend: m.came_keysend,
  peer: m.came_peer,
  onion: m.came_onion,
  invoice: m.came_invoice,
};

/** How an incoming message came. */
export function cameWords(carrier: Carrier): string {
  return came[carrier]();
}
