use proptest::prelude::*;

use super::*;

#[test]
fn runs_without_spaces_are_told_as_pairs() {
    for (text, told) in [
        ("plain words", "plain words"),
        ("ABC 闪电网络 d", "ABC 闪电 电网 网络 络  d"),
        ("闪", "闪"),
        ("a闪b", "a 闪 b"),
        ("pay用keysend", "pay 用 keysend"),
        ("ｆｕｌｌ", "full"),
        ("", ""),
    ] {
        let squeeze = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(squeeze(&indexed(text)), squeeze(told), "{text}");
    }
}

#[test]
fn a_question_is_quoted_word_by_word() {
    for (text, expression) in [
        ("one two", r#"body : ("one" AND "two"*)"#),
        ("a", r#"body : ("a")"#),
        ("闪", r#"body : ("闪"*)"#),
        ("闪电网", r#"body : ("闪电 电网")"#),
        ("用 x", r#"body : ("用"* AND "x")"#),
        ("闪电 ab", r#"body : ("闪电" AND "ab"*)"#),
        ("pay用", r#"body : ("pay 用"*)"#),
        ("用pay", r#"body : ("用 pay"*)"#),
        ("a\"b c\"", r#"body : ("a""b" AND "c")"#),
    ] {
        assert_eq!(
            Question::new(text).unwrap().expression,
            expression,
            "{text}"
        );
    }
    assert!(Question::new(" \" * … ").is_none());
}

#[test]
fn a_long_question_is_cut() {
    let question = Question::new(&"word ".repeat(1_000)).unwrap();
    assert_eq!(question.expression.matches(" AND ").count(), MOST_WORDS - 1);
}

fn snippet(question: &str, text: &str) -> Vec<String> {
    Question::new(question).unwrap().snippet(text)
}

#[test]
fn hits_are_marked_as_the_index_finds_them() {
    for (question, text, parts) in [
        ("cafe", "Un CAFÉ noir", vec!["Un ", "CAFÉ", " noir"]),
        ("cafe", "cafe\u{301}", vec!["", "cafe\u{301}"]),
        (
            "light",
            "lightning, light",
            vec!["", "light", "ning, ", "light"],
        ),
        (
            "light x",
            "lightning light x",
            vec!["lightning ", "light", " ", "x"],
        ),
        ("闪电", "在闪电网络", vec!["在", "闪电", "网络"]),
        ("闪电网", "在闪电网络", vec!["在", "闪电网", "络"]),
        ("don't", "I don't", vec!["I ", "don", "'", "t"]),
        ("ﬁne", "so fine", vec!["so ", "fine"]),
        ("fine", "so ﬁne", vec!["so ", "ﬁne"]),
        ("none", "nothing of that", vec!["nothing of that"]),
        ("a", "a", vec!["", "a"]),
        ("word", "", vec![""]),
    ] {
        assert_eq!(snippet(question, text), parts, "{question:?} in {text:?}");
    }
}

#[test]
fn a_snippet_begins_near_its_hit_and_stays_short() {
    let parts = snippet(
        "needle",
        &format!("{}needle{}", "界".repeat(500), "x".repeat(500)),
    );
    assert_eq!(parts[0], format!("…{}", "界".repeat(BEFORE_HIT)));
    // A word that goes on behind Chinese is not the whole word, and yet it may go on.
    assert_eq!(parts[1], "needle");
    assert!(parts[2].ends_with("x…"));
}

proptest! {
    #[test]
    fn a_snippet_says_what_the_text_says(
        question in "[a-c闪电é ]{1,8}", text in "[a-c闪电é \n👩‍💻]{0,120}"
    ) {
        if let Some(question) = Question::new(&question) {
            let shown = question.snippet(&text).concat();
            let whole = one_line(&text);
            match shown.strip_prefix('…') {
                Some(end) => prop_assert!(whole.ends_with(end), "{} in {}", end, whole),
                None => prop_assert_eq!(shown, whole),
            }
        }
    }

    #[test]
    fn any_text_can_be_indexed_and_marked(question in any::<String>(), text in any::<String>()) {
        let _ = indexed(&text);
        if let Some(question) = Question::new(&question) {
            prop_assert!(!question.snippet(&text).is_empty());
        }
    }
}
