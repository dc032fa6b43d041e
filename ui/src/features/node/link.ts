import type { Link } from "~/backend/backend";

/** Which colour stands for the connection; its words always stand beside it. */
export function linkTone(link: Link | null): "good" | "warn" | "bad" | "quiet" {
  if (link === null || link.state === "connecting") return "quiet";
  if (link.state === "waiting") return "bad";
  return link.synced ? "good" : "warn";
}
