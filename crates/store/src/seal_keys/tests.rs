use crate::testing::{World, at};

#[test]
fn a_new_key_retires_the_former_one_which_still_opens_until_it_is_forgotten() {
    let world = World::new();
    world.write(|tx| tx.add_seal_key(&[1; 32], b"first", at(0)));
    world.write(|tx| tx.renew_card(b"first again", at(5)));
    world.write(|tx| tx.add_seal_key(&[2; 32], b"second", at(10)));

    let keys = world.read(|db| db.seal_keys());

    let told: Vec<_> = keys
        .iter()
        .map(|key| (key.secret[0], key.card.as_slice(), key.issued, key.retired))
        .collect();
    assert_eq!(
        told,
        [
            (2, b"second".as_slice(), at(10), None),
            (1, b"first again".as_slice(), at(5), Some(at(10))),
        ]
    );
    for number in keys.iter().map(|key| key.number) {
        world.write(move |tx| tx.forget_seal_key(number));
    }
    assert_eq!(
        world.read(|db| db.seal_keys()).len(),
        1,
        "the one in use stays"
    );
    let shown = format!("{:?}", keys[0]);
    assert_eq!(shown, "SealKeyRow(2, secret)");
}
