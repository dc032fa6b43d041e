//! What is wrong with the app's surroundings, or with a part of the app. Each condition lasts until what caused it is gone;
//! the fronts have words for each, and say what can be done.

use serde::Serialize;

/// Something that the user should know, and may be able to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum Condition {
    /// Nothing can be stored: the disk is full. It goes on when there is room.
    DiskFull,
    /// Nothing can be stored: the disk or the file may not be written to. It goes on when it may.
    DiskReadOnly,
    /// The database holds something that cannot be right.
    DatabaseDamaged {
        /// In the words of the database.
        detail: String,
    },
    /// The database cannot be read or written for another reason.
    DatabaseFails {
        /// In the words of the database.
        detail: String,
    },
    /// A part of the app failed and is started again and again.
    TaskFails {
        /// Its name in the program, for a report.
        task: String,
        /// How often it has failed since the app was started.
        times: u32,
    },
    /// Payments came that the app could not file because of a fault of its own. They are kept as they came.
    SetAside {
        /// How many.
        count: u32,
    },
    /// The computer's clock and the node's do not agree.
    ClockOff {
        /// The computer's time less the node's, in milliseconds: positive when the computer is ahead.
        skew_ms: i64,
        /// Whose clock is wrong, as far as the times of blocks tell.
        wrong: WrongClock,
    },
    /// The node no longer has what it told before: it was restored, or its payments were deleted.
    HistoryLost,
    /// The node is slow with its lists: what came while the app was closed is still being looked for.
    CatchingUp,
    /// Another Heliograph uses the same node. One of them is in charge: it decides, pays back and renews the key.
    OtherApp {
        /// Whether it is this one.
        in_charge: bool,
    },
}

/// Which of the two clocks is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum WrongClock {
    /// It cannot be told.
    Unknown,
    /// The computer's.
    Computer,
    /// The node's.
    Node,
}

impl Condition {
    /// Whether both are the same condition, perhaps with other facts.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::TaskFails { task: one, .. }, Self::TaskFails { task: other, .. }) => {
                one == other
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_told_apart_by_kind_and_tasks_by_name() {
        let fails = |task: &str, times| Condition::TaskFails {
            task: task.into(),
            times,
        };
        let aside = |count| Condition::SetAside { count };
        assert!(aside(1).is_same_kind(&aside(2)));
        assert!(!aside(1).is_same_kind(&Condition::DiskFull));
        assert!(fails("inbox", 1).is_same_kind(&fails("inbox", 2)));
        assert!(!fails("inbox", 1).is_same_kind(&fails("holds", 1)));
    }
}
