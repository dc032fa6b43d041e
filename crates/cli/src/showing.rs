//! Answers as lines of text or of JSON.

use std::io::Write;

use api::domain::{Authorship, Direction, Msat};
use api::view::{
    ClaimView, ConversationView, CostsView, LinkView, MessageView, NodeView, ProfileView,
    QuoteView, SaysView, TotalsView,
};
use api::{Code, Error};
use serde::Serialize;

/// Standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// One JSON value a line.
    pub(crate) json: bool,
}

impl Screen {
    fn show(self, view: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Error> {
        let line = if self.json {
            serde_json::to_string(view).map_err(|error| Error::because(Code::Internal, error))?
        } else {
            text()
        };
        writeln!(std::io::stdout(), "{line}").map_err(|error| Error::because(Code::Internal, error))
    }

    /// How many requests were refused.
    pub(crate) fn refused(self, requests: u32) -> Result<(), Error> {
        self.show(&requests, || format!("{requests} refused"))
    }

    pub(crate) fn profile(self, profile: &ProfileView) -> Result<(), Error> {
        self.show(profile, || {
            format!(
                "{}  {}  {}  {}",
                profile.id, profile.name, profile.node, profile.address
            )
        })
    }

    pub(crate) fn node(self, node: &NodeView) -> Result<(), Error> {
        self.show(node, || {
            let mut lines = vec![match &node.link {
                LinkView::Connecting => format!("connecting to {}", node.address),
                LinkView::Connected { synced: true } => format!("connected to {}", node.address),
                LinkView::Connected { synced: false } => {
                    format!(
                        "connected to {}, which does not follow the block chain yet",
                        node.address
                    )
                }
                LinkView::Waiting { fault, .. } => {
                    format!("no link to {}: {fault:?}", node.address)
                }
            }];
            lines.extend(
                node.health
                    .iter()
                    .map(|condition| plain(&crate::health::words(condition))),
            );
            if let Some(summary) = &node.summary {
                lines.push(format!("{}  {}", summary.alias, summary.node));
                lines.push(format!(
                    "LND {} on {}, block {}, {} channels, {} sat to send, {} sat to receive",
                    summary.version,
                    summary.network,
                    summary.block_height,
                    summary.active_channels,
                    summary.local_balance,
                    summary.remote_balance
                ));
            }
            if let Some(keysend) = &node.keysend {
                let hold = match keysend.hold_secs {
                    None => "not known whether it holds keysends".to_owned(),
                    Some(0) => "settles keysends on arrival".to_owned(),
                    Some(secs) => format!("holds keysends for {secs} s"),
                };
                lines.push(hold);
            }
            if let Some(permissions) = &node.permissions {
                for missing in &permissions.missing {
                    lines.push(format!("the macaroon lacks {}", missing.method));
                }
            }
            lines.join("\n")
        })
    }

    pub(crate) fn conversation(self, conversation: &ConversationView) -> Result<(), Error> {
        self.show(conversation, || {
            let contact = &conversation.contact;
            let mut line = format!("{}  {}", contact.node, plain(&contact.title));
            if let Some(last) = conversation.last.as_ref()
                && let Some(mark) = mark(
                    last.direction,
                    last.authorship,
                    last.claims.as_ref(),
                    last.says.as_ref(),
                )
            {
                line.push_str(&format!("  (last: {mark})"));
            }
            for (count, word) in [
                (conversation.unread, "unread"),
                (conversation.held, "to decide"),
                (conversation.failed, "failed"),
            ] {
                if count > 0 {
                    line.push_str(&format!("  {count} {word}"));
                }
            }
            line
        })
    }

    pub(crate) fn message(self, message: &MessageView) -> Result<(), Error> {
        self.show(message, || {
            let mut line = format!("{}  ", message.key);
            line.push_str(match message.direction {
                Direction::Incoming => "←",
                Direction::Outgoing => "→",
            });
            if !message.payment.is_zero() {
                line.push_str(&format!("  {} sat", message.payment));
            }
            if let Some(mark) = mark(
                message.direction,
                message.authorship,
                message.claims.as_ref(),
                message.says.as_ref(),
            ) {
                line.push_str(&format!("  ({mark})"));
            }
            line.push_str(&format!("  {}", plain(&message.text)));
            if let Some(delivery) = &message.delivery {
                line.push_str(&format!("  [{:?}", delivery.state));
                if let Some(failure) = delivery.failure {
                    line.push_str(&format!(": {failure:?}"));
                }
                if !delivery.paid.is_zero() {
                    line.push_str(&format!(", paid {} sat", delivery.paid));
                }
                line.push(']');
            }
            if let Some(hold) = message.hold.as_ref().filter(|hold| !hold.postage) {
                line.push_str(&format!("  [{:?}]", hold.state));
            }
            line
        })
    }

    pub(crate) fn price(self, quote: &QuoteView) -> Result<(), Error> {
        self.show(quote, || price(quote))
    }

    pub(crate) fn costs(self, costs: &CostsView) -> Result<(), Error> {
        self.show(costs, || cost_lines(costs).join("\n"))
    }
}

/// How far the author of what came is not simply proven.
fn mark(
    direction: Direction,
    authorship: Authorship,
    claims: Option<&ClaimView>,
    says: Option<&SaysView>,
) -> Option<String> {
    if direction == Direction::Outgoing {
        return None;
    }
    let known = match authorship {
        Authorship::Verified => return None,
        Authorship::Claimed => "sender not proven",
        Authorship::NodeOnly => "by their node's key, not their app's",
        Authorship::Unaddressed => "signed, but not to you",
    };
    let mut parts = Vec::new();
    if let Some(ClaimView { node, title }) = claims {
        parts.push(format!("says to be {} {node}", plain(title)));
    }
    if let Some(SaysView { name, about }) = says {
        if !name.is_empty() {
            parts.push(format!("name given: {}", plain(name)));
        }
        if !about.is_empty() {
            parts.push(format!("about: {}", plain(about)));
        }
    }
    parts.push(known.to_owned());
    Some(parts.join("; "))
}

/// In all, then each contact and whoever else there was, then each month.
fn cost_lines(costs: &CostsView) -> Vec<String> {
    let mut lines = vec![totals("in all", &costs.total)];
    lines.extend(costs.contacts.iter().map(|contact| {
        let title = match contact.title.as_str() {
            "" => "unknown senders".to_owned(),
            title => plain(title),
        };
        totals(&title, &contact.totals)
    }));
    if costs.others != TotalsView::default() {
        lines.push(totals("removed or unknown", &costs.others));
    }
    lines.extend(
        costs
            .months
            .iter()
            .map(|month| totals(&format!("{}-{:02}", month.year, month.month), &month.totals)),
    );
    lines
}

fn price(quote: &QuoteView) -> String {
    format!(
        "paying back {} sat costs {} sat in fees, at most {} sat",
        quote.amount, quote.fee, quote.fee_limit
    )
}

fn totals(of: &str, totals: &TotalsView) -> String {
    let TotalsView {
        sent,
        postage_sent,
        fees,
        received,
        postage_received,
        refunds_sent,
        refunds_received,
        returned_to_us,
        returned_by_us,
        messages_sent,
        messages_received,
    } = totals;
    let amounts: Vec<String> = [
        ("sent", sent),
        ("postage", postage_sent),
        ("fees", fees),
        ("received", received),
        ("postage received", postage_received),
        ("paid back", refunds_sent),
        ("got back", refunds_received),
        ("returned to us", returned_to_us),
        ("returned by us", returned_by_us),
    ]
    .into_iter()
    .filter(|(_, amount)| **amount != Msat::ZERO)
    .map(|(word, amount)| format!(", {word} {amount} sat"))
    .collect();
    let messages = format!("{messages_sent} messages sent, {messages_received} received");
    format!("{of}: {messages}{}", amounts.concat())
}

/// A terminal obeys control characters; a message must not give orders.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use api::domain::ConversationId;
    use api::view::{ContactTotals, PostageView};

