export { m } from "./paraglide/messages.js";
export { currentLocale, useLanguage } from "./locale.svelte";
