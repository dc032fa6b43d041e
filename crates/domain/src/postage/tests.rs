use super::*;
use Expectation::{Keep, Return};

const SETTLES: Program = Program::Heliograph { hold_secs: None };
const HOLDS: Program = Program::Heliograph {
    hold_secs: Some(900),
};

fn balance(received: u64, sent: u64, going: u64) -> PostageBalance {
    PostageBalance {
        received: Msat::new(received),
        sent: Msat::new(sent),
        going: Msat::new(going),
        lost: Msat::ZERO,
        coming: Msat::ZERO,
    }
}

#[test]
fn the_table_of_postage() {
    for (books, program, amount, expectation, owed) in [
        // Nothing is owed: a satoshi, to be returned.
        (balance(0, 0, 0), SETTLES, 1_000, Return, 0),
        (balance(0, 0, 0), HOLDS, 1_000, Return, 0),
        (balance(2_000, 5_000, 0), HOLDS, 1_000, Return, 0),
        // A node that settles keeps it anyway; one that holds is asked to.
        (balance(3_000, 0, 0), SETTLES, 3_000, Return, 3_000),
        (balance(3_000, 0, 0), HOLDS, 3_000, Keep, 3_000),
        (balance(3_000, 1_500, 0), HOLDS, 1_500, Keep, 1_500),
        (balance(1_000, 0, 0), HOLDS, 1_000, Keep, 1_000),
        // Less than a satoshi does not travel.
        (balance(1_500, 1_000, 0), SETTLES, 1_000, Return, 500),
        (balance(1_500, 1_000, 0), HOLDS, 1_000, Return, 0),
        // More than ten satoshis are never postage.
        (balance(90_000, 0, 0), HOLDS, 10_000, Keep, 10_000),
        // What is on its way counts as paid.
        (balance(3_000, 0, 3_000), HOLDS, 1_000, Return, 0),
        (balance(3_000, 0, 1_000), HOLDS, 2_000, Keep, 2_000),
        // Other programs keep no such books.
        (balance(3_000, 0, 0), Program::Other, 1_000, Return, 0),
        (balance(3_000, 0, 0), Program::Unknown, 1_000, Return, 0),
    ] {
        let expected = Postage {
            amount: Msat::new(amount),
            expectation,
            owed: Msat::new(owed),
        };
        assert_eq!(books.next(program), expected, "{books:?} {program:?}");
    }
}

#[test]
fn what_they_owe_is_certain_only_once_it_has_settled() {
    let books = PostageBalance {
        coming: Msat::SAT,
        ..balance(1_000, 5_000, 2_000)
    };
    assert_eq!(books.they_owe(), Msat::new(3_000));
    assert_eq!(books.we_owe(), Msat::ZERO);
    assert_eq!(books.owed(Msat::new(3_000)), Owed::Yes);
    // One on its way may have stayed there, and what is being accepted here may go back.
    assert_eq!(books.owed(Msat::new(6_000)), Owed::Perhaps);
    assert_eq!(books.owed(Msat::new(6_001)), Owed::No);
}

#[test]
fn postage_that_may_have_stayed_there_is_neither_paid_for_nor_refused_when_it_comes_back() {
    let books = PostageBalance {
        lost: Msat::new(2_000),
        ..balance(0, 0, 0)
    };
    assert_eq!(books.they_owe(), Msat::ZERO, "nobody knows");
    assert_eq!(books.owed(Msat::new(2_000)), Owed::Yes);
    assert_eq!(books.owed(Msat::new(2_001)), Owed::No);
    let back = PostageBalance {
        received: Msat::new(2_000),
        ..books
    };
    assert_eq!(back.we_owe(), Msat::ZERO, "it was ours");
    assert_eq!(back.owed(Msat::SAT), Owed::No);
}

#[test]
fn amounts_that_no_books_have_are_no_debt() {
    let books = balance(u64::MAX, u64::MAX, u64::MAX);
    assert_eq!((books.we_owe(), books.they_owe()), (Msat::ZERO, Msat::ZERO));
}
