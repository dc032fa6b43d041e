import { MediaQuery } from "svelte/reactivity";

const dark = new MediaQuery("(prefers-color-scheme: dark)", false);

/** Puts on the theme of a setting: `light`, `dark`, or empty for the system's. */
export function wearTheme(setting: string): void {
  const wanted = setting === "light" || setting === "dark" ? setting : dark.current ? "dark" : "light";
  document.documentElement.dataset["theme"] = wanted;
}
