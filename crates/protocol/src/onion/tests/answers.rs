//! Reply paths: there and back, from wherever they begin.

use super::*;
use crate::onion::blind::NEXT_PATH_KEY;

const THANKS: &[u8] = b"thanks";

/// Alice writes to Carol through Bob, with this reply path. What arrives, and the id that Alice will wait for.
fn asked(reply: &[NodeId]) -> (Arrived, PathId) {
    let mut rng = rng(10);
    let (reply, id) = ReplyPath::to_ourselves(&mut rng, reply).unwrap();
    let path = ids(&[&bob(), &carol()]);
    let message = send(&mut rng, &path, Some(&reply), WORDS).unwrap();
    let arrived = deliver(&alice(), &message).unwrap();
    assert_eq!(arrived.records, [(1_212_501_065, WORDS.to_vec())]);
    assert_eq!(path_id(&carol(), &arrived), Ok(None));
    (arrived, id)
}

/// Carol answers over this path, and Alice knows what it answers.
fn answered(by: &[NodeId], along: &ReplyPath, id: PathId) -> Arrived {
    let message = answer(&mut rng(11), by, along, None, THANKS).unwrap();
    let arrived = deliver(&carol(), &message).unwrap();
    assert_eq!(arrived.records, [(1_212_501_065, THANKS.to_vec())]);
    assert_eq!(path_id(&alice(), &arrived), Ok(Some(id)));
    arrived
}

#[test]
fn carol_answers_when_the_reply_path_begins_at_her_peer() {
    let (arrived, id) = asked(&ids(&[&bob(), &alice()]));
    let along = reply_path(&arrived);
    assert_eq!(along.introduction(), bob().node);
    let Entrance::Elsewhere(along) = along.enter(carol().node) else {
        panic!("it begins at Bob");
    };
    let back = answered(&[bob().node], &along, id);
    assert_eq!(back.forwarded_by, [bob().node]);
}

#[test]
fn carol_answers_when_the_reply_path_begins_further_away() {
    let (arrived, id) = asked(&ids(&[&alice()]));
    let along = reply_path(&arrived);
    let back = answered(&ids(&[&bob(), &alice()]), &along, id);
    assert_eq!(back.forwarded_by, [bob().node]);

    let (arrived, id) = asked(&ids(&[&dave(), &alice()]));
    let (one, two) = (person(1), person(2));
    let back = answered(&ids(&[&one, &two, &dave()]), &reply_path(&arrived), id);
    assert_eq!(back.forwarded_by, ids(&[&one, &two, &dave()]));
}

#[test]
fn carol_answers_when_the_reply_path_begins_at_her_own_node() {
    let (arrived, id) = asked(&ids(&[&carol(), &bob(), &alice()]));
    let Entrance::Ours(hop) = reply_path(&arrived).enter(carol().node) else {
        panic!("it begins at Carol");
    };
    let secret = derived(&carol(), hop.point().as_bytes());
    let along = hop.with_secret(&secret).unwrap();
    assert_eq!(along.introduction(), bob().node);
    let back = answered(&[bob().node], &along, id);
    assert_eq!(back.forwarded_by, [bob().node]);
}

#[test]
fn an_override_at_her_own_node_is_followed() {
    // Alice joins two paths: Carol's part is of another one than Bob's and hers.
    let (rest, id) = ReplyPath::to_ourselves(&mut rng(12), &ids(&[&bob(), &alice()])).unwrap();
    let plain = forward_to(bob().node, Some(rest.blinding()));
    let (blinding, mut hops) = blind(&Once::new(&mut rng(13)), &[carol().node], &[plain]).unwrap();
    hops.extend_from_slice(rest.hops());
    let parts: Vec<_> = hops
        .iter()
        .map(|hop| (hop.id.serialize(), &hop.data))
        .collect();
    let parts = parts
        .iter()
        .map(|(id, data)| (id.as_slice(), data.as_slice()));
    let joined = ReplyPath::parse(carol().node.as_bytes(), &blinding.serialize(), parts);

    let Entrance::Ours(hop) = joined.unwrap().unwrap().enter(carol().node) else {
        panic!("it begins at Carol");
    };
    let secret = derived(&carol(), hop.point().as_bytes());
    let along = hop.with_secret(&secret).unwrap();
    assert_eq!(along, rest);
    answered(&[bob().node], &along, id);
}

#[test]
fn only_the_last_node_of_her_own_way_is_told_of_the_other_path() {
    let (arrived, _) = asked(&ids(&[&alice()]));
    let path = ids(&[&person(1), &person(2), &alice()]);
    let message = answer(&mut rng(14), &path, &reply_path(&arrived), None, THANKS).unwrap();
    // The same keys again, from the same source.
    let (_, prefix) = path.split_last().unwrap();
    let plain = [
        forward_to(path[1], None),
        forward_to(path[2], Some(reply_path(&arrived).blinding())),
    ];
    let (key, hops) = blind(&Once::new(&mut rng(14)), prefix, &plain).unwrap();
    assert_eq!(key.serialize(), message.path_key);
    assert_eq!(hops[0].data.len(), 51);
    assert_eq!(hops[1].data.len(), 86);
    let first = derived(&person(1), &message.path_key);
    let told = peel::instructions(&hops[0].data, &first).unwrap();
    assert!(told.iter().all(|(kind, _)| *kind != NEXT_PATH_KEY));
}

