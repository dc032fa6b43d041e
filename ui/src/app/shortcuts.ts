import { m } from "~/i18n";

export type Act =
  "new-contact" | "find" | "search" | "previous" | "next" | "back" | "keys" | "settings" | "details";

interface Shortcut {
  act: Act;
  /** `event.key`, in lower case. */
  key: string;
  ctrl?: boolean;
  shift?: boolean;
  alt?: boolean;
  /** As it stands in the list of keys. */
  keys: string[];
  words: () => string;
}

export const shortcuts: Shortcut[] = [
  { act: "new-contact", key: "n", ctrl: true, keys: ["Ctrl", "N"], words: m.keys_new_contact },
  { act: "search", key: "f", ctrl: true, shift: true, keys: ["Ctrl", "Shift", "F"], words: m.keys_search },
  { act: "find", key: "f", ctrl: true, keys: ["Ctrl", "F"], words: m.keys_find },
  { act: "previous", key: "arrowup", alt: true, keys: ["Alt", "↑"], words: m.keys_previous },
  { act: "next", key: "arrowdown", alt: true, keys: ["Alt", "↓"], words: m.keys_next },
  { act: "details", key: "i", ctrl: true, keys: ["Ctrl", "I"], words: m.keys_details },
  { act: "settings", key: ",", ctrl: true, keys: ["Ctrl", ","], words: m.keys_settings },
  { act: "back", key: "escape", keys: ["Esc"], words: m.keys_back },
  { act: "keys", key: "f1", keys: ["F1"], words: m.keys_title },
];

/** What stands in the list besides: keys that belong to a field or a list. */
export function moreKeys(enterSends: boolean): { keys: string[]; words: () => string }[] {
  return [
    { keys: enterSends ? ["Enter"] : ["Ctrl", "Enter"], words: m.keys_send },
    { keys: enterSends ? ["Shift", "Enter"] : ["Enter"], words: m.keys_break },
    { keys: ["↑", "↓"], words: m.keys_arrows },
    { keys: ["Enter"], words: m.keys_message_details },
    { keys: ["Shift", "F10"], words: m.keys_message_menu },
  ];
}

/** Which shortcut was pressed. */
export function actOf(event: KeyboardEvent): Act | null {
  const key = event.key.toLowerCase();
  const ctrl = event.ctrlKey || event.metaKey;
  const found = shortcuts.find(
    (shortcut) =>
      shortcut.key === key &&
      (shortcut.ctrl ?? false) === ctrl &&
      (shortcut.shift ?? false) === event.shiftKey &&
      (shortcut.alt ?? false) === event.altKey,
  );
  return found?.act ?? null;
}