    use super::*;

    #[test]
    fn a_message_gives_the_terminal_no_orders() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{9b}d"), "a [2Jb c d");
    }

    #[test]
    fn what_is_not_proven_has_a_mark() {
        let (came, went) = (Direction::Incoming, Direction::Outgoing);
        assert_eq!(mark(came, Authorship::Verified, None, None), None);
        assert_eq!(mark(went, Authorship::Claimed, None, None), None);
        let bob = ClaimView {
            node: "02ab".into(),
            title: "Bob\u{7}".into(),
        };
        assert_eq!(
            mark(came, Authorship::Claimed, Some(&bob), None).unwrap(),
            "says to be Bob  02ab; sender not proven"
        );
        let mut boost = SaysView {
            name: "Listener\u{1b}[2J".into(),
            about: "Signals · Mirrors".into(),
        };
        assert_eq!(
            mark(came, Authorship::Claimed, None, Some(&boost)).unwrap(),
            "name given: Listener [2J; about: Signals · Mirrors; sender not proven"
        );
        boost.name.clear();
        assert_eq!(
            mark(came, Authorship::Claimed, None, Some(&boost)).unwrap(),
            "about: Signals · Mirrors; sender not proven"
        );
        assert!(mark(came, Authorship::NodeOnly, None, None).is_some());
        assert!(mark(came, Authorship::Unaddressed, None, None).is_some());
    }

    #[test]
    fn costs_have_a_line_for_each_part_of_the_whole() {
        let fees = |msat| TotalsView {
            fees: Msat::new(msat),
            ..TotalsView::default()
        };
        let mut costs = CostsView {
            total: fees(7),
            postage: PostageView::default(),
            contacts: vec![ContactTotals {
                conversation: ConversationId(1),
                title: String::new(),
                node: "02ab".into(),
                totals: fees(3),
                postage: PostageView::default(),
            }],
            others: fees(4),
            months: Vec::new(),
        };
        assert_eq!(
            cost_lines(&costs),
            [
                "in all: 0 messages sent, 0 received, fees 0.007 sat",
                "unknown senders: 0 messages sent, 0 received, fees 0.003 sat",
                "removed or unknown: 0 messages sent, 0 received, fees 0.004 sat",
            ]
        );
        costs.others = TotalsView::default();
        assert_eq!(cost_lines(&costs).len(), 2);
    }

    #[test]
    fn totals_name_only_what_there_was() {
        let view = TotalsView {
            fees: Msat::new(1_204),
            messages_sent: 2,
            ..TotalsView::default()
        };
        assert_eq!(
            totals("in all", &view),
            "in all: 2 messages sent, 0 received, fees 1.204 sat"
        );
    }
}
