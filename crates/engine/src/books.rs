//! What each payment means in the ledger. Every booking is made once, however often it is tried.

use domain::{Attempt, HoldState, Msat, NodeId, PaymentHash, Timestamp};
use store::{Booking, Delivery, RefundSide, StoreError, Tx};

/// The recipient kept it.
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
    tx.book(Booking::MessageSent, attempt.hash, to, Msat::ZERO, at)?;
    Ok(())
}

/// The recipient's node returned it.
pub(crate) fn book_returned(
    tx: &Tx<'_>,
    delivery: &Delivery,
    attempt: &Attempt,
    at: Timestamp,
) -> Result<(), StoreError> {
    let to = Some(delivery.to);
    tx.book(Booking::ReturnedToUs, attempt.hash, to, attempt.amount, at)?;
    tx.book(Booking::MessageSent, attempt.hash, to, Msat::ZERO, at)?;
    Ok(())
}

/// An incoming payment is both opened and over: now its meaning is known.
pub(crate) fn book_incoming(
    tx: &Tx<'_>,
    hash: PaymentHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(row) = tx.incoming(hash)? else {
        return Ok(());
    };
    let (Some(message), true) = (row.message, row.opened && row.payment.state.is_over()) else {
        return Ok(());
    };
    let from: Option<NodeId> = row.sender;
    let refund = tx
        .refund_by(message)?
        .filter(|refund| refund.side == RefundSide::ByThem);
    let kind = match (row.payment.state, &refund) {
        (HoldState::Settled, Some(_)) => {
            tx.finish_refund(message)?;
            Booking::RefundReceived
        }
        (HoldState::Settled, None) if row.postage => Booking::PostageReceived,
        (HoldState::Settled, None) => Booking::PaymentReceived,
        (_, Some(_)) => {
            tx.drop_refund(message)?;
            Booking::ReturnedByUs
        }
        (_, None) => Booking::ReturnedByUs,
    };
    tx.book(kind, hash, from, row.payment.amount, at)?;
    Ok(())
}

/// Whether a delivery carries words only.
pub(crate) fn is_postage(delivery: &Delivery) -> bool {
    delivery.expectation == domain::Expectation::Return
}
