import type { commands } from "~/generated/bindings";

type Failed<R> = R extends { status: "error"; error: infer E } ? E : never;
export type ErrorCode = Failed<Awaited<ReturnType<(typeof commands)["appState"]>>>["code"];

/** Why a command was not carried out. The window chooses its words by `code`. */
export class BackendError extends Error {
  readonly code: ErrorCode;
  /** What the words of the code need. */
  readonly detail: string | null;

  constructor(error: { code: ErrorCode; message: string; detail?: string | null }) {
    super(error.message);
    this.name = "BackendError";
    this.code = error.code;
    this.detail = error.detail ?? null;
  }
}

/** Whether `error` came from a command with this code. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is BackendError {
  return error instanceof BackendError && codes.includes(error.code);
}
