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

/** Takes the language of a setting: a tag, or empty for the system's. */
export function useLanguage(setting: string): void {
  chosen = bestLocale(setting === "" ? navigator.languages : [setting]);
  document.documentElement.lang = chosen === "zh-cn" ? "zh-CN" : chosen;
}
