/** Public keys as a person meets them. */

/** First and last characters, to recognise a key by. Never for comparing. */
export function shortKey(key: string): string {
  return key.length > 14 ? `${key.slice(0, 6)}…${key.slice(-4)}` : key;
}

/** In groups of `size`, for reading aloud and comparing. */
export function groups(text: string, size: number): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) found.push(text.slice(at, at + size));
  return found;
}

export interface AddressProblem {
  kind: "character" | "length" | "prefix" | "host";
  /** The place of the wrong character, counted from 1, or the number of characters. */
  at?: number;
}

/** Names the mistake in `pubkey` or `pubkey@host:port`; nothing when it looks right. The node has the last word. */
export function addressProblem(text: string): AddressProblem | null {
  const [key = "", ...rest] = text
    .trim()
    .replace(/^lightning:/u, "")
    .split("@");
  const wrong = [...key].findIndex((character) => !/[0-9a-f]/iu.test(character));
  if (wrong >= 0) return { kind: "character", at: wrong + 1 };
  if (key.length !== 66) return { kind: "length", at: key.length };
  if (!/^0[23]/u.test(key)) return { kind: "prefix" };
  if (rest.length === 0) return null;
  const port = /:(\d+)$/u.exec(rest[0] ?? "")?.[1];
  const good = rest.length === 1 && /^[^\s/?#]+$/u.test(rest[0] ?? "") && !/:$/u.test(rest[0] ?? "");
  return good && (port === undefined || (Number(port) > 0 && Number(port) < 65_536))
    ? null
    : { kind: "host" };
}
