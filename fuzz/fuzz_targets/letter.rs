//! Opened letters: what is read is written back and read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::Letter;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(letter) = Letter::decode(bytes) {
        let written = letter.encode();
        assert_eq!(written.len() % 64, 0);
        assert_eq!(Letter::decode(&written), Ok(letter));
    }
});
