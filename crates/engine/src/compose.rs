//! From a message to the records of a payment, and how large they are.

use domain::{
    Amendment, AmendmentKind, Expectation, MessageId, Msat, NodeId, PaymentHash, Postage, Privacy,
    Program, RouteHint, Timestamp,
};
use lnd::LightningError;
use protocol::{Body, Letter, Records, record};
use rand::rngs::StdRng;

use crate::identity::Identity;
use crate::sealing::Sealing;

/// Hop payloads of a payment's onion, in bytes (BOLT 4).
const ONION: usize = 1_300;
/// A readable message takes a hello along while all records stay below this: it must not shorten the reach.
const HELLO_ROOM: usize = 700;
/// The longest DER signature.
const SIGNATURE: usize = 72;

/// What a message does besides carrying words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Text,
    Payment(Msat),
    Refund { of: PaymentHash, amount: Msat },
}

/// Everything that decides what goes over the wire, except the attempt's payment hash.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) to: NodeId,
    pub(crate) program: Program,
    /// How letters to them are sealed.
    pub(crate) sealing: Sealing,
    /// Whether nothing readable goes to them, whatever they run.
    pub(crate) sealed_only: bool,
    pub(crate) id: MessageId,
    pub(crate) sequence: u64,
    /// The number of the letter before it; 0: there is none.
    pub(crate) after: u64,
    pub(crate) sent_at: Timestamp,
    pub(crate) hold_secs: Option<u32>,
    pub(crate) text: String,
    pub(crate) purpose: Purpose,
    /// What it does to another message, with the text; `None` for a bubble.
    pub(crate) amends: Option<Amendment>,
    /// The message that it answers.
    pub(crate) reply_to: Option<MessageId>,
    /// What a text carries when it travels by a payment.
    pub(crate) postage: Postage,
    /// Over which channels their node can be paid that gossip does not know.
    pub(crate) ways_in: Vec<RouteHint>,
}

impl Draft {
    /// What the recipient gets: the payment, or postage.
    pub(crate) const fn amount(&self) -> Msat {
        match self.purpose {
            Purpose::Text => self.postage.amount,
            Purpose::Payment(amount) | Purpose::Refund { amount, .. } => amount,
        }
    }

    pub(crate) const fn expectation(&self) -> Expectation {
        match self.purpose {
            Purpose::Text => self.postage.expectation,
            Purpose::Payment(_) => Expectation::Decide,
            Purpose::Refund { .. } => Expectation::Keep,
        }
    }

    /// Letters are for those who have shown that they read them, and where the user wants nothing else.
    pub(crate) fn is_sealed(&self) -> bool {
        self.amends.is_some() || self.reads_letters() || self.sealed_only
    }

    /// Whether the recipient has shown that they read letters.
    pub(crate) fn reads_letters(&self) -> bool {
        self.program.reads_letters() || self.sealing.has_card()
    }

    pub(crate) fn privacy(&self) -> Privacy {
        if self.is_sealed() {
            Privacy::Sealed
        } else {
            Privacy::Open
        }
    }

    /// The letter that says all of it.
    pub(crate) fn whole_letter(&self) -> Letter {
        self.letter(self.body(self.text.clone()))
    }

    fn letter(&self, body: Body) -> Letter {
        Letter {
            id: self.id,
            sequence: self.sequence,
            after: self.after,
            sent_at: self.sent_at,
            expectation: self.expectation(),
            hold_secs: self.hold_secs,
            reply_to: self.reply_to,
            card: self.sealing.card.clone(),
            hints: self.sealing.hints.clone(),
            body,
        }
    }

    fn body(&self, text: String) -> Body {
        if let Some(Amendment { kind, of }) = self.amends {
            return match kind {
                AmendmentKind::Reaction => Body::Reaction {
                    to: of,
                    emoji: Some(text).filter(|emoji| !emoji.is_empty()),
                },
                AmendmentKind::Edit => Body::Edit { of, text },
                AmendmentKind::Delete => Body::Delete { of },
            };
        }
        match self.purpose {
            Purpose::Text => Body::Text(text),
            Purpose::Payment(amount) => Body::Payment { note: text, amount },
            Purpose::Refund { of, amount } => Body::Refund {
                of,
                amount,
                note: text,
            },
        }
    }

    /// What a program that reads no letters shows.
    fn readable_text(&self) -> String {
        match self.purpose {
            Purpose::Refund { of, .. } if self.text.is_empty() => format!("Refund of payment {of}"),
            _ => self.text.clone(),
        }
    }

    /// The records of one attempt.
    pub(crate) async fn records(
        &self,
        identity: &Identity,
        mut rng: StdRng,
        hash: PaymentHash,
    ) -> Result<Records, LightningError> {
        let ours = identity.node();
        let mut sealed = async |letter: Letter| -> Result<(u64, Vec<u8>), LightningError> {
            let envelope = self
                .sealing
                .seal(identity, &mut rng, &hash.0, &letter)
                .await?;
            Ok((record::LETTER, envelope))
        };
        let text = self.readable_text();
        if self.is_sealed() || text.is_empty() {
            return Ok(vec![sealed(self.whole_letter()).await?]);
        }
        let time = protocol::whatsat::time_bytes(self.sent_at);
        let signed = protocol::whatsat::signed_bytes(ours, self.to, &time, &text);
        let signature = identity.sign(signed).await?;
        let mut records = protocol::whatsat::records(ours, &time, &text, &signature);
        if self.takes_hello(text.len()) {
            let beside = Some(protocol::text_hash(&text));
            match sealed(self.letter(Body::Hello { beside })).await {
                Ok(hello) => records.push(hello),
                // Readable text needs no sealing: without that permission it goes alone.
                Err(LightningError::Permission(_)) => {}
                Err(error) => return Err(error),
            }
        }
        records.sort_by_key(|(kind, _)| *kind);
        Ok(records)
    }

