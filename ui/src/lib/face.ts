/** A face for a key: a disc with initials in the middle of a crown of rays. The same key has the same face everywhere. */

export interface Ray {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

export interface Face {
  /** Of the colour circle, in degrees. */
  hue: number;
  rays: Ray[];
}

const RAYS = 20;
const CENTRE = 20;
const INNER = 15.6;
const LENGTHS = [0, 1.3, 2.6, 3.9];

/** Draws on a field of 40 by 40. Reads the end of the key: its beginning is the same for many nodes. */
export function faceOf(key: string): Face {
  const bytes: number[] = [];
  for (let at = key.length - 2; at >= 0 && bytes.length < 12; at -= 2) {
    const byte = Number.parseInt(key.slice(at, at + 2), 16);
    bytes.push(Number.isNaN(byte) ? 0 : byte);
  }
  const hue = Math.round((((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) / 65_536) * 360);
  const rays: Ray[] = [];
  for (let ray = 0; ray < RAYS; ray += 1) {
    const byte = bytes[2 + (ray >> 2)] ?? 0;
    const length = LENGTHS[(byte >> ((ray & 3) * 2)) & 3] ?? 0;
    if (length === 0) continue;
    const angle = (ray / RAYS) * 2 * Math.PI;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const at = (distance: number, part: number) => Number((CENTRE + distance * part).toFixed(2));
    rays.push({
      x1: at(INNER, cos),
      y1: at(INNER, sin),
      x2: at(INNER + length, cos),
      y2: at(INNER + length, sin),
    });
  }
  return { hue, rays };
}

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Up to two letters: of the first two words, or the first character of a script without them. */
export function initialsOf(title: string): string {
  const words = title
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word: string) => letters.segment(word)[Symbol.iterator]().next().value?.segment ?? "";
  const [one, two] = words;
  if (one === undefined) return "";
  const head = first(one).toUpperCase();
  if (two === undefined || /\p{Script=Han}/u.test(head)) return head;
  return head + first(two).toUpperCase();
}
