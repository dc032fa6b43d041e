//! What people do.

use domain::{DeliveryState, Direction, HoldState, MessageKey, MessageKind, Msat, NodeId, Way};
use heliograph_engine::{Amend, Outgoing};
use store::{MessageRow, PageAt, Store};

use crate::app::Life;
use crate::world::World;

#[derive(Clone, Copy)]
enum Doing {
    Write,
    Burst,
    Pay,
    Accept,
    Refuse,
    PayBack,
    Cancel,
    Retry,
    React,
    Edit,
    TakeBack,
    Look,
}

impl World {
    /// Somebody does something, if their app is open and lives that long.
    pub(crate) async fn doing(&mut self) {
        let dice = self.around.dice.clone();
        let count = u64::try_from(self.apps.len()).unwrap();
        let who = usize::try_from(dice.below(count)).unwrap();
        let Some(life) = self.app_of(who) else {
            return;
        };
        let others: Vec<NodeId> = self
            .apps
            .iter()
            .map(|app| app.node.id())
            .filter(|node| *node != self.apps[who].node.id())
            .collect();
        let to = *dice.pick(&others).unwrap();
        use Doing as D;
        let what = dice.weighed(&[
            (8, D::Write),
            (2, D::Burst),
            (6, D::Pay),
            (5, D::Accept),
            (3, D::Refuse),
            (4, D::PayBack),
            (2, D::Cancel),
            (2, D::Retry),
            (3, D::React),
            (3, D::Edit),
            (1, D::TakeBack),
            (1, D::Look),
        ]);
        let fate = life.fate.clone();
        tokio::select! {
            biased;
            () = fate.death() => {}
            () = self.act(who, &life, to, what) => {}
        }
    }

    /// All with whom somebody may have a conversation.
    pub(crate) fn people(&self) -> Vec<NodeId> {
        self.nodes.iter().map(|(_, node)| node.id()).collect()
    }

    /// Whoever has two apps uses now this one, now that one.
    fn app_of(&self, who: usize) -> Option<Life> {
        match self.second_apps.get(&who) {
            Some(second) if self.around.dice.percent(40) => Some(second.life.clone()),
            _ => self.apps[who].life.clone(),
        }
    }

    async fn act(&mut self, who: usize, life: &Life, to: NodeId, what: Doing) {
        self.take_over(who, life, 30).await;
        match what {
            Doing::Write => self.write(who, life, to, Msat::ZERO).await,
            Doing::Burst => {
                for _ in 0..self.around.dice.between(2, 6) {
                    self.write(who, life, to, Msat::ZERO).await;
                }
            }
            Doing::Pay => {
                let amounts = [1, 7, 10, 60, 100, 900, 5_000, 40_000];
                let amount = *self.around.dice.pick(&amounts).unwrap();
                let msat = self.around.dice.pick(&[0, 0, 1, 999]).copied().unwrap();
                let amount = Msat::new(amount * 1_000 + msat);
                self.write(who, life, to, amount).await;
            }
            Doing::Accept | Doing::Refuse => {
                let accepts = matches!(what, Doing::Accept);
                self.decide(who, life, accepts).await;
            }
            Doing::PayBack => self.pay_back(who, life).await,
            Doing::Cancel => {
                let open = [
                    DeliveryState::Queued,
                    DeliveryState::Failed,
                    DeliveryState::Parked,
                ];
                let of = |state| open.contains(&state);
                let Some(row) = self.sent_one(life, of).await else {
                    return;
                };
                let done = life.engine.cancel(row.message.key).await;
                self.told(who, "cancels", &row, done.err());
            }
            Doing::Retry => {
                let of =
                    |state| !matches!(state, DeliveryState::Settled | DeliveryState::Cancelled);
                let Some(row) = self.sent_one(life, of).await else {
                    return;
                };
                // Whoever repeats what the node has forgotten takes the risk; the window says so.
                let parked = row.delivery.as_ref().map(|one| one.state);
                if parked == Some(DeliveryState::Parked) && life.first {
                    self.risked.insert((who, row.message.key));
                }
                let done = life.engine.retry(row.message.key).await;
                self.told(who, "tries again", &row, done.err());
            }
            Doing::React | Doing::Edit | Doing::TakeBack => self.amend(who, life, what).await,
            Doing::Look => life.engine.retry_link(),
        }
    }

    /// An engine has taken a message. That of a second app answers for it only while it runs.
    fn promise(&mut self, who: usize, life: &Life, key: MessageKey) {
        if life.first {
            self.promised.push((who, key));
        }
    }

    /// Some kilobytes that do not pack well.
    fn at_length(&self) -> String {
        let dice = &self.around.dice;
        let signs = *dice.pick(&[600, 1_200, 2_500, 9_000]).unwrap();
        let mut text = String::from(" ");
        for _ in 0..signs {
            let sign = 0x4e00 + dice.below(20_000);
            text.push(char::from_u32(u32::try_from(sign).unwrap()).unwrap());
        }
        text
    }

