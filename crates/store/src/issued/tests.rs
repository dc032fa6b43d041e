use std::time::Duration;

use domain::Msat;

use super::Issued;
use crate::StoreError;
use crate::testing::{World, at, bob, carol, hash, preimage};

fn invoice(number: u8) -> Issued {
    Issued {
        hash: hash(number),
        preimage: preimage(number),
        node: bob(),
        request: [number; 16],
        amount: Msat::SAT,
        created_at: at(0),
        expires_at: at(0).plus(Duration::from_secs(number.into())),
    }
}

#[test]
fn an_invoice_is_kept_until_it_is_closed() {
    let world = World::new();
    for number in [9, 3] {
        world.write(move |tx| tx.issue(&invoice(number)));
    }

    assert_eq!(
        world.read(|db| db.all_issued()),
        [invoice(3), invoice(9)],
        "the one that ends first comes first"
    );
    assert_eq!(world.read(|db| db.issued(hash(9))), Some(invoice(9)));
    let found = world.read(|db| db.issued_for(bob(), [3; 16]));
    assert_eq!(found, Some(invoice(3)));
    assert_eq!(world.read(|db| db.issued_for(carol(), [3; 16])), None);
    assert_eq!(world.read(|db| db.issued_count(bob())), 2);

    assert!(world.write(|tx| tx.close_issued(hash(3))));
    assert!(!world.write(|tx| tx.close_issued(hash(3))));
    assert_eq!(world.read(|db| db.issued_count(bob())), 1);
}

#[test]
fn a_request_has_one_invoice() {
    let world = World::new();
    world.write(|tx| tx.issue(&invoice(1)));
    let other = Issued {
        hash: hash(2),
        preimage: preimage(2),
        ..invoice(1)
    };
    let refused = world.try_write(move |tx| tx.issue(&other));
    assert!(
        matches!(refused, Err(StoreError::Constraint(_))),
        "{refused:?}"
    );
}
