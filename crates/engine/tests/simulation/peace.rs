//! After all trouble: time runs until nothing is open any more.

use std::time::Duration;

use domain::{DeliveryState, Way};
use lnd::InvoiceState;
use store::MessageRow;

use crate::doings::everything;
use crate::hazards::Hazard;
use crate::world::World;

/// The longest pause between two tries is an hour, the longest hold a quarter of one.
const LONGEST: u32 = 4 * 60;

impl World {
    /// What is still open after hours; empty when all is quiet.
    pub(crate) async fn settle_down(&mut self) -> Vec<String> {
        self.clear_up().await;
        // Nobody tells of a hash that is paid once more: the app looks for it every ten minutes.
        let enough = if self.hazards.has(Hazard::Replays) {
            25
        } else {
            3
        };
        let mut quiet = 0;
        let mut open = Vec::new();
        for _ in 0..LONGEST {
            self.wait(Duration::from_secs(60)).await;
            for app in 0..self.apps.len() {
                let dice = self.around.dice.clone();
                if let Some(life) = self.apps[app].life.clone()
                    && dice.percent(10)
                {
                    self.decide(app, &life, dice.percent(60)).await;
                }
                if let Some(life) = self.apps[app].life.clone() {
                    self.take_over(app, &life, 100).await;
                }
            }
            open = self.open().await;
            quiet = if open.is_empty() { quiet + 1 } else { 0 };
            if quiet == enough {
                return Vec::new();
            }
        }
        open.into_iter()
            .map(|what| format!("still open after {LONGEST} minutes of peace: {what}"))
            .collect()
    }

    /// Everything that is not over, in the apps' books and on the network.
    async fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        for app in &self.apps {
            let name = app.name;
            let Some(life) = &app.life else {
                open.push(format!("{name}'s app"));
                continue;
            };
            for row in everything(&life.store, self.people()).await {
                let state = row.delivery.as_ref().map(|one| one.state);
                if matches!(state, Some(DeliveryState::Queued | DeliveryState::InFlight))
                    && !may_wait(&row)
                {
                    let what = crate::doings::name_of(&row);
                    open.push(format!("{name}'s {what} is {state:?}"));
                }
            }
            for row in everything(&life.store, self.people()).await {
                let under_way = |state: &DeliveryState| !state.is_over();
                if row.amendments.open.iter().any(under_way) {
                    let what = crate::doings::name_of(&row);
                    open.push(format!("{name}'s {what} is being amended"));
                }
            }
            let (attempts, seen, undecided, unopened, issued) = life
                .store
                .read(|db| {
                    Ok((
                        db.open_attempts()?.len(),
                        db.seen_hashes()?.len(),
                        db.undecided()?.len(),
                        db.unopened()?.len(),
                        db.all_issued()?.len(),
                    ))
                })
                .await
                .unwrap();
            for (count, what) in [
                (attempts, "attempts without an end"),
                (seen, "payments only seen"),
                (undecided, "payments undecided"),
                (unopened, "payments unopened"),
                (issued, "invoices open"),
            ] {
                if count > 0 {
                    open.push(format!("{count} {what} in {name}'s books"));
                }
            }
        }
        for (name, node) in &self.nodes {
            let pending = node
                .incoming()
                .into_iter()
                .filter(|one| matches!(one.invoice.state, InvoiceState::Open | InvoiceState::Held))
                .count();
            if pending > 0 {
                open.push(format!("{pending} payments at {name}'s node"));
            }
        }
        let flying = self.around.network.totals().in_flight;
        if !flying.is_zero() {
            open.push(format!("{} msat on their way", flying.get()));
        }
        open
    }
}

/// What only the ways may take that the user allows waits for days; it is not forgotten.
fn may_wait(row: &MessageRow) -> bool {
    row.delivery.as_ref().is_some_and(|one| {
        one.state == DeliveryState::Queued && one.way != Way::Auto && one.next_try.is_some()
    })
}
