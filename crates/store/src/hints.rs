//! Table `hint`: over which channels a contact's node can be paid that gossip does not know.

use domain::{HINTS_KEPT, NodeId, RouteHint};
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
}

impl Tx<'_> {
    /// Puts these in the place of those of before. Of nodes that are no contacts nothing is kept.
    pub fn set_hints(&self, node: NodeId, hints: &[RouteHint]) -> Result<()> {
        if self.hints(node)? == hints {
            return Ok(());
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
        Ok(())
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
        set(high.clone());
        assert_eq!(world.read(|db| db.hints(bob())), high);
    }
}
