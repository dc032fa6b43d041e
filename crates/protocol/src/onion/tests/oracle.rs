//! The packet against `fiber-sphinx`, an independent implementation, which must write the same bytes.

use fiber_sphinx::OnionPacket;
use secp256k1::SecretKey;

use super::*;

fn same_bytes(session: [u8; 32], payloads: &[Vec<u8>], form: Form) {
    let nodes = (1..).map(person).take(payloads.len());
    let nodes: Vec<_> = nodes.map(|person| person.secret.public_key()).collect();
    let parts: Vec<_> = nodes
        .iter()
        .copied()
        .zip(payloads.iter().cloned())
        .collect();
    let key = SecretKey::from_secret_bytes(session).unwrap();
    let ours = sphinx::packet(&key.into(), &parts, form).unwrap();
    assert_eq!(ours.len(), form.packet_len());

    let framed = payloads.iter().map(|payload| {
        let mut framed = Vec::new();
        tlv::put_number(&mut framed, payload.len() as u64);
        framed.extend_from_slice(payload);
        framed
    });
    // It has the curve's types from another version of their crate: they are made from text.
    let theirs = OnionPacket::create(
        hex::encode(session).parse().unwrap(),
        nodes
            .iter()
            .map(|node| node.to_string().parse().unwrap())
            .collect(),
        framed.collect(),
        None,
        form.data_len(),
        &Default::default(),
    )
    .unwrap();
    assert!(
        ours == theirs.into_bytes(),
        "another packet, {} hops",
        payloads.len()
    );
}

#[test]
fn a_full_packet_is_the_same_in_both_forms() {
    for form in [Form::Small, Form::Large] {
        // 3 hops, with nothing left: two numbers of one byte, one of three.
        let last = form.data_len() - 2 * (1 + 60 + 32) - (3 + 32);
        same_bytes([7; 32], &[vec![1; 60], vec![2; 60], vec![3; last]], form);
        same_bytes([8; 32], &[vec![4; form.data_len() - 35]], form);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_packet_is_the_same(
        session in prop::array::uniform32(1..=0xfe_u8),
        mut payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..=8),
        last in prop::collection::vec(any::<u8>(), 0..240),
        repeat in 1..100_usize,
        large in any::<bool>(),
    ) {
        let form = if large { Form::Large } else { Form::Small };
        payloads.push(last.repeat(if large { repeat } else { 1 }));
        same_bytes(session, &payloads, form);
    }
}
