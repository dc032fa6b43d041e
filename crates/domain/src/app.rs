//! Apps of this program on one node. Each says that it is there in the memo of an invoice that nobody is to pay: all
//! programs on the node see it, and nobody else does.

use std::fmt;

/// What a memo begins with.
const NAME: &str = "heliograph";

/// What one app says to the others on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppMark {
    /// Drawn once for each database. A copy of it has the same.
    pub app: u64,
    /// Drawn at each start: of two copies neither knows the other's.
    pub run: u64,
    /// What it says.
    pub says: Says,
}

/// What an app can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It was started.
    Open,
    /// From here on it is in charge of the node: the user wants it.
    InCharge,
    /// It was in charge when another app left the mark at this add index. What a user wanted since then counts more.
    InChargeAt(u64),
}

impl AppMark {
    /// What a memo says; `None` when another program wrote it, or a version that says more.
    #[must_use]
    pub fn parse(memo: &str) -> Option<Self> {
        let mut words = memo.split(' ');
        let (name, app, run) = (words.next()?, words.next()?, words.next()?);
        let says = match (words.next()?, words.next()) {
            ("open", None) => Says::Open,
            ("in-charge", None) => Says::InCharge,
            ("in-charge-at", Some(add_index)) => Says::InChargeAt(add_index.parse().ok()?),
            _ => return None,
        };
        let mark = Self {
            app: u64::from_str_radix(app, 16).ok()?,
            run: u64::from_str_radix(run, 16).ok()?,
            says,
        };
        (name == NAME && words.next().is_none()).then_some(mark)
    }
}

/// As it stands in a memo.
impl fmt::Display for AppMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} {:016x} {:016x} ", self.app, self.run)?;
        match self.says {
            Says::Open => f.write_str("open"),
            Says::InCharge => f.write_str("in-charge"),
            Says::InChargeAt(add_index) => write!(f, "in-charge-at {add_index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_app_writes_the_other_reads() {
        for says in [Says::Open, Says::InCharge, Says::InChargeAt(u64::MAX)] {
            let (app, run) = (1, u64::MAX);
            let mark = AppMark { app, run, says };
            assert_eq!(AppMark::parse(&mark.to_string()), Some(mark));
        }
        let memo = "heliograph 0000000000000001 ffffffffffffffff open";
        assert!(AppMark::parse(memo).is_some());
    }

    #[test]
    fn what_others_write_is_no_mark() {
        let others = [
            "",
            "heliograph",
            "coffee and cake",
            "heliograph 1 2 sings",
            "heliograph 1 2 open 3",
            "heliograph x 2 open",
            "heliograph 1 2 in-charge 3",
            "heliograph 1 2 in-charge-at",
            "heliograph 1 2 in-charge-at x",
            "heliograph 1 2 in-charge-at 3 4",
            "telegraph 1 2 open",
            "heliograph 11111111111111111 2 open",
        ];
        for memo in others {
            assert_eq!(AppMark::parse(memo), None, "{memo}");
        }
    }
}
