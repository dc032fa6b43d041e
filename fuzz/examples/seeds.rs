//! Writes the first inputs of the fuzz targets to `seeds`, from the test vectors of the protocol:
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.
//!
//! Where a target takes values instead of bytes, they are written as crate `arbitrary` reads them.

use std::path::Path;
use std::{fs, io};

use protocol::SignedCard;
use protocol::card::SIGNATURE;

/// What the protocol's document and the tests hold, lines of `name = hex` and `name hex`.
const DOCUMENT: &str = include_str!("../../docs/protocol.md");
const LETTERS: &str = include_str!("../../crates/protocol/src/letter/vectors.txt");
const NODE: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

fn main() -> io::Result<()> {
    let letters: Vec<_> = LETTERS.lines().filter_map(|line| line.split_once(' ')).collect();
    for (name, letter) in &letters {
        write("letter", name, &bytes(letter))?;
    }

    let envelopes = vectors("envelope");
    for (number, envelope) in envelopes.iter().enumerate() {
        write("envelope", &format!("kind-{}", number + 1), envelope)?;
    }
    write("envelope", "newer", &[2, 1, 0])?;

    let signed = one("signed_card");
    // Alone it travels without its name, which comes last.
    let card = one("card");
    let nameless = card.strip_suffix(b"\x3a\x03Bob").expect("Bob's card");
    let alone = SignedCard::new(nameless.to_vec(), [32; SIGNATURE]).and_then(|card| card.envelope());
    let alone = alone.expect("it is short and has no name");
    write("card", "signed", &signed)?;
    write("card", "alone", &alone)?;
    write("card", "unsigned", &card)?;
    write("envelope", "card", &alone)?;

    sealed()?;
    records(&envelopes)?;
    parts()?;
    onions()
}

/// Unchanged, cut, lengthened, with a bit that fell over, and with another key's id.
fn sealed() -> io::Result<()> {
    type Change<'a> = (&'a str, &'a [(u16, u8)], u16, &'a [u8]);
    let changes: [Change; 5] = [
        ("unchanged", &[], 0, b""),
        ("cut", &[], 7, b""),
        ("longer", &[], 0, b"more"),
        ("fallen", &[(60, 4)], 0, b""),
        ("other-key", &[(2, 1), (5, 0x80)], 0, b""),
    ];
    for (name, flips, cut, tail) in changes {
        for kind in [0, 1] {
            let context = [[0xcc; 32], [0; 32]].concat();
            let flips: Vec<_> = flips
                .iter()
                .map(|(at, by)| [at.to_le_bytes().as_slice(), &[*by]].concat())
                .collect();
            let change = [&list(flips), cut.to_le_bytes().as_slice(), &list(each(tail))].concat();
            let input = [&[kind], &*context, &change, &list(each(b"Meet me at noon."))].concat();
            write("sealed", &format!("{name}-{}", kind + 1), &input)?;
        }
    }
    Ok(())
}

/// A sealed letter, and text with a sender and a time; the numbers are places in the target's list.
fn records(envelopes: &[Vec<u8>]) -> io::Result<()> {
    let record = |place: u8, bytes: &[u8]| [vec![place], list(each(bytes))].concat();
    for (number, envelope) in envelopes.iter().enumerate() {
        let input = list([record(0, envelope), record(1, &[7; 32])]);
        write("record", &format!("letter-{}", number + 1), &input)?;
    }
    let time = 1_790_000_000_000_000_000_u64.to_be_bytes();
    let text = [record(2, "Grüße".as_bytes()), record(5, &bytes(NODE)), record(7, &time)];
    write("record", "text", &list(text))?;
    let podcast = record(11, br#"{"message":"boost!","sender_name":"Bob"}"#);
    write("record", "podcast", &list([podcast]))?;
    let payload = br#"{"participants":["alice","bob"],"message":"hello"}"#;
    let c13n = [record(13, payload), record(14, &bytes(NODE)), record(15, &[31; 65])];
    write("record", "c13n", &list(c13n))?;
    let sphinx = record(12, br#"{"type":28,"message":{"content":"hi"},"sender":{"pub_key":"02"}}"#);
    write("record", "sphinx", &list([sphinx]))
}

/// Two letters with pieces, the last first; one packed whole.
fn parts() -> io::Result<()> {
    let (first, last) = (one("letter_0"), one("letter_1"));
    let rest = [list(each(&one("whole"))), vec![0]].concat();
    let room = 192_u16.to_le_bytes();
    let input = [list([list(each(&last)), list(each(&first))]), rest, room.to_vec()].concat();
    write("part", "two", &input)?;
    let packed = vectors("letter").pop().expect("a vector");
    let input = [list([list(each(&packed))]), list([]), vec![1], room.to_vec()].concat();
    write("part", "packed", &input)
}

/// A path over one more hop, and the end of one.
fn onions() -> io::Result<()> {
    let node = bytes(NODE);
    let hops = || list([[list(each(&node)), list(each(&[5; 51]))].concat()]);
    for (name, instructions) in [
        ("leads-on", [&[4, 33], node.as_slice()].concat()),
        ("ends", [&[6, 16], [9; 16].as_slice()].concat()),
        ("padded", [&[1, 2, 0, 0, 4, 33], node.as_slice()].concat()),
    ] {
        let (key, plain) = (list(each(&node)), list(each(&instructions)));
        write("onion", name, &[&*key, &key, &hops(), &plain].concat())?;
    }
    Ok(())
}

/// Before each item of a list stands a one, after the last a zero.
fn list(items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes: Vec<u8> = items.into_iter().flat_map(|item| [vec![1], item].concat()).collect();
    bytes.push(0);
    bytes
}

fn each(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|byte| vec![*byte]).collect()
}

/// All values of this name in the document.
fn vectors(name: &str) -> Vec<Vec<u8>> {
    let lines = DOCUMENT.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(found, _)| found.trim() == name).map(|(_, value)| bytes(value.trim())).collect()
}

fn one(name: &str) -> Vec<u8> {
    vectors(name).swap_remove(0)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("hexadecimal") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

fn write(target: &str, name: &str, input: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), input)
}
