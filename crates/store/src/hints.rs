//! Table `hint`: over which channels a contact's node can be paid that gossip does not know.

use domain::{Contact, HINTS_KEPT, NodeId, RouteHint, Trust};
use rusqlite::params;

use crate::Result;
use crate::column::{S, Take};
use crate::tx::{Reader, Tx};

impl Reader<'_> {
    /// What a contact's letters have said last; [`HINTS_KEPT`] at most.
    pub fn hints(&self, node: NodeId) -> Result<Vec<RouteHint>> {
        self.all(
            "SELECT via, channel, base_fee, fee_ppm, cltv_delta FROM hint WHERE node = ?1 ORDER BY place",
            params![S(node)],
            |row| {
                Ok(RouteHint {
                    via: row.take("via")?,
                    channel: row.get::<_, i64>("channel")?.cast_unsigned(),
                    base_fee: row.take("base_fee")?,
                    fee_ppm: row.get("fee_ppm")?,
                    cltv_delta: row.get("cltv_delta")?,
                })
            },
        )
    }

    /// Those that a payment may use: none of somebody who was not let in, whatever they say.
    pub fn hints_of_known(&self, contact: &Contact) -> Result<Vec<RouteHint>> {
        match contact.trust {
            Trust::Known => self.hints(contact.node),
            Trust::Request | Trust::Blocked => Ok(Vec::new()),
        }
    }
}

impl Tx<'_> {
    /// Puts these in the place of those of before, and says whether they are others. Of nodes without a contact nothing is
    /// kept.
    pub fn set_hints(&self, node: NodeId, hints: &[RouteHint]) -> Result<bool> {
        if self.hints(node)? == hints {
            return Ok(false);
        }
        self.change("DELETE FROM hint WHERE node = ?1", params![S(node)])?;
        for (place, hint) in (0_i64..).zip(hints.iter().take(HINTS_KEPT)) {
            self.change(
                "INSERT INTO hint(node, place, via, channel, base_fee, fee_ppm, cltv_delta)
                 SELECT node, ?2, ?3, ?4, ?5, ?6, ?7 FROM contact WHERE node = ?1",
                params![
                    S(node),
                    place,
                    S(hint.via),
                    hint.channel.cast_signed(),
                    S(hint.base_fee),
                    hint.fee_ppm,
                    hint.cltv_delta,
                ],
            )?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use domain::{Msat, Trust};

    use super::*;
    use crate::testing::{World, alice, bob, contact};

    #[test]
    fn the_last_word_of_a_contact_is_kept() {
        let world = World::new();
        let hint = |channel| RouteHint {
            via: alice(),
            channel,
            base_fee: Msat::SAT,
            fee_ppm: 1,
            cltv_delta: 80,
        };
        let all: Vec<_> = (1..9).map(hint).collect();
        let set = |hints: Vec<RouteHint>| world.write(move |tx| tx.set_hints(bob(), &hints));
        set(all.clone());
        assert_eq!(world.read(|db| db.hints(bob())), [], "nobody's");
        world.write(|tx| tx.add_contact(&contact(bob(), Trust::Known)));
        set(all.clone());
        assert_eq!(world.read(|db| db.hints(bob())), all[..HINTS_KEPT]);
        let high = vec![hint(u64::MAX)];
        assert!(set(high.clone()), "they are others");
        assert!(!set(high.clone()), "they are the same");
        assert_eq!(world.read(|db| db.hints(bob())), high);
    }

    #[test]
    fn a_payment_uses_none_of_somebody_who_was_not_let_in() {
        let world = World::new();
        let hint = RouteHint {
            via: alice(),
            channel: 1,
            base_fee: Msat::SAT,
            fee_ppm: 1,
            cltv_delta: 80,
        };
        world.write(|tx| tx.add_contact(&contact(bob(), Trust::Known)));
        world.write(move |tx| tx.set_hints(bob(), &[hint]));
        for (trust, used) in [(Trust::Known, 1), (Trust::Request, 0), (Trust::Blocked, 0)] {
            let bob = contact(bob(), trust);
            let hints = world.read(move |db| db.hints_of_known(&bob));
            assert_eq!(hints.len(), used, "{trust:?}");
        }
    }
}
