use secp256k1::SecretKey;

use super::*;

fn key(number: u8) -> PublicKey {
    SecretKey::from_secret_bytes([number; 32])
        .unwrap()
        .public_key()
        .into()
}

#[test]
fn both_sides_see_the_same_number_and_another_key_changes_it() {
    let alice = (key(1).as_node(), key(11));
    let carol = (key(3).as_node(), key(13));

    let number = safety_number(alice, carol);

    assert_eq!(number, safety_number(carol, alice));
    assert_ne!(
        number,
        safety_number(alice, (carol.0, key(14))),
        "another key of carol's"
    );
    assert_ne!(
        number,
        safety_number((key(2).as_node(), alice.1), carol),
        "another node"
    );
    let groups: Vec<_> = number.split(' ').collect();
    assert_eq!(groups.len(), 12);
    assert!(
        groups
            .iter()
            .all(|group| { group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit()) })
    );
}

/// Made with Python's hashlib from the same keys.
#[test]
fn the_number_is_as_the_specification_says() {
    let number = safety_number((key(1).as_node(), key(11)), (key(3).as_node(), key(13)));
    assert_eq!(
        number,
        "73764 66976 90518 70095 59819 20678 53488 27648 36214 62991 46067 01693"
    );
}
