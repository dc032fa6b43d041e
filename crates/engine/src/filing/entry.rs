//! What was opened, as it is filed: sender, kind, words, and what the payment under it is.

use domain::{
    Amendment, AmendmentKind, Authorship, Content, Expectation, IncomingPayment, MessageId,
    MessageKind, Msat, NodeId, Owed, PaymentHash, Privacy, Program, RefundClaim, Timestamp, Trust,
    weigh,
};
use protocol::Body;
use store::{Claim, StoreError};

use super::Desk;
use crate::opening::{self, Opened};

/// What is filed: all that the decision and the row need.
pub(super) struct Entry {
    pub(super) by: NodeId,
    pub(super) id: MessageId,
    pub(super) kind: MessageKind,
    pub(super) text: String,
    pub(super) payment: Msat,
    pub(super) sent_at: Timestamp,
    pub(super) authorship: Authorship,
    /// Whom it names as its author, without proof; it is filed as nobody's.
    pub(super) claims: Option<NodeId>,
    pub(super) privacy: Privacy,
    pub(super) letter: Option<Vec<u8>>,
    /// The letter's number among those of its sender; 0 for what has none.
    pub(super) sequence: u64,
    pub(super) content: Content,
    pub(super) program: Option<Program>,
    /// Whether there is something to keep.
    pub(super) visible: bool,
    /// What it does to another message; then it is no bubble.
    pub(super) amends: Option<Amendment>,
    /// The message that it answers.
    pub(super) reply_to: Option<MessageId>,
    /// What an author without proof says of themselves.
    pub(super) claim: Option<Claim>,
    /// No news: the user need not look at it.
    pub(super) quiet: bool,
}

impl Entry {
    /// What the ledger calls a message that no payment brought: a hash of its author and its name.
    pub(super) fn booked_as(&self) -> PaymentHash {
        PaymentHash::of_message(&self.by, self.id)
    }
}

impl Desk<'_, '_> {
    pub(super) fn entry(
        &self,
        payment: &IncomingPayment,
        opened: Opened,
        waits: bool,
    ) -> Result<Entry, StoreError> {
        let nobody = |kind, content, visible| Entry {
            by: self.ours,
            id: payment.hash.message_id(),
            kind,
            text: String::new(),
            payment: payment.amount,
            sent_at: payment.arrived_at,
            authorship: Authorship::Claimed,
            claims: None,
            privacy: Privacy::Sealed,
            letter: None,
            sequence: 0,
            content,
            program: None,
            visible,
            amends: None,
            reply_to: None,
            claim: None,
            quiet: false,
        };
        Ok(match opened {
            Opened::Bare => Entry {
                privacy: Privacy::Open,
                ..nobody(MessageKind::Payment, Content::Bare, false)
            },
            Opened::Unreadable => nobody(MessageKind::Unreadable, Content::Sealed, true),
            Opened::Newer => nobody(MessageKind::Newer, Content::Sealed, true),
            Opened::Nobodys(letter) => self.nobodys(payment.amount, *letter, nobody),
            Opened::Readable(readable) => {
                let mut head = opening::head(&readable, payment.hash, payment.arrived_at);
                let claims = self.claims(&head)?;
                if let (Some(by), None) = (head.by, claims)
                    && head.authorship == Authorship::Verified
                {
                    head.authorship = self.authorship(by, true)?;
                }
                let wordless = readable.text.is_empty();
                // One satoshi is what programs attach to carry a text; more is meant for the person.
                let postage = payment.amount <= Msat::SAT && !wordless;
                let claim = Claim {
                    name: readable.alias.unwrap_or_default(),
                    about: readable.about.unwrap_or_default(),
                };
                let says = !claim.name.is_empty() || !claim.about.is_empty();
                Entry {
                    by: head.by.filter(|_| claims.is_none()).unwrap_or(self.ours),
                    id: head.id,
                    kind: if postage {
                        MessageKind::Text
                    } else {
                        MessageKind::Payment
                    },
                    text: protocol::display_text(&readable.text),
                    payment: if postage { Msat::ZERO } else { payment.amount },
                    sent_at: head.sent_at,
                    authorship: head.authorship,
                    claims,
                    privacy: Privacy::Open,
                    letter: None,
                    sequence: 0,
                    // Money without words is for another program of this node.
                    content: if wordless {
                        Content::Bare
                    } else {
                        Content::Readable
                    },
                    program: Some(Program::Other),
                    visible: true,
                    amends: None,
                    reply_to: None,
                    // No signature covers such a name.
                    claim: (says && head.authorship == Authorship::Claimed).then_some(claim),
                    quiet: readable.quiet && wordless,
                }
            }
            Opened::Letter(letter) => self.letter(payment.amount, *letter, waits)?,
        })
    }

    /// Whom a text names that does not go into their conversation. Words that are only said to be somebody's stand there
    /// with a mark, and only of known contacts whose program knows no better: whoever writes sealed letters proves it.
    fn claims(&self, head: &opening::ReadableHead) -> Result<Option<NodeId>, StoreError> {
        let Some(named) = head.by.filter(|by| *by != self.ours) else {
            return Ok(None);
        };
        if head.authorship.is_proven() {
            return Ok(None);
        }
        let contact = self.tx.contact(named)?;
        let known = contact.is_some_and(|contact| {
            contact.trust == Trust::Known && !contact.program.reads_letters()
        });
        Ok((!known || self.tx.card(named)?.is_some()).then_some(named))
    }

