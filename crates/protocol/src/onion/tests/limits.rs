//! What fits, to the byte.

use super::*;

fn written(
    path: &[NodeId],
    reply: Option<&ReplyPath>,
    len: usize,
) -> Result<OnionMessage, OnionError> {
    send(&mut rng(30), path, reply, &vec![0x5a; len])
}

/// It fits, arrives whole, and has this form.
fn fits(path: &[NodeId], reply: Option<&ReplyPath>, len: usize, form: Form) {
    let message = written(path, reply, len).unwrap();
    assert_eq!(message.onion.len(), form.packet_len());
    let arrived = deliver(&alice(), &message).unwrap();
    assert_eq!(arrived.records, [(1_212_501_065, vec![0x5a; len])]);
}

#[test]
fn records_may_be_as_long_as_seen_on_a_real_network() {
    let seen = [(1, 1_239, 32_707), (2, 1_153, 32_621), (3, 1_067, 32_535)];
    for (nodes, small, large) in seen {
        assert_eq!(room(Form::Small, nodes, 0), Some(small));
        assert_eq!(room(Form::Large, nodes, 0), Some(large));
        let path = line(nodes);
        fits(&path, None, small, Form::Small);
        fits(&path, None, small + 1, Form::Large);
        fits(&path, None, large, Form::Large);
        let too_long = OnionError::TooLong {
            len: large + 1,
            room: large,
        };
        assert_eq!(written(&path, None, large + 1), Err(too_long));
    }
    // A reply path of two nodes without an id takes 206 bytes with its type and length.
    assert_eq!(room(Form::Small, 2, 204), Some(947));
}

#[test]
fn packets_have_the_two_lengths_that_do_not_stand_out() {
    assert_eq!(Form::Small.packet_len(), 1_366);
    assert_eq!(Form::Large.packet_len(), 32_834);
}

#[test]
fn there_is_no_room_without_a_path_and_on_one_that_is_too_long() {
    for form in [Form::Small, Form::Large] {
        assert_eq!(room(form, 0, 0), None);
        assert_eq!(room(form, 9, 0), None);
        assert_eq!(room(form, 2, form.data_len()), None);
        assert_eq!(room(form, 2, usize::MAX), None);
    }
    assert_eq!(reply_path_len(0), 0);
    assert_eq!(reply_path_len(1), 67 + 35 + 34);
    assert_eq!(reply_path_len(2), 67 + 2 * 35 + 51 + 34);
}

#[test]
fn the_room_is_exact_on_short_and_long_paths() {
    for nodes in [1, 2, 5, PATH_LIMIT] {
        let path = line(nodes);
        for reply_nodes in [0, 1, 3, PATH_LIMIT] {
            let mut back: Vec<_> = (0x30..)
                .map(|byte| person(byte).node)
                .take(reply_nodes)
                .collect();
            back.reverse();
            let reply =
                (reply_nodes > 0).then(|| ReplyPath::to_ourselves(&mut rng(31), &back).unwrap().0);
            let reply_len = reply_path_len(reply_nodes);
            if let Some(small) = room(Form::Small, nodes, reply_len) {
                fits(&path, reply.as_ref(), small, Form::Small);
                fits(&path, reply.as_ref(), small + 1, Form::Large);
            } else {
                fits(&path, reply.as_ref(), 0, Form::Large);
            }
            let large = room(Form::Large, nodes, reply_len).unwrap();
            let too_long = OnionError::TooLong {
                len: large + 1,
                room: large,
            };
            assert!(written(&path, reply.as_ref(), large).is_ok());
            assert_eq!(written(&path, reply.as_ref(), large + 1), Err(too_long));
        }
    }
}

#[test]
fn the_room_of_an_answer_is_exact() {
    let home = ids(&[&person(0x20), &person(0x21), &alice()]);
    let (along, _) = ReplyPath::to_ourselves(&mut rng(32), &home).unwrap();
    for own in 1..=PATH_LIMIT {
        let mut path = line(own - 1);
        path.push(home[0]);
        let answered = |len| answer(&mut rng(33), &path, &along, None, &vec![1; len]);
        let small = room_along(Form::Small, own, &along, 0).unwrap();
        let large = room_along(Form::Large, own, &along, 0).unwrap();
        assert_eq!(answered(small).unwrap().onion.len(), 1_366);
        assert_eq!(answered(small + 1).unwrap().onion.len(), 32_834);
        assert_eq!(answered(large).unwrap().onion.len(), 32_834);
        let too_long = OnionError::TooLong {
            len: large + 1,
            room: large,
        };
        assert_eq!(answered(large + 1), Err(too_long));
    }
    assert_eq!(room_along(Form::Large, 0, &along, 0), None);
    assert_eq!(room_along(Form::Large, 9, &along, 0), None);
}

/// A reply path as great as one may be that came.
fn greatest() -> ReplyPath {
    let id = bob().node;
    let data = [7; 1_024];
    let hops = std::iter::repeat_n((id.as_bytes().as_slice(), data.as_slice()), 16);
    ReplyPath::parse(id.as_bytes(), id.as_bytes(), hops)
        .unwrap()
        .unwrap()
}

#[test]
fn the_greatest_reply_path_that_is_taken_leaves_room_for_an_answer() {
    let along = greatest();
    let room = room_along(Form::Large, PATH_LIMIT, &along, reply_path_len(PATH_LIMIT));
    assert!(room.is_some_and(|room| room > 10_000), "{room:?}");
    let mut path = line(7);
    path.push(bob().node);
    let reply = ReplyPath::to_ourselves(&mut rng(34), &line(8)).unwrap().0;
    let message = answer(
        &mut rng(35),
        &path,
        &along,
        Some(&reply),
        &vec![1; room.unwrap()],
    );
    assert_eq!(message.unwrap().onion.len(), 32_834);
}

#[test]
fn a_path_that_fills_the_onion_says_so() {
    let along = greatest();
    let message = answer(&mut rng(36), &[bob().node], &along, Some(&along), &[]);
    assert_eq!(message, Err(OnionError::NoRoom));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_record_arrives_whole_on_any_path(
        seed in any::<u64>(),
        nodes in 1..=8_usize,
        bytes in prop::collection::vec(any::<u8>(), 1..200),
        repeat in prop_oneof![4 => 0..8_usize, 1 => 0..170_usize],
    ) {
        let record = bytes.repeat(repeat);
        let path = line(nodes);
        let fitting = [Form::Small, Form::Large].into_iter()
            .find(|form| room(*form, nodes, 0).unwrap() >= record.len());
        match send(&mut rng(seed), &path, None, &record) {
            Ok(message) => {
                prop_assert_eq!(Some(message.onion.len()), fitting.map(Form::packet_len));
                let arrived = deliver(&alice(), &message).unwrap();
                prop_assert_eq!(Some(arrived.forwarded_by.as_slice()), path.split_last().map(|(_, own)| own));
                prop_assert_eq!(&arrived.records, &[(1_212_501_065, record)]);
                prop_assert_eq!(arrived.data.len(), 16);
            }
            Err(error) => {
                let room = room(Form::Large, nodes, 0).unwrap();
                prop_assert_eq!(fitting, None);
                prop_assert_eq!(error, OnionError::TooLong { len: record.len(), room });
            }
        }
    }
}
