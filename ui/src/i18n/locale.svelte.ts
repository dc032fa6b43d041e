import { baseLocale, locales, overwriteGetLocale, type Locale } from "./paraglide/runtime.js";

/** The language that fits best to a list of tags like `zh-CN`. */
export function bestLocale(tags: readonly string[]): Locale {
  for (const tag of tags) {
    const wanted = tag.toLowerCase();
    const exact = locales.find((locale) => locale === wanted);
    const found = exact ?? locales.find((locale) => locale.split("-")[0] === wanted.split("-")[0]);
    if (found !== undefined) return found;
  }
  return baseLocale;
}

let chosen = $state<Locale>(bestLocale(navigator.languages));

// Every message reads the language through this, so that what is drawn follows a change at once.
overwriteGetLocale(() => chosen);

/** The language in use, as a tag for `Intl`. */
export function currentLocale(): Locale {
  return chosen;
}

/** Chosen before there was a profile that could keep it. */
let picked = "";

/** Takes a language by the person's own hand, while no profile is open. */
export function pickLanguage(tag: string): void {
  picked = tag;
  useLanguage(tag);
}

/** The language that waits to be kept in a setting; empty when there is none. */
export function pickedLanguage(): string {
  return picked;
}

/** From here on the setting counts. */
export function forgetPickedLanguage(): void {
  picked = "";
}

/** Takes the language of a setting: a tag, or empty for the system's. */
export function useLanguage(setting: string): void {
  const wanted = setting === "" ? picked : setting;
  chosen = bestLocale(wanted === "" ? navigator.languages : [wanted]);
  document.documentElement.lang = chosen === "zh-cn" ? "zh-CN" : chosen;
}
