//! What is wrong, in words, and what can be done about it.

use api::domain::{Condition, WrongClock};

/// One line.
pub(crate) fn words(condition: &Condition) -> String {
    match condition {
        Condition::DiskFull => {
            "the disk is full: nothing can be stored, sent or decided; make room, and it goes on".into()
        }
        Condition::DiskReadOnly => {
            "the disk or the file of the messages may not be written to: nothing can be stored, sent or decided; \
             make it writable, and it goes on"
                .into()
        }
        Condition::DatabaseDamaged { detail } => format!(
            "the database of the messages is damaged ({detail}): stop Heliograph, keep a copy of the folder, and put a \
             backup in its place"
        ),
        Condition::DatabaseFails { detail } => {
            format!("the database of the messages fails ({detail}); it is tried again")
        }
        Condition::TaskFails { task, times } => format!(
            "a part of Heliograph, \"{task}\", has failed {times} times and is started again; please report it with the log"
        ),
        Condition::SetAside { count } => format!(
            "{count} payments came that could not be filed; they are kept, and tried again at the next start; please \
             report it with the log"
        ),
        Condition::ClockOff { skew_ms, wrong } => {
            let (span, side) = (span(*skew_ms), if *skew_ms > 0 { "ahead of" } else { "behind" });
            let advice = match wrong {
                WrongClock::Computer => "set the clock of this computer",
                WrongClock::Node => "set the clock of the node's computer",
                WrongClock::Unknown => "set the one that is wrong",
            };
            format!(
                "the clock of this computer is {span} {side} the node's: {advice}; until then the node's time is used"
            )
        }
        Condition::HistoryLost => {
            "the node no longer has what it told before: it was restored, or its payments were deleted; what comes from now \
             on is shown, and payments whose end is not known wait for you"
                .into()
        }
        Condition::CatchingUp => {
            "the node is slow: what came while Heliograph was closed is still being looked for; new messages come already"
                .into()
        }
        Condition::OtherApp { in_charge: true } => {
            "another Heliograph uses this node too; this one is in charge: the other decides and pays nothing by itself"
                .into()
        }
        Condition::OtherApp { in_charge: false } => {
            "another Heliograph is in charge of this node: this one sends what you write, and by itself decides, pays back and \
             confirms nothing; run \"heliograph-cli take-over\" to use this one from now on, contacts may see a new key"
                .into()
        }
    }
}

/// How long, in the largest unit that fits.
fn span(ms: i64) -> String {
    let secs = ms.unsigned_abs() / 1_000;
    for (unit, size) in [("days", 86_400_u64), ("hours", 3_600), ("minutes", 60)] {
        let count = secs.div_euclid(size);
        if count >= 2 {
            return format!("{count} {unit}");
        }
    }
    format!("{secs} seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_in_units_that_people_use() {
        assert_eq!(span(-90_000), "90 seconds");
        assert_eq!(span(7_200_000), "2 hours");
        assert_eq!(span(-3 * 86_400_000), "3 days");
        let skew_ms = -7_300_000;
        let wrong = WrongClock::Computer;
        assert!(words(&Condition::ClockOff { skew_ms, wrong }).starts_with(
            "the clock of this computer is 2 hours behind the node's: set the clock of this"
        ));
    }
}
