import BadgeCheck from "@lucide/svelte/icons/badge-check";
import Ban from "@lucide/svelte/icons/ban";
import Check from "@lucide/svelte/icons/check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import CircleQuestion from "@lucide/svelte/icons/circle-question-mark";
import Clock from "@lucide/svelte/icons/clock";
import Ellipsis from "@lucide/svelte/icons/ellipsis";
import LoaderCircle from "@lucide/svelte/icons/loader-circle";
import Lock from "@lucide/svelte/icons/lock";
import LockOpen from "@lucide/svelte/icons/lock-open";
import ShieldQuestion from "@lucide/svelte/icons/shield-question-mark";
import Undo from "@lucide/svelte/icons/undo-2";

/** Icons that stand in every row of a long list: drawn once, and pointed to from there. */
export const glyphs = {
  back: Undo,
  cancelled: Ban,
  check: Check,
  claimed: ShieldQuestion,
  clock: Clock,
  failed: CircleAlert,
  lock: Lock,
  "lock-open": LockOpen,
  more: Ellipsis,
  sending: LoaderCircle,
  unclear: CircleQuestion,
  verified: BadgeCheck,
};

export type GlyphName = keyof typeof glyphs;
