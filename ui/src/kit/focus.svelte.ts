import { tick } from "svelte";

/**
 * Keeps the focus with a message when the buttons that had it go, because there is nothing left to press: the message
 * itself gets it. `there` says whether they are there, `root` is around them.
 */
export function keepFocus(root: () => HTMLElement | undefined, there: () => boolean): void {
  let were = false;
  $effect.pre(() => {
    const now = there();
    const box = root();
    if (were && !now && box?.contains(document.activeElement)) {
      const article = box.closest("article");
      void tick().then(() => article?.focus({ preventScroll: true }));
    }
    were = now;
  });
}
