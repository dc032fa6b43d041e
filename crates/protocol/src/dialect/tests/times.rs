use super::super::time::moment;
use super::*;

const SECONDS: Timestamp = Timestamp(1_790_000_000_000);

fn bos_time() -> [u8; 8] {
    (u64::try_from(AT.0).unwrap() << 16).to_be_bytes()
}

#[test]
fn each_encoding_shows_the_right_date() {
    assert_eq!(moment(&whatsat::time_bytes(AT)), Some(AT));
    assert_eq!(moment(&AT.0.to_be_bytes()), Some(AT));
    assert_eq!(moment(&bos_time()), Some(AT));
    assert_eq!(moment(&1_790_000_000_u32.to_be_bytes()), Some(SECONDS));
    assert_eq!(moment(b"1790000000123456789"), Some(AT));
}

#[test]
fn the_time_of_bos_and_lndg_is_verified_as_it_came() {
    let bos = read(&whatsat_at(&bos_time()));
    assert_eq!(
        (bos.dialect, bos.verified, bos.sent_at),
        (Dialect::Whatsat, true, Some(AT))
    );
    let lndg = read(&whatsat_at(&1_790_000_000_u32.to_be_bytes()));
    assert_eq!(
        (lndg.dialect, lndg.verified, lndg.sent_at),
        (Dialect::Whatsat, true, Some(SECONDS))
    );
}

#[test]
fn what_is_no_sensible_date_is_none() {
    for record in [
        vec![],
        vec![0; 4],
        vec![0; 8],
        vec![0xff; 4],
        vec![0xff; 8],
        vec![1; 5],
        b"0000000000000000000".to_vec(),
        b"9999999999999999999".to_vec(),
        b"179000000012345678".to_vec(),
        b"17900000001234567x9".to_vec(),
        1_u64.to_be_bytes().to_vec(),
        1_000_000_000_u64.to_be_bytes().to_vec(),
    ] {
        assert_eq!(moment(&record), None, "{record:?}");
    }
}

#[test]
fn the_border_between_time_and_text_cannot_be_moved() {
    let (alice, bob) = (alice(), bob());
    let time = whatsat::time_bytes(AT);
    let signature = alice.sign_der(&whatsat::signed_bytes(alice.node, bob.node, &time, "ok"));
    // The signed bytes are the same, with four of the time in the text, and with all of it.
    for border in [0, 4] {
        let (left, right) = time.split_at(border);
        let moved = ascending(vec![
            (record::TEXT, [right, b"ok"].concat()),
            (record::SENDER, alice.node.as_bytes().into()),
            (record::TIME, left.into()),
            (record::SIGNATURE, signature.clone()),
        ]);
        assert!(!read(&moved).verified, "{border}");
    }
    // The other way round: text lends four bytes to a time of four.
    let short = 1_790_000_000_u32.to_be_bytes();
    let bytes = [
        alice.node.as_bytes(),
        bob.node.as_bytes(),
        short.as_slice(),
        b"good morning",
    ]
    .concat();
    let moved = ascending(vec![
        (record::TEXT, b" morning".to_vec()),
        (record::SENDER, alice.node.as_bytes().into()),
        (record::TIME, [short.as_slice(), b"good"].concat()),
        (record::SIGNATURE, alice.sign_der(&bytes)),
    ]);
    assert!(!read(&moved).verified);
}

proptest! {
    #[test]
    fn any_time_is_a_date_or_none(record in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Some(at) = moment(&record) {
            prop_assert!((1_420_070_400_000..4_102_444_800_000).contains(&at.0));
        }
    }

    #[test]
    fn every_date_comes_back(ms in 1_420_070_400_000_i64..4_102_444_800_000) {
        let at = Timestamp(ms);
        prop_assert_eq!(moment(&whatsat::time_bytes(at)), Some(at));
        prop_assert_eq!(moment(&ms.to_be_bytes()), Some(at));
        prop_assert_eq!(moment(&(ms << 16).to_be_bytes()), Some(at));
        prop_assert_eq!(moment(format!("{ms}000000").as_bytes()), Some(at));
    }
}
