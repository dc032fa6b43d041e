import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

/** Which rooms a room may not look into: the arrows of the house go one way. */
const closed = (files, patterns, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: patterns, message }] }] },
});

export default ts.config(
  { ignores: ["dist/", "shots/", "src/generated/", "src/i18n/paraglide/", "project.inlang/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: [".svelte"] } },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "svelte/no-at-html-tags": "error",
      "svelte/button-has-type": "error",
      // Sets and maps that never leave a function need no signals.
      "svelte/prefer-svelte-reactivity": "off",
      // Navigation is state here: there are no links and no routes.
      "svelte/no-navigation-without-resolve": "off",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  closed(
    ["src/features/**"],
    ["~/features/*", "~/app/*", "~/generated/*", "../*"],
    "A feature uses kit, lib, backend and i18n, never another feature: the app puts them together.",
  ),
  closed(
    ["src/kit/**"],
    ["~/features/*", "~/app/*", "~/generated/*", "../*"],
    "The kit knows nothing of features and of the app.",
  ),
  closed(
    ["src/backend/**"],
    ["~/features/*", "~/app/*", "~/kit/*"],
    "The backend knows nothing of what is drawn.",
  ),
  closed(["src/lib/**"], ["~/*", "../*"], "The library is pure functions over plain values."),
  closed(["src/i18n/**"], ["~/features/*", "~/app/*", "~/kit/*"], "Words know nothing of what is drawn."),
  closed(["src/app/**"], ["~/generated/*"], "The generated commands are behind the backend."),
  { files: ["tools/**"], rules: { "no-console": "off" } },
);