    /// What is known of the author of what a key of theirs has sealed or signed: once their app has a key of its own, what
    /// comes under the key of their node may be from whoever runs that node.
    pub(super) fn authorship(&self, by: NodeId, by_node: bool) -> Result<Authorship, StoreError> {
        Ok(
            if by_node && by != self.ours && self.tx.card(by)?.is_some() {
                Authorship::NodeOnly
            } else {
                Authorship::Verified
            },
        )
    }

    /// A letter under a key that nobody has vouched for: its words are shown as nobody's. It amends nothing and tells the
    /// app nothing; what has no words is kept unread.
    fn nobodys(
        &self,
        amount: Msat,
        letter: protocol::Letter,
        nobody: impl Fn(MessageKind, Content, bool) -> Entry,
    ) -> Entry {
        let (Body::Text(text) | Body::Payment { note: text, .. }) = letter.body else {
            return nobody(MessageKind::Unreadable, Content::Sealed, true);
        };
        let expectation = weigh(letter.expectation, amount);
        let postage = expectation == Expectation::Return;
        let kind = if postage {
            MessageKind::Text
        } else {
            MessageKind::Payment
        };
        Entry {
            text: protocol::display_text(&text),
            payment: if postage { Msat::ZERO } else { amount },
            sent_at: letter.sent_at,
            ..nobody(kind, Content::Letter(expectation), true)
        }
    }

    pub(super) fn letter(
        &self,
        amount: Msat,
        spoken: opening::Spoken<protocol::Letter>,
        waits: bool,
    ) -> Result<Entry, StoreError> {
        let letter = spoken.what;
        // Until it is known it is taken for postage.
        let owed = waits || self.is_owed(spoken.by, &letter, amount)?;
        let amends = amendment(&letter.body);
        // Nobody is asked about what comes with a letter that amends another: what is not owed is postage that goes back.
        let expectation = if amends.is_some() && opening::pays_postage_back(&letter, amount) {
            Expectation::Return
        } else {
            weigh(letter.expectation, amount)
        };
        let postage = owed || expectation == Expectation::Return;
        let plain = if postage {
            MessageKind::Text
        } else {
            MessageKind::Payment
        };
        let content = if owed {
            Content::OwedPostage
        } else {
            Content::Letter(expectation)
        };
        // Money under it is for the person: then there is a bubble, and nothing is amended.
        let amends = amends.filter(|_| postage);
        let (kind, text, content, visible) = match letter.body {
            Body::Text(text) => (plain, text, content, true),
            Body::Payment { note, .. } => (plain, note, content, true),
            // A hello that brings money is shown; one that brings postage only introduces.
            Body::Hello { .. } => {
                let visible = spoken.text.is_some() || !postage;
                (plain, spoken.text.unwrap_or_default(), content, visible)
            }
            Body::Refund { of, note, .. } => {
                let claim = RefundClaim {
                    from: spoken.by,
                    of,
                    amount,
                };
                let honest = claim.is_honest(self.tx.paid_before(of)?.as_ref());
                let kind = if honest {
                    MessageKind::Refund { of }
                } else {
                    MessageKind::Payment
                };
                (kind, note, Content::Refund { honest }, true)
            }
            // Said to the app: nothing to show, whatever carried it.
            Body::Receipt { .. }
            | Body::CardRequest
            | Body::InvoiceRequest { .. }
            | Body::Invoice { .. }
            | Body::Profile { .. }
            | Body::ResendRequest(_) => (plain, String::new(), content, !postage),
            // Waits for the others, or is none that is waited for.
            Body::Piece(_) if postage => (plain, String::new(), content, false),
            Body::Reaction { emoji, .. } => (plain, emoji.unwrap_or_default(), content, true),
            Body::Edit { text, .. } => (plain, text, content, true),
            Body::Delete { .. } => (plain, String::new(), content, true),
            // Said in a way that this program does not show yet; what is to become of its payment is understood.
            _ => (MessageKind::Newer, String::new(), content, true),
        };
        let carries_money = !(postage && matches!(kind, MessageKind::Text | MessageKind::Newer));
        Ok(Entry {
            by: spoken.by,
            id: letter.id,
            kind,
            text: protocol::display_text(&text),
            payment: if carries_money { amount } else { Msat::ZERO },
            sent_at: letter.sent_at,
            authorship: self.authorship(spoken.by, spoken.by_node)?,
            claims: None,
            privacy: spoken.privacy,
            letter: Some(spoken.bytes),
            sequence: letter.sequence,
            content,
            program: Some(Program::Heliograph {
                hold_secs: letter.hold_secs,
            }),
            visible,
            amends,
            reply_to: letter.reply_to,
            claim: None,
            quiet: false,
        })
    }

    /// Whether a letter brings postage of ours back, by our own books.
    fn is_owed(
        &self,
        by: NodeId,
        letter: &protocol::Letter,
        amount: Msat,
    ) -> Result<bool, StoreError> {
        if !opening::pays_postage_back(letter, amount) {
            return Ok(false);
        }
        Ok(self.tx.postage_balance(by)?.owed(amount) == Owed::Yes)
    }
}

/// Which message a letter amends.
const fn amendment(body: &Body) -> Option<Amendment> {
    let (kind, of) = match body {
        Body::Reaction { to, .. } => (AmendmentKind::Reaction, *to),
        Body::Edit { of, .. } => (AmendmentKind::Edit, *of),
        Body::Delete { of } => (AmendmentKind::Delete, *of),
        _ => return None,
    };
    Some(Amendment { kind, of })
}