    /// Records of the same types and sizes, for asking what they cost.
    pub(crate) fn sized_records(&self) -> Records {
        self.sizes(self.text.len())
            .into_iter()
            .map(|(kind, size)| (kind, vec![0; size]))
            .collect()
    }

    /// Types and sizes of the records if the text had `len` bytes, by ascending type.
    pub(crate) fn sizes(&self, len: usize) -> Vec<(u64, usize)> {
        let text = "x".repeat(len);
        if self.is_sealed() || (text.is_empty() && self.readable_text().is_empty()) {
            return vec![(
                record::LETTER,
                self.sealing.size(&self.letter(self.body(text))),
            )];
        }
        let text_len = if text.is_empty() {
            self.readable_text().len()
        } else {
            len
        };
        let mut sizes = readable_sizes(text_len);
        if self.takes_hello(text_len) {
            sizes.push((record::LETTER, self.sealing.size(&self.letter(HELLO))));
        }
        sizes.sort_unstable();
        sizes
    }

    /// Whether a hello goes beside readable text: where it does not shorten the reach, and under money so little that it
    /// would be taken for postage, and be given back, if no letter said what it is. Room for our card counts also while
    /// there is none: by the letter's name a later try is known for the same message, so all of them take it along or none.
    fn takes_hello(&self, text_len: usize) -> bool {
        if self.purpose != Purpose::Text && self.amount() <= Msat::SAT {
            return true;
        }
        let card = self.sealing.card.as_ref().map_or(CARD, |_| 0);
        let hello = self.sealing.size(&self.letter(HELLO));
        let hello = (record::LETTER, hello.saturating_add(card));
        encoded(readable_sizes(text_len).into_iter().chain([hello])) <= HELLO_ROOM
    }

    /// How many bytes of text fit over so many channels; `None` when not even an empty text does.
    pub(crate) fn room_for_text(&self, hops: u32) -> Option<usize> {
        let room = record_room(self.amount(), hops)?;
        let fits = |len: usize| encoded(self.sizes(len)) <= room;
        longest(ONION, fits)
    }
}

/// The longest that fits, below `too_long`; `None` when not even nothing does.
fn longest(mut too_long: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    if !fits(0) {
        return None;
    }
    let mut fitting = 0_usize;
    while fitting.saturating_add(1) < too_long {
        let middle = fitting.midpoint(too_long);
        if fits(middle) {
            fitting = middle;
        } else {
            too_long = middle;
        }
    }
    Some(fitting)
}

/// Bytes of our card in a letter.
const CARD: usize = 160;

/// The context of a letter that no payment carries.
pub(crate) const NO_PAYMENT: [u8; 32] = [0; 32];

const HELLO: Body = Body::Hello {
    beside: Some([0; 32]),
};

fn readable_sizes(text_len: usize) -> Vec<(u64, usize)> {
    vec![
        (record::TEXT, text_len),
        (record::SIGNATURE, SIGNATURE),
        (record::SENDER, 33),
        (record::TIME, 8),
    ]
}

/// Bytes of a TLV stream with these types and lengths.
pub(crate) fn encoded(sizes: impl IntoIterator<Item = (u64, usize)>) -> usize {
    sizes
        .into_iter()
        .map(|(kind, size)| {
            let length = u64::try_from(size).unwrap_or(u64::MAX);
            big_size(kind)
                .saturating_add(big_size(length))
                .saturating_add(size)
        })
        .fold(0, usize::saturating_add)
}

/// Bytes of a BigSize number (BOLT 1).
const fn big_size(value: u64) -> usize {
    match value {
        0..0xfd => 1,
        0xfd..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    }
}

/// Bytes that custom records may take in the last hop's payload, besides the keysend preimage.
///
/// The last payload holds its length (3), amount and expiry (2 and their bytes; heights have up to 3), the preimage
/// record (42) and the HMAC (32); each forwarder's holds a channel id (10) instead of records, and a length of 1.
pub(crate) fn record_room(amount: Msat, hops: u32) -> Option<usize> {
    // Forwarders are paid more than the recipient; one byte more always covers it.
    let number = 64_u32
        .saturating_sub(amount.get().leading_zeros())
        .div_ceil(8);
    let number = usize::try_from(number).ok()?;
    let last = 3_usize
        .checked_add(2)?
        .checked_add(number)?
        .checked_add(2 + 3 + 42 + 32)?;
    let forwarder = 1_usize
        .checked_add(2)?
        .checked_add(number)?
        .checked_add(1 + 2 + 3 + 10 + 32)?;
    let forwarders = usize::try_from(hops.checked_sub(1)?).ok()?;
    ONION
        .checked_sub(last)?
        .checked_sub(forwarder.checked_mul(forwarders)?)
}

#[cfg(test)]
mod tests;
