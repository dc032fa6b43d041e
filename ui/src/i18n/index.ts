export { m } from "./paraglide/messages.js";
export {
  currentLocale,
  forgetPickedLanguage,
  pickedLanguage,
  pickLanguage,
  useLanguage,
} from "./locale.svelte";
