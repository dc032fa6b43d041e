import type { ConnectionInput } from "~/backend/backend";

export type Way = "link" | "files" | "text";

/** What the person has entered so far; each way keeps its own, so that a look at another one loses nothing. */
export class ConnectionDraft {
  way = $state<Way>("link");
  link = $state("");
  address = $state("127.0.0.1:10009");
  certPath = $state("");
  macaroonPath = $state("");
  cert = $state("");
  macaroon = $state("");

  get complete(): boolean {
    const filled = (...values: string[]) => values.every((value) => value.trim() !== "");
    if (this.way === "link") return filled(this.link);
    if (this.way === "files") return filled(this.address, this.certPath, this.macaroonPath);
    return filled(this.address, this.cert, this.macaroon);
  }

  get input(): ConnectionInput {
    if (this.way === "link") return { kind: "link", link: this.link.trim() };
    const address = this.address.trim();
    return this.way === "files"
      ? { kind: "files", address, cert_path: this.certPath, macaroon_path: this.macaroonPath }
      : { kind: "text", address, cert: this.cert.trim(), macaroon: this.macaroon.trim() };
  }

  /** Forgets what is secret. */
  forget(): void {
    this.link = "";
    this.cert = "";
    this.macaroon = "";
  }
}
