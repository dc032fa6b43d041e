use domain::{MessageId, PaymentHash};
use secp256k1::{PublicKey, SecretKey, ecdh};

use super::{PreimageSecret, refund_point};
use crate::document::vector;

#[test]
fn preimages_are_derived_as_the_document_says() {
    let vector = vector("preimages");
    let bytes = |name: &str| vector[name].clone();
    let key = SecretKey::from_secret_bytes(bytes("alice_private").try_into().unwrap()).unwrap();
    let point = refund_point().unwrap();
    assert_eq!(point.as_bytes().to_vec(), bytes("refund_point"));
    let public = PublicKey::from_slice(point.as_bytes()).unwrap();
    let node = ecdh::SharedSecret::new(&public, &key).to_secret_bytes();
    assert_eq!(node.to_vec(), bytes("node_secret"));

    let of = PaymentHash(bytes("paid_back").try_into().unwrap());
    let refund = |number| {
        PreimageSecret::new(node)
            .refund(of, number)
            .expose()
            .to_vec()
    };
    assert_eq!(refund(0), bytes("refund_0"));
    assert_eq!(refund(1), bytes("refund_1"));

    let secret = PreimageSecret::new(bytes("database_secret").try_into().unwrap());
    let to = domain::NodeId::from_bytes(&bytes("bob_node_id")).unwrap();
    let id = MessageId(bytes("message_id").try_into().unwrap());
    let payment = |part, number| secret.payment(to, id, part, number).expose().to_vec();
    assert_eq!(payment(None, 0), bytes("whole_0"));
    assert_eq!(payment(Some(2), 3), bytes("part_2_try_3"));
}

#[test]
fn nothing_of_the_secret_is_shown() {
    let shown = format!("{:?}", PreimageSecret::new([7; 32]));
    assert_eq!(shown, "PreimageSecret(…)");
}
