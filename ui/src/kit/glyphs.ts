import ArrowUp from "@lucide/svelte/icons/arrow-up";
import BadgeCheck from "@lucide/svelte/icons/badge-check";
import Ban from "@lucide/svelte/icons/ban";
import Cable from "@lucide/svelte/icons/cable";
import Check from "@lucide/svelte/icons/check";
import CheckCheck from "@lucide/svelte/icons/check-check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import CircleQuestion from "@lucide/svelte/icons/circle-question-mark";
import Clock from "@lucide/svelte/icons/clock";
import Ellipsis from "@lucide/svelte/icons/ellipsis";
import Eye from "@lucide/svelte/icons/eye";
import Lock from "@lucide/svelte/icons/lock";
import LockOpen from "@lucide/svelte/icons/lock-open";
import ReceiptText from "@lucide/svelte/icons/receipt-text";
import ShieldQuestion from "@lucide/svelte/icons/shield-question-mark";
import Undo from "@lucide/svelte/icons/undo-2";
import Waypoints from "@lucide/svelte/icons/waypoints";
import Zap from "@lucide/svelte/icons/zap";

/** Icons that stand in every row of a long list: drawn once, and pointed to from there. */
export const glyphs = {
  back: Undo,
  cancelled: Ban,
  check: Check,
  claimed: ShieldQuestion,
  clock: Clock,
  delivered: CheckCheck,
  failed: CircleAlert,
  invoice: ReceiptText,
  keysend: Zap,
  lock: Lock,
  "lock-open": LockOpen,
  more: Ellipsis,
  onion: Waypoints,
  peer: Cable,
  read: Eye,
  sent: ArrowUp,
  unclear: CircleQuestion,
  verified: BadgeCheck,
};

export type GlyphName = keyof typeof glyphs;