#[test]
fn an_answer_can_carry_a_reply_path_too() {
    let (arrived, id) = asked(&ids(&[&bob(), &alice()]));
    let (back, again) = ReplyPath::to_ourselves(&mut rng(15), &ids(&[&bob(), &carol()])).unwrap();
    assert_ne!(id, again);
    let along = reply_path(&arrived);
    let message = answer(&mut rng(16), &[bob().node], &along, Some(&back), THANKS).unwrap();
    let arrived = deliver(&carol(), &message).unwrap();
    assert_eq!(path_id(&alice(), &arrived), Ok(Some(id)));
    assert_eq!(reply_path(&arrived), back);

    let message = answer(&mut rng(17), &[bob().node], &back, None, WORDS).unwrap();
    let arrived = deliver(&alice(), &message).unwrap();
    assert_eq!(path_id(&carol(), &arrived), Ok(Some(again)));
}

#[test]
fn the_way_must_lead_to_where_the_reply_path_begins() {
    let (arrived, _) = asked(&ids(&[&bob(), &alice()]));
    let along = reply_path(&arrived);
    let by = |path: &[NodeId]| answer(&mut rng(18), path, &along, None, THANKS).unwrap_err();
    assert_eq!(
        by(&[dave().node]),
        OnionError::NotAtIntroduction(bob().node)
    );
    assert_eq!(
        by(&ids(&[&bob(), &dave()])),
        OnionError::NotAtIntroduction(bob().node)
    );
    assert_eq!(by(&[]), OnionError::NoPath);
    assert_eq!(by(&line(9)), OnionError::TooManyNodes(9));
    assert_eq!(by(&ids(&[&bob(), &bob()])), OnionError::Repeats(bob().node));
}

#[test]
fn a_reply_path_that_ends_at_her_own_node_leads_nowhere() {
    for path in [ids(&[&carol()]), ids(&[&carol(), &bob()])] {
        // Carol's own, handed back to her: of the second she may follow the first step.
        let (path, _) = ReplyPath::to_ourselves(&mut rng(19), &path).unwrap();
        let hops = path.hops().len();
        let Entrance::Ours(hop) = path.enter(carol().node) else {
            panic!("it begins at Carol");
        };
        let secret = derived(&carol(), hop.point().as_bytes());
        let rest = hop.with_secret(&secret);
        assert_eq!(rest.is_ok(), hops == 2);
        if hops == 1 {
            assert_eq!(rest, Err(OpenError::NoNextNode));
        }
    }
    // A node that is told to pass a message on to itself.
    let plain = [forward_to(carol().node, None), Vec::new()];
    let path = ids(&[&carol(), &bob()]);
    let (blinding, hops) = blind(&Once::new(&mut rng(20)), &path, &plain).unwrap();
    let hops: Vec<_> = hops
        .iter()
        .map(|hop| (hop.id.serialize(), &hop.data))
        .collect();
    let hops = hops
        .iter()
        .map(|(id, data)| (id.as_slice(), data.as_slice()));
    let path = ReplyPath::parse(carol().node.as_bytes(), &blinding.serialize(), hops);
    let Entrance::Ours(hop) = path.unwrap().unwrap().enter(carol().node) else {
        panic!("it begins at Carol");
    };
    let secret = derived(&carol(), hop.point().as_bytes());
    assert_eq!(hop.with_secret(&secret), Err(OpenError::NoNextNode));
}

#[test]
fn carol_opens_nothing_with_another_secret() {
    let (arrived, _) = asked(&ids(&[&carol(), &bob(), &alice()]));
    let Entrance::Ours(hop) = reply_path(&arrived).enter(carol().node) else {
        panic!("it begins at Carol");
    };
    let secret = derived(&dave(), hop.point().as_bytes());
    assert_eq!(hop.with_secret(&secret), Err(OpenError::DoesNotOpen));
}

#[test]
fn no_reply_path_is_an_empty_one() {
    assert_eq!(ReplyPath::parse(&[], &[], []), Ok(None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn there_and_back_on_any_path(
        seed in any::<u64>(),
        (there, back, own) in (0..8_usize, 0..8_usize, 0..8_usize),
        record in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let mut rng = rng(seed);
        // Forwarders to the friend, back to us, and from the friend to where the way back begins.
        let people: Vec<NodeId> = (1..=30).map(|byte| person(byte).node).collect();
        let (there, back, own) = (&people[..there], &people[10..][..back], &people[20..][..own]);
        let (me, friend) = (person(50), person(51));
        let to = [there, &[friend.node]].concat();
        let home = [back, &[me.node]].concat();
        let around = [own, &home[..1]].concat();

        let (reply, id) = ReplyPath::to_ourselves(&mut rng, &home).unwrap();
        prop_assert_eq!(reply.encoded_len(), reply_path_len(home.len()));
        prop_assert_eq!(reply.encode().len(), reply_path_len(home.len()));
        let message = send(&mut rng, &to, Some(&reply), &record).unwrap();
        let arrived = deliver(&me, &message).unwrap();
        prop_assert_eq!(&arrived.forwarded_by, there);
        prop_assert_eq!(path_id(&friend, &arrived), Ok(None));
        prop_assert_eq!(&arrived.records, &[(1_212_501_065, record.clone())]);
        let along = reply_path(&arrived);
        prop_assert_eq!(&along, &reply);

        let message = answer(&mut rng, &around, &along, None, &record).unwrap();
        let arrived = deliver(&friend, &message).unwrap();
        prop_assert_eq!(&arrived.forwarded_by, &[own, back].concat());
        prop_assert_eq!(path_id(&me, &arrived), Ok(Some(id)));
        prop_assert_eq!(&arrived.records, &[(1_212_501_065, record)]);
    }
}
