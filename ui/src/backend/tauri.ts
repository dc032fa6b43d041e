import { invoke } from "@tauri-apps/api/core";
import { open } from "@tauri-apps/plugin-dialog";

import { commands, events } from "~/generated/bindings";

import type { Backend, Change, Commands } from "./backend";
import { BackendError, type ErrorCode } from "./error";

type Failure = { code: ErrorCode; message: string; detail?: string | null };
type Outcome = { status: "ok"; data: unknown } | { status: "error"; error: Failure };

function unwrapped(): Commands {
  const entries = Object.entries(commands).map(([name, command]) => {
    const ask = command as (...args: unknown[]) => Promise<Outcome>;
    const asked = async (...args: unknown[]) => {
      const outcome = await ask(...args);
      if (outcome.status === "error") throw new BackendError(outcome.error);
      return outcome.data;
    };
    return [name, asked];
  });
  return Object.fromEntries(entries) as Commands;
}

/** The app around this window. */
export function tauriBackend(): Backend {
  const listeners = new Set<(change: Change) => void>();
  const tell = (change: Change) => {
    for (const listener of [...listeners]) listener(change);
  };
  let listening = false;
  return {
    ...unwrapped(),
    onChange(listener) {
      listeners.add(listener);
      if (!listening) {
        listening = true;
        // It takes a moment until the app tells this window: whatever was asked before then may be old already.
        void events.change
          .listen((event) => {
            tell(event.payload);
          })
          .then(() => {
            tell({ kind: "everything" });
          });
      }
      return () => {
        listeners.delete(listener);
      };
    },
    pickFile(kind, title) {
      const extensions = kind === "certificate" ? ["cert", "pem", "crt"] : ["macaroon"];
      const filters = [{ name: title, extensions }];
      return open({ title, multiple: false, directory: false, filters });
    },
    async copyText(text) {
      await invoke("plugin:clipboard-manager|write_text", { text });
    },
  };
}
