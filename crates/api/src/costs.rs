//! What it all cost.

use domain::{Contact, ConversationId, Msat, NodeId, PostageBalance, Program};
use store::{ConversationRow, Totals};

use crate::contacts::title;
use crate::messenger::Messenger;
use crate::view::{ContactTotals, CostsView, MonthTotals, PostageView, TotalsView};
use crate::{Code, Error};

impl Messenger {
    /// Totals: in all, by contact (the dearest first) and of all others, by month (the newest first).
    ///
    /// # Errors
    /// [`Code::NoProfile`].
    pub async fn costs(&self) -> Result<CostsView, Error> {
        let open = self.open()?;
        let ours = open.node;
        let (total, mut contacts, others, mut months) = open
            .store
            .read(move |db| {
                let mut contacts = Vec::new();
                for (node, totals) in db.totals_by_contact()? {
                    if let (Some(conversation), Some(contact)) =
                        (db.conversation_of(node)?, db.contact(node)?)
                    {
                        let postage = db.postage_balance(node)?;
                        contacts.push(with(conversation, &contact, ours, &totals, postage));
                    }
                }
                Ok((
                    db.totals(None)?,
                    contacts,
                    db.totals_of_others()?,
                    db.totals_by_month()?,
                ))
            })
            .await?;
        contacts.sort_by_key(|contact| std::cmp::Reverse(gone(&contact.totals)));
        months.sort_by_key(|(month, _)| std::cmp::Reverse(*month));
        Ok(CostsView {
            total: totals_view(&total),
            postage: PostageView {
                they_owe: added(contacts.iter().map(|contact| contact.postage.they_owe)),
                we_owe: added(contacts.iter().map(|contact| contact.postage.we_owe)),
            },
            contacts,
            others: totals_view(&others),
            months: months
                .into_iter()
                .map(|((year, month), totals)| MonthTotals {
                    year,
                    month,
                    totals: totals_view(&totals),
                })
                .collect(),
        })
    }

    /// Totals of one conversation.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub async fn conversation_costs(&self, id: ConversationId) -> Result<ContactTotals, Error> {
        let open = self.open()?;
        let ours = open.node;
        open.store
            .read(move |db| {
                let Some(ConversationRow { contact, .. }) = db.conversation(id)? else {
                    return Ok(None);
                };
                let totals = db.totals(Some(contact.node))?;
                let postage = db.postage_balance(contact.node)?;
                Ok(Some(with(id, &contact, ours, &totals, postage)))
            })
            .await?
            .ok_or_else(|| Error::new(Code::NotFound))
    }
}

fn with(
    conversation: ConversationId,
    contact: &Contact,
    ours: NodeId,
    totals: &Totals,
    balance: PostageBalance,
) -> ContactTotals {
    let postage = match contact.program {
        Program::Heliograph { .. } => PostageView {
            they_owe: balance.they_owe(),
            we_owe: balance.we_owe(),
        },
        // Nothing comes back from other programs, and nothing goes back to them.
        Program::Unknown | Program::Other => PostageView::default(),
    };
    ContactTotals {
        conversation,
        title: title(contact, ours),
        node: contact.node.to_string(),
        totals: totals_view(totals),
        postage,
    }
}

/// What left the user's channels for good.
fn gone(totals: &TotalsView) -> Msat {
    added([
        totals.sent,
        totals.postage_sent,
        totals.fees,
        totals.refunds_sent,
    ])
}

fn added(parts: impl IntoIterator<Item = Msat>) -> Msat {
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
