import "./app.css";

import { mount } from "svelte";

import { MockBackend } from "~/backend/mock/mock";
import { SCENES } from "~/backend/mock/scenes";

import App from "./App.svelte";
import { wearTheme } from "./theme.svelte";

// The desktop host freezes it too: a library that writes there has to fail here first.
Object.freeze(Object.prototype);

/* dev.html?scene=offline&theme=dark&language=zh-CN shows one state in any browser, without the app and without a node. */
const wanted = new URLSearchParams(location.search);
const backend = new MockBackend({
  scene: SCENES.find((scene) => scene === wanted.get("scene")) ?? "story",
  lively: true,
  settings: { theme: wanted.get("theme") ?? "", language: wanted.get("language") ?? "" },
});
wearTheme(wanted.get("theme") ?? "");
const target = document.getElementById("app");
if (target === null) throw new Error("the page has no place for the app");
mount(App, { target, props: { backend } });
