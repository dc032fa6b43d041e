import "./app.css";

import { mount } from "svelte";

import { tauriBackend } from "~/backend/tauri";

import App from "./App.svelte";
import { wearTheme } from "./theme.svelte";

wearTheme("");
const target = document.getElementById("app");
if (target === null) throw new Error("the page has no place for the app");
mount(App, { target, props: { backend: tauriBackend() } });
