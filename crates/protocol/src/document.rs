//! The test vectors in `docs/protocol.md`.

use std::collections::BTreeMap;

pub(crate) const TEXT: &str = include_str!("../../../docs/protocol.md");

/// Names and bytes of the vector with this title, in hexadecimal in the document.
pub(crate) fn vector(title: &str) -> BTreeMap<&'static str, Vec<u8>> {
    let fence = format!("```vector {title}\n");
    let block = TEXT.split(&fence).nth(1).unwrap();
    fields(block.split("```").next().unwrap())
}

/// Lines `name = hexadecimal`; a name is there once.
pub(crate) fn fields(block: &'static str) -> BTreeMap<&'static str, Vec<u8>> {
    let mut fields = BTreeMap::new();
    for line in block.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once('=').unwrap();
        let before = fields.insert(name.trim(), hex::decode(value.trim()).unwrap());
        assert_eq!(before, None, "{name}");
    }
    fields
}

/// Fails unless the document gives exactly these values, in this order.
pub(crate) fn assert_written(title: &str, computed: &[(&str, Vec<u8>)]) {
    let width = computed.iter().map(|(name, _)| name.len()).max().unwrap();
    let written: String = computed
        .iter()
        .map(|(name, value)| format!("{name:width$} = {}\n", hex::encode(value)))
        .collect();
    assert!(
        TEXT.contains(&format!("```vector {title}\n{written}```")),
        "the document should say under {title}:\n{written}"
    );
}
