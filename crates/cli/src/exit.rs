//! What the exit code says of a message.

use std::process::ExitCode;

use api::domain::{DeliveryState, HoldState, ReturnMeaning};
use api::view::MessageView;

/// Shown under the help of every command.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done: sent and arrived, accepted, given back
  1  an error: nothing was done, or it is not known
  2  the command line was wrong
  3  it ended otherwise: did not arrive, came back, settled instead of going back
  4  open: it waits, is on its way, or is not known to have arrived";

/// How what was asked for has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Done,
    Otherwise,
    Open,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(match ended {
            Ended::Done => 0,
            Ended::Otherwise => 3,
            Ended::Open => 4,
        })
    }
}

/// Of a message, a payment or a pay-back that was sent.
pub(crate) fn sent(message: &MessageView) -> Ended {
    let delivery = message.delivery.as_ref();
    delivery.map_or(Ended::Open, |delivery| {
        delivered(
            delivery.state,
            delivery.returned,
            delivery.delivered_at.is_some(),
        )
    })
}

fn delivered(state: DeliveryState, returned: Option<ReturnMeaning>, receipt: bool) -> Ended {
    match (state, returned) {
        (DeliveryState::Settled | DeliveryState::Delivered, _)
        | (DeliveryState::Returned, Some(ReturnMeaning::Arrived)) => Ended::Done,
        // What came back may have arrived all the same; a receipt says so.
        (DeliveryState::Returned, Some(ReturnMeaning::Unconfirmed)) if receipt => Ended::Done,
        (DeliveryState::Returned, Some(ReturnMeaning::Unconfirmed))
        | (DeliveryState::Queued | DeliveryState::InFlight | DeliveryState::Parked, _) => {
            Ended::Open
        }
        (DeliveryState::Returned | DeliveryState::Failed | DeliveryState::Cancelled, _) => {
            Ended::Otherwise
        }
    }
}

/// Of a decision on a payment that is held: it was to end as `wanted`.
pub(crate) fn decided(message: &MessageView, wanted: HoldState) -> Ended {
    let state = message.hold.as_ref().map(|hold| hold.state);
    match state {
        Some(state) if state == wanted => Ended::Done,
        Some(state) if state.is_over() => Ended::Otherwise,
        _ => Ended::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_did_not_arrive_is_no_success() {
        use DeliveryState as S;
        use ReturnMeaning::{Arrived, Declined, Unconfirmed};
        for (state, returned, receipt, expected) in [
            (S::Settled, None, false, Ended::Done),
            (S::Delivered, None, true, Ended::Done),
            (S::Returned, Some(Arrived), false, Ended::Done),
            (S::Returned, Some(Unconfirmed), true, Ended::Done),
            (S::Returned, Some(Unconfirmed), false, Ended::Open),
            (S::Returned, Some(Declined), false, Ended::Otherwise),
            (S::Returned, None, false, Ended::Otherwise),
            (S::Failed, None, false, Ended::Otherwise),
            (S::Cancelled, None, false, Ended::Otherwise),
            (S::Queued, None, false, Ended::Open),
            (S::InFlight, None, false, Ended::Open),
            (S::Parked, None, false, Ended::Open),
        ] {
            let ended = delivered(state, returned, receipt);
            assert_eq!(ended, expected, "{state:?} {returned:?}");
        }
    }
}
