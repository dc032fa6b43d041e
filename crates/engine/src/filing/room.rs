//! Room for what strangers leave: it goes by what they have at stake, and what is nobody's takes nobody's room.

use domain::{
    Content, Crowd, Decision, HoldCaps, HoldEvent, HoldRoom, HoldState, HoldUsage, IncomingPayment,
    Msat, NodeId, Reason, Room, StrangerCaps, Trust,
};
use store::{StoreError, StrangerHold};

use super::{Desk, Filed};

impl Desk<'_, '_> {
    /// Whether a stranger may leave one more message. What is worth a look takes the place of what is not.
    pub(super) fn room(&self, by: NodeId, amount: Msat) -> Result<Room, StoreError> {
        let caps = StrangerCaps::default();
        let (messages, bytes) = self.tx.stranger_usage(by)?;
        let full = messages >= caps.messages || bytes >= caps.bytes;
        let gets_in =
            !full || (amount >= caps.worth && self.tx.drop_smallest_of(by, caps.worth)?);
        Ok(if gets_in {
            Room::Free
        } else {
            Room::SenderFull
        })
    }

    /// Whether a payment may wait for a decision beside those that wait. A contact's always may.
    pub(super) fn hold_room(
        &self,
        payment: &IncomingPayment,
        signed_by: Option<NodeId>,
        trust: Trust,
        content: Content,
    ) -> Result<HoldRoom, StoreError> {
        if payment.state != HoldState::Held || trust != Trust::Request {
            return Ok(HoldRoom::Free);
        }
        let mut usage = HoldUsage::default();
        for hold in self.others(payment)? {
            let one = u32::from(hold.sender.is_some() && hold.sender == signed_by);
            usage.of_sender = usage.of_sender.saturating_add(one);
            let one = u32::from(hold.unopenable);
            usage.unopenable = usage.unopenable.saturating_add(one);
            if hold.channel == payment.channel {
                add(&mut usage.in_channel, hold.amount);
            }
            add(&mut usage.in_all, hold.amount);
        }
        Ok(HoldCaps::default().room(&usage, content, payment.amount))
    }

    /// Sends the smallest that waits back, if one has to go for this payment; of several the oldest. Its words stay.
    pub(super) fn displace(
        &self,
        payment: &IncomingPayment,
        room: HoldRoom,
    ) -> Result<bool, StoreError> {
        let HoldRoom::InsteadOf(crowd) = room else {
            return Ok(false);
        };
        let among = self
            .others(payment)?
            .into_iter()
            .filter(|hold| match crowd {
                Crowd::Channel => hold.channel == payment.channel,
                Crowd::All => true,
            });
        let Some(smallest) = among.min_by_key(|hold| hold.amount) else {
            return Ok(false);
        };
        let by = Some(Decision::Policy);
        self.tx
            .step_hold(smallest.hash, HoldEvent::Refuse, by, self.now)?;
        self.tx.set_reason(smallest.hash, Reason::HoldsFull)?;
        if let Some(sender) = smallest.sender {
            self.weigh(sender)?;
        }
        Ok(true)
    }

    /// Counts what a stranger has at stake now.
    pub(super) fn weigh(&self, node: NodeId) -> Result<(), StoreError> {
        let worth = StrangerCaps::default().worth;
        self.tx.weigh_request(node, worth, self.standing.proven)
    }

    /// Removes what there is no room for.
    pub(super) fn tidy(&self, filed: &mut Filed) -> Result<(), StoreError> {
        let caps = StrangerCaps::default();
        for node in self.tx.surplus_requests(&caps)? {
            let gone = self.tx.drop_request(node, Decision::Policy, self.now)?;
            filed.removed.extend(gone);
        }
        let changed = self.tx.trim_unsigned(caps.unsigned, caps.worth)?;
        filed.conversation = filed.conversation.or_else(|| changed.into_iter().next());
        Ok(())
    }

    fn others(&self, payment: &IncomingPayment) -> Result<Vec<StrangerHold>, StoreError> {
        let mut holds = self.tx.stranger_holds()?;
        holds.retain(|hold| hold.hash != payment.hash);
        Ok(holds)
    }
}

/// One more, of this amount.
fn add((count, smallest): &mut (u32, Msat), amount: Msat) {
    *smallest = if *count == 0 {
        amount
    } else {
        amount.min(*smallest)
    };
    *count = count.saturating_add(1);
}
