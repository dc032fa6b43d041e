//! What it all cost.

use domain::{ConversationId, Msat};
use store::Totals;

use crate::contacts::title;
use crate::messenger::Messenger;
use crate::view::{ContactTotals, CostsView, MonthTotals, TotalsView};
use crate::{Code, Error};

impl Messenger {
    /// Totals: in all, by contact (the dearest first), by month (the newest first).
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn costs(&self) -> Result<CostsView, Error> {
        let open = self.open()?;
        let ours = open.node;
        let (total, contacts, months) = open
            .store
            .read(move |db| {
                let mut contacts = Vec::new();
                for (node, totals) in db.totals_by_contact()? {
                    // Whoever was removed has no page to go to; what they cost is in the total.
                    let (Some(conversation), Some(contact)) =
                        (db.conversation_of(node)?, db.contact(node)?)
                    else {
                        continue;
                    };
                    let title = title(&contact, ours);
                    let totals = totals_view(&totals);
                    let node = node.to_string();
                    contacts.push(ContactTotals {
                        conversation,
                        title,
                        node,
                        totals,
                    });
                }
                Ok((db.totals(None)?, contacts, db.totals_by_month()?))
            })
            .await?;
        let mut contacts = contacts;
        contacts.sort_by_key(|contact| std::cmp::Reverse(gone(&contact.totals)));
        let mut months: Vec<_> = months
            .into_iter()
            .map(|((year, month), totals)| MonthTotals {
                year,
                month,
                totals: totals_view(&totals),
            })
            .collect();
        months.sort_by_key(|month| std::cmp::Reverse((month.year, month.month)));
        Ok(CostsView {
            total: totals_view(&total),
            contacts,
            months,
        })
    }

    /// Totals of one conversation.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn conversation_costs(&self, id: ConversationId) -> Result<TotalsView, Error> {
        let totals = self
            .open()?
            .store
            .read(move |db| {
                let row = db.conversation(id)?;
                row.map(|row| db.totals(Some(row.contact.node))).transpose()
            })
            .await?;
        totals
            .as_ref()
            .map(totals_view)
            .ok_or_else(|| Error::new(Code::NotFound))
    }
}

/// What left the user's channels for good.
fn gone(totals: &TotalsView) -> Msat {
    let parts = [
        totals.sent,
        totals.postage_sent,
        totals.fees,
        totals.refunds_sent,
    ];
    Msat::checked_sum(parts).unwrap_or(Msat::new(u64::MAX))
}

const fn totals_view(totals: &Totals) -> TotalsView {
    TotalsView {
        sent: totals.sent,
        postage_sent: totals.postage_sent,
        fees: totals.fees,
        received: totals.received,
        postage_received: totals.postage_received,
        refunds_sent: totals.refunds_sent,
        refunds_received: totals.refunds_received,
        returned_to_us: totals.returned_to_us,
        returned_by_us: totals.returned_by_us,
        messages_sent: totals.messages_sent,
        messages_received: totals.messages_received,
    }
}
