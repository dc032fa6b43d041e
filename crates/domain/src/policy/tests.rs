use super::*;
use Content::{Bare, Double, Letter, OwedPostage, Readable, Refund, Sealed};
use Expectation::{Decide, Keep, Return};
use Verdict::{Accept, Ask, Refuse, RefuseUnread};

fn verdict(content: Content, sat: u64, trust: Trust) -> Verdict {
    let incoming = Incoming {
        content,
        amount: Msat::from_sat(sat).unwrap(),
        trust,
        accept_up_to: Msat::new(5_000),
        room: Room::Free,
    };
    decide(&Rules::default(), &incoming)
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
fn a_stranger_over_the_caps_is_refused_unread_and_a_contact_is_not() {
    let incoming = Incoming {
        content: Letter(Return),
        amount: Msat::SAT,
        trust: Trust::Request,
        accept_up_to: Msat::ZERO,
        room: Room::SenderFull,
    };
    assert_eq!(decide(&Rules::default(), &incoming), RefuseUnread);
    let known = Incoming {
        trust: Trust::Known,
        ..incoming
    };
    assert_eq!(decide(&Rules::default(), &known), Refuse);
    let paying = Incoming {
        content: Readable,
        ..incoming
    };
    assert_eq!(decide(&Rules::default(), &paying), Accept);
}

#[test]
fn bare_keysends_can_be_asked_about() {
    let rules = Rules {
        accept_bare: false,
        ..Rules::default()
    };
    let incoming = Incoming {
        content: Bare,
        amount: Msat::SAT,
        trust: Trust::Request,
        accept_up_to: Msat::ZERO,
        room: Room::Free,
    };
    assert_eq!(decide(&rules, &incoming), Ask);
}

#[test]
fn among_too_many_unsigned_ones_postage_is_refused_unread_and_later_all_that_is_not_kept_at_once() {
    let verdict = |room, content, amount: Msat| {
        let incoming = Incoming {
            content,
            amount,
            trust: Trust::Request,
            accept_up_to: Msat::ZERO,
            room,
        };
        decide(&Rules::default(), &incoming)
    };
    for room in [Room::UnsignedFull, Room::UnsignedCrowded] {
        let verdict = |content, amount| verdict(room, content, amount);
        assert_eq!(verdict(Readable, Msat::SAT), RefuseUnread);
        assert_eq!(verdict(Sealed, Msat::SAT), RefuseUnread);
        assert_eq!(
            verdict(Readable, Msat::new(10_000)),
            Accept,
            "it pays for its place"
        );
        assert_eq!(verdict(Bare, Msat::SAT), Accept, "it takes no room");
    }
    for (content, amount) in [(Readable, 10_001), (Sealed, 1_001), (Readable, 90_000_000)] {
        let verdict = |room| verdict(room, content, Msat::new(amount));
        assert_eq!(verdict(Room::UnsignedFull), Ask);
        assert_eq!(
            verdict(Room::UnsignedCrowded),
            RefuseUnread,
            "the money goes back, and no words pile up"
        );
    }
}

#[test]
fn more_than_postage_is_a_payment_whatever_the_letter_says() {
    assert_eq!(weigh(Return, MOST_POSTAGE), Return);
    assert_eq!(weigh(Return, Msat::new(10_001)), Decide);
    assert_eq!(weigh(Keep, Msat::new(1_000_000)), Keep);
    assert_eq!(weigh(Decide, Msat::ZERO), Return, "there is nothing");
}
