//! What each payment means in the ledger. Every booking is made once, however often it is tried.

use domain::{Attempt, HoldState, Msat, PaymentHash, ReturnMeaning, Timestamp};
use store::{Booking, Delivery, RefundSide, StoreError, Tx};

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
/// brought a message.
pub(crate) fn book_incoming(
    tx: &Tx<'_>,
    hash: PaymentHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(row) = tx.incoming(hash)? else {
        return Ok(());
    };
    if !row.opened || !row.payment.state.is_over() {
        return Ok(());
    }
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
    let sender = row.sender.filter(|_| !claimed);
    tx.book(kind, hash, sender, row.payment.amount, at)?;
    Ok(())
}

/// Whether a delivery carries words only.
pub(crate) fn is_postage(delivery: &Delivery) -> bool {
    delivery.expectation == domain::Expectation::Return
}
