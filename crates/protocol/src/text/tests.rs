use proptest::prelude::*;

use super::*;

#[test]
fn ordinary_text_in_any_script_stays_as_it_is() {
    for text in [
        "Meet me at 9.\n\tBring sats.",
        "闪电网络 — 你好",
        "שלום, مرحبا",
        "می\u{200c}خواهم",
        "👩\u{200d}👩\u{200d}👧 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "e\u{301}",
    ] {
        assert_eq!(display_text(text), text);
    }
}

#[test]
fn a_stranger_cannot_turn_the_text_around() {
    assert_eq!(display_text("pay \u{202e}001\u{202c} sat"), "pay 001 sat");
    for mark in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".chars() {
        assert_eq!(display_text(&format!("a{mark}b")), "ab", "{mark:?}");
    }
}

#[test]
fn nothing_invisible_is_left() {
    assert_eq!(display_text("a\0b\u{1b}[31mc\u{7f}\u{9b}d"), "ab[31mcd");
    assert_eq!(display_text("\u{feff}a\u{200b}b\u{ad}c\u{2060}"), "abc");
    // Tags spell ASCII invisibly; they belong to a flag only.
    assert_eq!(display_text("hi\u{e0068}\u{e0069}"), "hi");
}

#[test]
fn every_line_ends_in_one_way() {
    assert_eq!(
        display_text("a\r\nb\rc\u{2028}d\u{2029}e\u{85}f"),
        "a\nb\nc\nd\ne\nf"
    );
}

#[test]
fn text_is_cut_between_characters() {
    let long = "é".repeat(TEXT_LIMIT);
    assert_eq!(display_text(&long), "é".repeat(TEXT_LIMIT / 2));
    let odd = format!("a{long}");
    assert_eq!(display_text(&odd).len(), TEXT_LIMIT - 1);
}

#[test]
fn a_name_is_one_line() {
    assert_eq!(one_line("  carol\n\n the\tgreat ", 32), "carol the great");
    assert_eq!(one_line("carol the great", 15), "carol the great");
    assert_eq!(one_line("carol the great", 14), "carol the gre…");
    assert_eq!(one_line("carol the great", 7), "carol…");
    assert_eq!(one_line("carol", 1), "…");
    assert_eq!(one_line("carol", 0), "");
    assert_eq!(one_line("", 5), "");
}

#[test]
fn a_family_is_not_torn_apart() {
    let family = "👩\u{200d}👩\u{200d}👧";
    assert_eq!(one_line(&format!("ab{family}cd"), 5), "ab…");
    assert_eq!(
        one_line(&format!("ab{family}cd"), 8),
        format!("ab{family}…")
    );
}

#[test]
fn a_person_is_called_something_or_nothing() {
    assert_eq!(person_name(" Carol\u{202e} "), Some("Carol".to_owned()));
    assert_eq!(person_name(" \u{200b}\n"), None);
    let long = person_name(&"好".repeat(100)).unwrap();
    assert_eq!(long, format!("{}…", "好".repeat(63)));
    assert!(person_name(&"😀".repeat(100)).unwrap().len() <= NAME_LIMIT);
}

proptest! {
    #[test]
    fn shown_text_is_bounded_and_stays_as_it_is_when_shown_again(text in any::<String>()) {
        let shown = display_text(&text);
        prop_assert!(shown.len() <= TEXT_LIMIT);
        prop_assert!(!shown.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
        prop_assert_eq!(display_text(&shown), shown);
    }

    #[test]
    fn a_line_is_a_line(text in "\\PC{0,40}|[\\s\\PC]{0,40}", max in 0_usize..50) {
        let line = one_line(&text, max);
        prop_assert!(line.chars().count() <= max);
        prop_assert!(!line.contains(['\n', '\t', '\r']));
        prop_assert_eq!(line.trim(), &line);
    }

    #[test]
    fn a_name_is_short_and_stays_as_it_is(text in any::<String>()) {
        if let Some(name) = person_name(&text) {
            prop_assert!(name.len() <= NAME_LIMIT && !name.is_empty());
            prop_assert_eq!(person_name(&name), Some(name));
        }
    }
}