    async fn write(&mut self, who: usize, life: &Life, to: NodeId, payment: Msat) {
        self.apps[who].written += 1;
        let (name, number) = (self.apps[who].name, self.apps[who].written);
        let padding = *self.around.dice.pick(&[0, 0, 0, 40, 300, 900]).unwrap();
        let padding = usize::try_from(self.around.dice.between(0, padding)).unwrap();
        let mut text = format!("{name} {number}{}", ".".repeat(padding));
        // Words only: a note belongs to its one payment.
        if payment.is_zero() && self.around.dice.percent(6) {
            text.push_str(&self.at_length());
        }
        let conversation = life
            .store
            .read(move |db| db.conversation_of(to))
            .await
            .unwrap()
            .unwrap();
        let ways = [
            (20, Way::Auto),
            (1, Way::FreeOnly),
            (1, Way::DirectOnly),
            (1, Way::RoutedOnly),
        ];
        let way = self.around.dice.weighed(&ways);
        let what = format_args!(
            "writes {number}, {} bytes, {} msat, {way:?}",
            text.len(),
            payment.get()
        );
        self.around.trace.note(name, what);
        let outgoing = Outgoing {
            conversation,
            text,
            payment,
            fee_limit: None,
            way,
            reply_to: None,
        };
        match life.engine.send(outgoing).await {
            Ok(key) => self.promise(who, life, key),
            Err(error) => self.around.trace.note(name, format_args!("  no: {error}")),
        }
    }

    /// Also at the end, when everything that is held may still be decided.
    pub(crate) async fn decide(&mut self, who: usize, life: &Life, accepts: bool) {
        let of = |row: &MessageRow| {
            let incoming = row.incoming.as_ref();
            incoming.is_some_and(|row| {
                matches!(
                    row.payment.state,
                    HoldState::Held | HoldState::Accepting | HoldState::Refunding
                )
            })
        };
        let Some(row) = self.got_one(life, of).await else {
            return;
        };
        let (what, done) = if accepts {
            ("accepts", life.engine.accept(row.message.key).await)
        } else {
            ("refuses", life.engine.refuse(row.message.key).await)
        };
        if done.is_ok() && life.first {
            self.decided.insert((who, row.message.key), accepts);
        }
        self.told(who, what, &row, done.err());
    }

    /// Somebody does something to a message: to any, or to an own one.
    async fn amend(&mut self, who: usize, life: &Life, what: Doing) {
        let own = !matches!(what, Doing::React);
        let rows: Vec<_> = everything(&life.store, self.people())
            .await
            .into_iter()
            .filter(|row| !own || row.message.direction == Direction::Outgoing)
            .collect();
        let Some(row) = self.around.dice.pick(&rows).cloned() else {
            return;
        };
        let (told, amend) = match what {
            Doing::React => {
                let emoji = *self.around.dice.pick(&["👍", "🎉", "😮", ""]).unwrap();
                ("reacts to", Amend::React(emoji.into()))
            }
            Doing::Edit => {
                self.apps[who].written += 1;
                let (name, number) = (self.apps[who].name, self.apps[who].written);
                ("edits", Amend::Edit(format!("{name} {number}")))
            }
            _ => ("takes back", Amend::TakeBack),
        };
        let done = life.engine.amend(row.message.key, amend).await;
        self.told(who, told, &row, done.err());
    }

    async fn pay_back(&mut self, who: usize, life: &Life) {
        let of = |row: &MessageRow| {
            let incoming = row.incoming.as_ref();
            incoming.is_some_and(|row| row.payment.state == HoldState::Settled)
                && row.message.kind == MessageKind::Payment
        };
        let Some(row) = self.got_one(life, of).await else {
            return;
        };
        let done = life.engine.pay_back(row.message.key, None).await;
        if let Ok(key) = &done {
            self.promise(who, life, *key);
        }
        self.told(who, "pays back", &row, done.err());
    }

    fn told(
        &self,
        who: usize,
        what: &str,
        row: &MessageRow,
        refusal: Option<heliograph_engine::EngineError>,
    ) {
        let text = row.message.text.trim_end_matches('.');
        let refusal = refusal.map_or(String::new(), |error| format!(": {error}"));
        let what = format_args!("{what} {text:?}{refusal}");
        self.around.trace.note(self.apps[who].name, what);
    }

    async fn got_one(&self, life: &Life, of: impl Fn(&MessageRow) -> bool) -> Option<MessageRow> {
        let rows = everything(&life.store, self.people()).await;
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.message.direction == Direction::Incoming && of(row))
            .collect();
        self.around.dice.pick(&rows).cloned()
    }

    async fn sent_one(
        &self,
        life: &Life,
        of: impl Fn(DeliveryState) -> bool,
    ) -> Option<MessageRow> {
        let rows = everything(&life.store, self.people()).await;
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.delivery.as_ref().is_some_and(|one| of(one.state)))
            .collect();
        self.around.dice.pick(&rows).cloned()
    }
}

/// All messages of an app, conversation by conversation, each in the order of the window.
pub(crate) async fn everything(store: &Store, others: Vec<NodeId>) -> Vec<MessageRow> {
    store
        .read(move |db| {
            let mut rows = Vec::new();
            for node in others {
                if let Some(conversation) = db.conversation_of(node)? {
                    rows.extend(db.messages_page(conversation, PageAt::End, 500)?.rows);
                }
            }
            Ok(rows)
        })
        .await
        .unwrap()
}

/// A message by its first words, for those who read about it.
pub(crate) fn name_of(row: &MessageRow) -> String {
    let key: MessageKey = row.message.key;
    match row.message.kind {
        MessageKind::Refund { of } => format!("pay-back {key:?} of {}", short(of)),
        _ => format!("{:?}", row.message.text.trim_end_matches('.')),
    }
}

pub(crate) fn short(hash: domain::PaymentHash) -> String {
    hash.to_string().chars().take(8).collect()
}
