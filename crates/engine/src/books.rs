//! What each payment means in the ledger. Every booking is made once, however often it is tried.

use domain::{
    Attempt, Authorship, Direction, HoldState, MessageKey, MessageKind, Msat, NodeId, PaymentHash,
    Privacy, Program, ReturnMeaning, Timestamp, WORTH_A_LOOK,
};
use store::{Booking, Delivery, IncomingRow, NewMessage, RefundSide, StoreError, Tx};

use crate::filing::newcomer;

/// The recipient kept it. A part is no message: see [`book_sent`].
pub(crate) fn book_settled(
    tx: &Tx<'_>,
    delivery: &Delivery,
    attempt: &Attempt,
    fee: Msat,
    at: Timestamp,
) -> Result<(), StoreError> {
    let to = Some(delivery.to);
    let kind = if delivery.refund_of.is_some() {
        Booking::RefundSent
    } else if is_postage(delivery) {
        Booking::PostageSent
    } else {
        Booking::PaymentSent
    };
    tx.book(kind, attempt.hash, to, attempt.amount, at)?;
    tx.book(Booking::Fee, attempt.hash, to, fee, at)?;
    if attempt.part.is_none() {
        book_sent(tx, delivery, attempt, at)?;
    }
    Ok(())
}

/// The recipient's node returned it. A message whose arrival is not certain does not count as sent.
pub(crate) fn book_returned(
    tx: &Tx<'_>,
    delivery: &Delivery,
    attempt: &Attempt,
    at: Timestamp,
) -> Result<(), StoreError> {
    let to = Some(delivery.to);
    tx.book(Booking::ReturnedToUs, attempt.hash, to, attempt.amount, at)?;
    if attempt.part.is_some() {
        return Ok(());
    }
    let meaning = tx.delivery(delivery.message)?.and_then(|now| now.returned);
    if meaning != Some(ReturnMeaning::Unconfirmed) {
        book_sent(tx, delivery, attempt, at)?;
    }
    Ok(())
}

/// The message has reached its recipient, by this attempt at last.
pub(crate) fn book_sent(
    tx: &Tx<'_>,
    delivery: &Delivery,
    attempt: &Attempt,
    at: Timestamp,
) -> Result<(), StoreError> {
    let to = Some(delivery.to);
    tx.book(Booking::MessageSent, attempt.hash, to, Msat::ZERO, at)?;
    Ok(())
}

/// An incoming payment is both opened and over: now its meaning is known. It is booked by its hash, whether or not it
/// brought a message. Money that no message shows gets one without words, which is returned.
pub(crate) fn book_incoming(
    tx: &Tx<'_>,
    ours: NodeId,
    hash: PaymentHash,
    at: Timestamp,
) -> Result<Option<MessageKey>, StoreError> {
    let Some(row) = tx.incoming(hash)? else {
        return Ok(None);
    };
    let settled = row.payment.state == HoldState::Settled;
    // What has gone back is over, whatever it was.
    if !row.opened || !row.payment.state.is_over() || (row.waits && settled) {
        return Ok(None);
    }
    // What a stranger has at stake is known now.
    if let Some(sender) = row.sender {
        tx.weigh_request(sender, WORTH_A_LOOK, false)?;
    }
    let shown = if settled && row.message.is_none() && !row.postage {
        show(tx, ours, &row, at)?
    } else {
        None
    };
    let refund = match row.message {
        Some(message) => tx
            .refund_by(message)?
            .filter(|refund| refund.side == RefundSide::ByThem),
        None => None,
    };
    let kind = match (row.payment.state, refund) {
        // A second payment of the same pay-back is a payment.
        (HoldState::Settled, Some(refund)) if tx.finish_refund(refund.message)? => {
            Booking::RefundReceived
        }
        (HoldState::Settled, _) if row.postage => Booking::PostageReceived,
        (HoldState::Settled, _) => Booking::PaymentReceived,
        (_, refund) => {
            if let Some(refund) = refund {
                tx.drop_refund(refund.message)?;
            }
            Booking::ReturnedByUs
        }
    };
    // Nobody owes for what anybody could have written in their name.
    let claimed = match row.message {
        Some(key) if kind == Booking::PostageReceived => tx
            .message(key)?
            .is_some_and(|message| !message.authorship.is_proven()),
        _ => false,
    };
    // What is nobody's stands with what unknown senders have sent.
    let sender = row.sender.filter(|_| !claimed).unwrap_or(ours);
    if settled {
        known(tx, ours, sender, at)?;
        tx.conversation_with(sender, at)?;
    }
    tx.book(kind, hash, Some(sender), row.payment.amount, at)?;
    Ok(shown)
}

/// Shows money that came without a message, or with one that is not kept.
fn show(
    tx: &Tx<'_>,
    ours: NodeId,
    row: &IncomingRow,
    at: Timestamp,
) -> Result<Option<MessageKey>, StoreError> {
    let by = row.sender.unwrap_or(ours);
    known(tx, ours, by, at)?;
    let payment = &row.payment;
    let shown = tx.insert_message(&NewMessage {
        conversation: tx.conversation_with(by, at)?,
        sender: by,
        id: payment.hash.message_id(),
        direction: Direction::Incoming,
        kind: MessageKind::Payment,
        text: String::new(),
        payment: payment.amount,
        sent_at: payment.arrived_at,
        stored_at: at,
        authorship: if by == ours {
            Authorship::Claimed
        } else {
            Authorship::Verified
        },
        privacy: Privacy::Open,
        seen: false,
        carrier: Some(payment.carrier),
        letter: None,
    })?;
    if let Some(key) = shown {
        tx.show_payment(payment.hash, key)?;
    }
    Ok(shown)
}

/// Makes sure that there is a contact.
fn known(tx: &Tx<'_>, ours: NodeId, node: NodeId, at: Timestamp) -> Result<(), StoreError> {
    if tx.contact(node)?.is_none() {
        tx.add_contact(&newcomer(ours, node, Program::Unknown, at))?;
    }
    Ok(())
}

/// Whether a delivery carries words only.
pub(crate) fn is_postage(delivery: &Delivery) -> bool {
    delivery.expectation == domain::Expectation::Return
}
