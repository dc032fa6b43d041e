/** A bubble shows so much of a text at first: characters, and lines. */
const LENGTH = 1_200;
const LINES = 16;

/** The beginning of a text that is too long for a bubble; nothing when all of it is shown. */
export function beginning(text: string): string | null {
  const lines = text.split("\n", LINES + 1);
  const fewer = lines.length > LINES ? lines.slice(0, LINES).join("\n") : text;
  if (fewer.length <= LENGTH) return fewer === text ? null : fewer;
  // Half of a character would be none.
  const half = /[\uD800-\uDBFF]$/u;
  return fewer.slice(0, LENGTH).replace(half, "");
}
