import type { Conversation } from "~/backend/backend";
import { m } from "~/i18n";
import { doubtLead } from "~/i18n/authorship";
import { sats } from "~/i18n/words";

export interface PreviewWords {
  /** Whose it is, or what: stands before the text. */
  lead: string;
  text: string;
  draft: boolean;
}

/** One line about the newest thing in a conversation. */
export function previewOf(conversation: Conversation, showDraft: boolean): PreviewWords {
  const { draft, last } = conversation;
  if (showDraft && draft.trim() !== "") return { lead: m.preview_draft(), text: draft, draft: true };
  if (last === null) return { lead: "", text: m.preview_empty(), draft: false };
  const lead = last.direction === "outgoing" ? m.preview_you() : doubtLead(last);
  const amount = sats(last.payment);
  if (last.taken_back) return { lead, text: m.message_gone_preview(), draft: false };
  switch (last.kind.kind) {
    case "payment":
      return { lead, text: last.text === "" ? amount : `${amount} · ${last.text}`, draft: false };
    case "refund":
      return { lead, text: m.preview_refund({ amount }), draft: false };
    case "unreadable":
      return { lead, text: m.message_unreadable(), draft: false };
    case "newer":
      return { lead, text: m.message_newer(), draft: false };
    case "text":
      return { lead, text: last.payment > 0 ? `${amount} · ${last.text}` : last.text, draft: false };
  }
}
