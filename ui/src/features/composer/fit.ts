const LINES = 8;

/** Makes a text field as high as its text, up to eight lines. */
export function fit(field: HTMLTextAreaElement | null | undefined): void {
  if (!field) return;
  const style = getComputedStyle(field);
  const line = Number.parseFloat(style.lineHeight) || 21;
  const around = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom) || 0;
  field.style.height = "auto";
  const wanted = Math.min(field.scrollHeight, LINES * line + around);
  field.style.height = `${wanted}px`;
  field.style.overflowY = field.scrollHeight > wanted + 1 ? "auto" : "hidden";
}
