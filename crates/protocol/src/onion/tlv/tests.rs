use proptest::prelude::*;

use super::*;

fn number(value: u64) -> String {
    let mut out = Vec::new();
    put_number(&mut out, value);
    if let Ok(value) = usize::try_from(value) {
        assert_eq!(out.len(), number_len(value));
    }
    hex::encode(out)
}

fn read(bytes: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, Malformed> {
    let fields = Fields::of(bytes);
    fields
        .map(|field| field.map(|(kind, value)| (kind, value.to_vec())))
        .collect()
}

#[test]
fn numbers_are_as_short_as_they_can_be() {
    assert_eq!(number(0), "00");
    assert_eq!(number(252), "fc");
    assert_eq!(number(253), "fd00fd");
    assert_eq!(number(65_535), "fdffff");
    assert_eq!(number(65_536), "fe00010000");
    assert_eq!(number(1_212_501_065), "fe48454c49");
    assert_eq!(number(4_294_967_295), "feffffffff");
    assert_eq!(number(4_294_967_296), "ff0000000100000000");
    assert_eq!(number(u64::MAX), "ffffffffffffffffff");
}

#[test]
fn longer_numbers_than_needed_are_refused() {
    for hex in [
        "fd00fc00",
        "fe0000ffff00",
        "ff00000000ffffffff00",
        "01fd000100",
    ] {
        assert_eq!(read(&hex::decode(hex).unwrap()), Err(Malformed), "{hex}");
    }
}

#[test]
fn cut_streams_are_refused() {
    let mut whole = Vec::new();
    put(&mut whole, 300, &[7; 300]);
    assert_eq!(read(&whole), Ok(vec![(300, vec![7; 300])]));
    for len in 1..whole.len() {
        assert_eq!(read(&whole[..len]), Err(Malformed), "{len}");
    }
    assert_eq!(
        read(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Err(Malformed)
    );
}

#[test]
fn kinds_ascend() {
    assert_eq!(read(&[1, 0, 2, 1, 9]), Ok(vec![(1, vec![]), (2, vec![9])]));
    assert_eq!(read(&[2, 0, 1, 0]), Err(Malformed));
    assert_eq!(read(&[2, 0, 2, 0]), Err(Malformed));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        fields in prop::collection::btree_map(any::<u64>(), prop::collection::vec(any::<u8>(), 0..300), 0..8),
    ) {
        let mut bytes = Vec::new();
        for (kind, value) in &fields {
            let before = bytes.len();
            put(&mut bytes, *kind, value);
            if *kind < 1 << 32 {
                prop_assert_eq!(bytes[before..].len(), field_len(*kind, value.len()));
            }
        }
        prop_assert_eq!(read(&bytes), Ok(fields.into_iter().collect::<Vec<_>>()));
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_have_one_form(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(fields) = read(&bytes) {
            let mut again = Vec::new();
            for (kind, value) in &fields {
                put(&mut again, *kind, value);
            }
            prop_assert_eq!(again, bytes);
        }
    }
}
