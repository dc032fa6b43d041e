use super::*;
use Content::{Bare, Double, Letter, OwedPostage, Readable, Refund, Sealed};
use Expectation::{Decide, Keep, Return};
use Verdict::{Accept, Ask, Refuse, RefuseUnread};

fn incoming(content: Content, sat: u64, trust: Trust) -> Incoming {
    Incoming {
        content,
        amount: Msat::from_sat(sat).unwrap(),
        trust,
        accept_up_to: Msat::new(5_000),
        room: Room::Free,
        holds: HoldRoom::Free,
    }
}

fn verdict(content: Content, sat: u64, trust: Trust) -> Verdict {
    decide(&Rules::default(), &incoming(content, sat, trust)).0
}

#[test]
fn the_table_of_decisions() {
    use Trust::{Blocked, Known, Request};
    for (content, sat, trust, expected) in [
        (Letter(Return), 1, Known, Refuse),
        (Letter(Return), 1, Request, Refuse),
        (Letter(Decide), 5, Known, Accept),
        (Letter(Decide), 6, Known, Ask),
        (Letter(Keep), 5, Known, Accept),
        (Letter(Decide), 1, Request, Ask),
        (Refund { honest: true }, 900, Known, Accept),
        (Refund { honest: true }, 900, Request, Accept),
        (Refund { honest: false }, 1, Known, Ask),
        (OwedPostage, 9, Known, Accept),
        (OwedPostage, 9, Blocked, RefuseUnread),
        (Readable, 10, Known, Accept),
        (Readable, 10, Request, Accept),
        (Readable, 11, Known, Ask),
        (Bare, 1_000_000, Request, Accept),
        (Sealed, 1, Known, Ask),
        (Double, 1, Known, Refuse),
        (Letter(Return), 1, Blocked, RefuseUnread),
        (Readable, 1, Blocked, RefuseUnread),
    ] {
        assert_eq!(
            verdict(content, sat, trust),
            expected,
            "{content:?} {sat} {trust:?}"
        );
    }
}

#[test]
fn whoever_has_left_too_much_is_refused_unread_whatever_comes() {
    use Trust::{Known, Request};
    for (content, sat, trust, expected) in [
        (Letter(Return), 1, Request, RefuseUnread),
        (Letter(Decide), 900, Request, RefuseUnread),
        (Readable, 1, Request, RefuseUnread),
        (Double, 1, Request, RefuseUnread),
        (Letter(Return), 1, Known, RefuseUnread),
        // What is owed is decided by the books.
        (Refund { honest: true }, 900, Request, Accept),
        (OwedPostage, 1, Request, Accept),
    ] {
        let incoming = Incoming {
            room: Room::SenderFull,
            ..incoming(content, sat, trust)
        };
        let (verdict, _) = decide(&Rules::default(), &incoming);
        assert_eq!(verdict, expected, "{content:?} {sat} {trust:?}");
    }
}

#[test]
fn where_too_much_waits_only_what_would_wait_goes_back() {
    use Trust::{Known, Request};
    for (content, sat, trust, expected) in [
        (Letter(Decide), 900, Request, RefuseUnread),
        (Sealed, 2, Request, RefuseUnread),
        (Readable, 11, Request, RefuseUnread),
        (Readable, 10, Request, Accept),
        (Bare, 900, Request, Accept),
        (Letter(Return), 1, Request, Refuse),
        (Letter(Decide), 900, Known, Ask),
        (Sealed, 900, Known, Ask),
    ] {
        let incoming = Incoming {
            holds: HoldRoom::Full,
            ..incoming(content, sat, trust)
        };
        let (verdict, _) = decide(&Rules::default(), &incoming);
        assert_eq!(verdict, expected, "{content:?} {sat} {trust:?}");
    }
}

#[test]
fn how_many_may_wait() {
    let worth = WORTH_A_LOOK;
    let small = Msat::new(20_000);
    let none = HoldUsage::default();
    let room = |usage, content, amount| HoldCaps::default().room(&usage, content, amount);
    let decide = Letter(Decide);
    let of_sender = HoldUsage {
        of_sender: 3,
        ..none
    };
    let unopenable = HoldUsage {
        unopenable: 4,
        ..none
    };
    let channel = |smallest| HoldUsage {
        in_channel: (30, smallest),
        in_all: (60, Msat::SAT),
        ..none
    };
    let all = |smallest| HoldUsage {
        in_channel: (29, Msat::SAT),
        in_all: (60, smallest),
        ..none
    };
    for (usage, content, amount, expected) in [
        (none, decide, small, HoldRoom::Free),
        (of_sender, decide, worth, HoldRoom::Full),
        (unopenable, Sealed, worth, HoldRoom::Full),
        (unopenable, decide, small, HoldRoom::Free),
        (channel(Msat::SAT), decide, small, HoldRoom::Full),
        (
            channel(small),
            decide,
            worth,
            HoldRoom::InsteadOf(Crowd::Channel),
        ),
        (channel(Msat::new(1_000_001)), decide, worth, HoldRoom::Full),
        (all(Msat::SAT), decide, small, HoldRoom::Full),
        (all(worth), decide, worth, HoldRoom::InsteadOf(Crowd::All)),
    ] {
        assert_eq!(
            room(usage, content, amount),
            expected,
            "{usage:?} {content:?} {amount:?}"
        );
    }
}

#[test]
fn bare_keysends_can_be_asked_about() {
    let rules = Rules {
        accept_bare: false,
        ..Rules::default()
    };
    let (verdict, reason) = decide(&rules, &incoming(Bare, 1, Trust::Request));
    assert_eq!((verdict, reason), (Ask, Reason::Person));
}

#[test]
fn more_than_postage_is_a_payment_whatever_the_letter_says() {
    assert_eq!(weigh(Return, MOST_POSTAGE), Return);
    assert_eq!(weigh(Return, Msat::new(10_001)), Decide);
    assert_eq!(weigh(Keep, Msat::new(1_000_000)), Keep);
    assert_eq!(weigh(Decide, Msat::ZERO), Return, "there is nothing");
}
