//! Requests, aliases, and the programs that do not use the common text record.

use super::super::noise::big_size;
use super::*;

#[test]
fn a_request_says_how_much_it_asks_for() {
    let alice = alice();
    let of_juggernaut = juggernaut_typed(
        &alice,
        alice.node,
        "2100000,lunch, with wine",
        "paymentrequest",
    );
    let asked = read(&of_juggernaut);
    assert_eq!(
        (asked.text.as_str(), asked.verified),
        ("2100000,lunch, with wine", true)
    );
    assert_eq!(asked.request_amount, Some(Msat::new(2_100_000)));

    let of_thunderhub = thunderhub_typed(&alice, alice.node, "2100,lunch", "paymentrequest");
    let asked = read(&of_thunderhub);
    assert_eq!(
        (asked.text.as_str(), asked.unaddressed),
        ("2100,lunch", true)
    );
    assert_eq!(asked.request_amount, Some(Msat::new(2_100_000)));
}

#[test]
fn a_request_that_cannot_be_read_is_text() {
    let alice = alice();
    for text in [
        "lunch",
        "-5,lunch",
        "0,lunch",
        "99999999999999999999999,lunch",
        "1e3,lunch",
    ] {
        let read = read(&juggernaut_typed(
            &alice,
            alice.node,
            text,
            "paymentrequest",
        ));
        assert_eq!((read.text.as_str(), read.request_amount), (text, None));
    }
    // Too many sats for msat to count.
    let text = "18446744073709551615,lunch";
    let read = read(&thunderhub_typed(
        &alice,
        alice.node,
        text,
        "paymentrequest",
    ));
    assert_eq!((read.text.as_str(), read.request_amount), (text, None));
    // Not a request.
    assert_eq!(
        super::read(&juggernaut(&alice, alice.node, "5,lunch")).text,
        "5,lunch"
    );
}

#[test]
fn the_type_of_a_juggernaut_text_cannot_lend_it_words() {
    let alice = alice();
    let records = juggernaut_typed(&alice, alice.node, "send me ", "text");
    let moved = with(&records, record::TEXT, "send me te");
    assert!(!read(&with(&moved, record::CONTENT_TYPE, "xt")).verified);
}

#[test]
fn thunderhub_signs_json_as_javascript_writes_it() {
    let alice = alice();
    let text = "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é你\u{2028}😀";
    let escaped = "\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}é你\u{2028}😀";
    let json = format!(
        "{{\"sender\":\"{}\",\"message\":\"{escaped}\"}}",
        alice.node
    );
    let records = ascending(vec![
        (record::TEXT, text.into()),
        (record::SIGNATURE, zbase32(&alice.sign(json.as_bytes()))),
        (record::SENDER, alice.node.as_bytes().into()),
    ]);
    let signed = read(&records);
    assert_eq!(
        (signed.dialect, signed.verified, signed.unaddressed),
        (Dialect::ThunderHub, false, true)
    );
    assert_eq!(signed.text, text);
    // It signs no time: whoever passes the text on could add one.
    let dated = read(&with(&records, record::TIME, whatsat::time_bytes(AT)));
    assert_eq!(
        (dated.unaddressed, dated.sent_at, dated.id()),
        (true, None, None)
    );
}

#[test]
fn a_bare_payment_of_cipherchat_has_no_words() {
    let uuid = "6fa459ea-ee8a-4ca4-894e-db77e160355e";
    let alice = alice();
    let records = with(
        &cipherchat(&alice, alice.node, uuid),
        record::CONTENT_TYPE,
        "PAYMENT",
    );
    let paid = read(&records);
    assert_eq!(
        (paid.text.as_str(), paid.verified, paid.dialect),
        ("", true, Dialect::Cipherchat)
    );
    let noted = with(
        &cipherchat(&alice, alice.node, "rent"),
        record::CONTENT_TYPE,
        "PAYMENT",
    );
    assert_eq!(read(&noted).text, "rent");
}

#[test]
fn an_alias_is_shown_as_one_clean_line() {
    for number in [record::ALIAS, record::BLIXT_ALIAS, record::LNDHUB_ALIAS] {
        let records = ascending(vec![
            (record::TEXT, "hi".into()),
            (number, "  eve\u{202e}\n\u{7} x ".into()),
        ]);
        assert_eq!(read(&records).alias.as_deref(), Some("eve x"));
    }
    let long = ascending(vec![
        (record::TEXT, "hi".into()),
        (record::ALIAS, vec![b'x'; 1_000]),
    ]);
    assert_eq!(read(&long).alias.unwrap().chars().count(), 64);
    let empty = ascending(vec![
        (record::TEXT, "hi".into()),
        (record::ALIAS, b" ".to_vec()),
    ]);
    assert_eq!(read(&empty).alias, None);
}

/// As the plugin writes it: the signature covers the other records as the payload of a hop.
fn noise(signer: &Person, text: &str) -> Records {
    noise_of(signer, None, text)
}

/// The same, with a sender beside the text.
fn noise_of(signer: &Person, sender: Option<NodeId>, text: &str) -> Records {
    let mut records = vec![
        (record::TEXT, text.into()),
        (record::TIME, AT.0.to_be_bytes().to_vec()),
        (record::KEYSEND_PREIMAGE, vec![7; 32]),
    ];
    let time = hex::encode(AT.0.to_be_bytes());
    let (words, preimage) = (hex::encode(text), "07".repeat(32));
    // 34349334, 34349339 and 34349343 are 0x020c2116, 0x020c211b and 0x020c211f, 5482373484 is 0x146c6616c.
    let named = sender.map_or(String::new(), |sender| {
        records.push((record::SENDER, sender.as_bytes().into()));
        format!("fe020c211b21{sender}")
    });
    let stream = format!(
        "fe020c2116{:02x}{words}{named}fe020c211f08{time}ff0000000146c6616c20{preimage}",
        text.len()
    );
    let signed = format!("{:02x}{stream}", stream.len() / 2);
    records.push((record::NOISE_SIGNATURE, signer.sign(signed.as_bytes())));
    ascending(records)
}

#[test]
fn noise_names_its_sender_by_the_signature_which_alone_is_a_claim() {
    let alice = alice();
    let unnamed = read(&noise(&alice, WORDS));
    assert_eq!(
        (unnamed.dialect, unnamed.sent_at),
        (Dialect::Noise, Some(AT))
    );
    assert_eq!(
        (unnamed.sender, unnamed.verified, unnamed.unaddressed),
        (Some(alice.node), false, false)
    );
    assert_eq!((unnamed.text.as_str(), unnamed.id()), (WORDS, None));
    let named = read(&noise_of(&alice, Some(alice.node), WORDS));
    // Who named themselves have not said to whom: anybody may have sent it on.
    assert_eq!(
        (named.sender, named.verified, named.unaddressed),
        (Some(alice.node), false, true)
    );
    assert_eq!(named.id(), None);
}

#[test]
fn what_nodes_on_the_way_add_does_not_break_a_noise_signature() {
    let alice = alice();
    let sent = noise_of(&alice, Some(alice.node), WORDS);
    assert!(read(&with(&sent, 106_823, [7])).unaddressed);
    let changed = read(&with(&sent, 106_825, [7]));
    assert!(!changed.unaddressed, "anything else does");
}

#[test]
fn a_changed_noise_text_does_not_speak_for_the_sender() {
    let forged = read(&with(
        &noise(&alice(), WORDS),
        record::TEXT,
        "send me money",
    ));
    assert_ne!(forged.sender, Some(alice().node));
    let claimed = with(
        &noise(&mallory(), WORDS),
        record::SENDER,
        alice().node.as_bytes(),
    );
    let read = read(&claimed);
    assert_eq!(
        (read.sender, read.verified, read.unaddressed),
        (Some(alice().node), false, false)
    );
}

#[test]
fn a_big_size_is_as_small_as_it_can_be() {
    let of = |value| {
        let mut out = Vec::new();
        big_size(&mut out, value);
        hex::encode(out)
    };
    assert_eq!(of(0), "00");
    assert_eq!(of(252), "fc");
    assert_eq!(of(253), "fd00fd");
    assert_eq!(of(255), "fd00ff");
    assert_eq!(of(65_535), "fdffff");
    assert_eq!(of(65_536), "fe00010000");
    assert_eq!(of(4_294_967_296), "ff0000000100000000");
}

fn c13n(signer: &Person, sender: NodeId, message: &str) -> Records {
    let payload = serde_json::json!({
        "participants": [mallory().node.to_string(), bob().node.to_string()],
        "message": message,
    })
    .to_string();
    vec![
        (record::C13N_PAYLOAD, payload.clone().into()),
        (record::C13N_SENDER, sender.as_bytes().into()),
        (record::C13N_SIGNATURE, signer.sign(payload.as_bytes())),
    ]
}

#[test]
fn c13n_is_verified_for_its_participants() {
    let alice = alice();
    let records = c13n(&alice, alice.node, WORDS);
    let to_us = read(&records);
    assert_eq!((to_us.dialect, to_us.text.as_str()), (Dialect::C13n, WORDS));
    assert_eq!((to_us.sender, to_us.verified), (Some(alice.node), true));
    let passed_on = read_readable(&records, crate::people::person(0x77).node).unwrap();
    assert!(!passed_on.verified);
    let forged = read(&c13n(&mallory(), alice.node, WORDS));
    assert_eq!((forged.sender, forged.verified), (Some(alice.node), false));
    let unsigned = read(&without(&records, record::C13N_SIGNATURE));
    assert!(!unsigned.verified);
}

#[test]
fn arc_puts_its_words_one_level_deeper() {
    let alice = alice();
    let message = serde_json::json!({
        "n": "c13n-mp", "v": "0.0.1c", "t": "message", "c": "look",
        "att": [{"t": "image", "u": "https://pictures.example/1", "tags": "", "show": "true"}],
    });
    let shown = read(&c13n(&alice, alice.node, &message.to_string())).text;
    assert_eq!(shown, "look\nhttps://pictures.example/1");
    let other = r#"{"n":"else","c":"x"}"#;
    assert_eq!(read(&c13n(&alice, alice.node, other)).text, other);
    let wordless = read(&c13n(&alice, alice.node, ""));
    assert_eq!(
        (wordless.text.as_str(), wordless.sender),
        ("", Some(alice.node))
    );
}

fn sphinx(signer: &Person, sender: NodeId, text: &str) -> Records {
    let json = serde_json::json!({
        "type": 28,
        "message": {"content": text, "amount": 3},
        "sender": {"pub_key": sender.to_string(), "alias": "al"},
    })
    .to_string();
    let signature = zbase32(&signer.sign(json.as_bytes()));
    vec![(record::SPHINX, [json.as_bytes(), &signature].concat())]
}

#[test]
fn a_plain_keysend_of_sphinx_is_signed_to_nobody() {
    let alice = alice();
    let signed = read(&sphinx(&alice, alice.node, "a word"));
    assert_eq!(
        (signed.dialect, signed.text.as_str()),
        (Dialect::Sphinx, "a word")
    );
    assert_eq!((signed.verified, signed.unaddressed), (false, true));
    assert_eq!(signed.sender, Some(alice.node));
    assert_eq!(signed.alias.as_deref(), Some("al"));
    let forged = read(&sphinx(&mallory(), alice.node, "a word"));
    assert_eq!((forged.verified, forged.unaddressed), (false, false));
    assert_eq!(forged.sender, Some(alice.node));
}

#[test]
fn sphinx_signs_what_is_beyond_ascii_in_its_own_way() {
    let alice = alice();
    // é is one unit e9; 你 is 4f60, two bytes; a line feed within a string would be one digit, a.
    let content = "é你";
    let json = format!(
        r#"{{"type":28,"message":{{"content":"{content}"}},"sender":{{"pub_key":"{}"}}}}"#,
        alice.node
    );
    let (before, after) = json.split_once(content).unwrap();
    let bytes = [before.as_bytes(), &[0xe9, 0x4f, 0x60], after.as_bytes()].concat();
    let signature = zbase32(&alice.sign(&bytes));
    let records = vec![(record::SPHINX, [json.as_bytes(), &signature].concat())];
    assert!(read(&records).unaddressed);
}

#[test]
fn what_sphinx_encrypts_or_cuts_is_not_text() {
    let encrypted = r#"{"type":0,"message":{"content":"bm90IHJlYWRhYmxl"},"sender":{}}"#;
    let unsigned = r#"{"type":28,"message":{"content":"hi"}}"#;
    let of = |json: &str| read_readable(&[(record::SPHINX, json.into())], bob().node);
    assert_eq!(of(encrypted), None);
    assert_eq!(of("1790000000123_0_2_{\"type\":28"), None);
    assert_eq!(of(""), None);
    let unsigned = of(unsigned).unwrap();
    assert_eq!(
        (unsigned.text.as_str(), unsigned.sender, unsigned.verified),
        ("hi", None, false)
    );
}

fn boost(json: &str) -> Option<Readable> {
    read_readable(&[(record::PODCAST, json.into())], bob().node)
}

#[test]
fn a_listener_of_a_podcast_is_heard() {
    let json = r#"{"podcast": "A show", "episode": "Ep. 3", "action": "boost", "app_name": "Player",
        "message": "great episode", "sender_name": "Listener", "value_msat_total": 5000000}"#;
    let heard = boost(json).unwrap();
    assert_eq!(heard.text, "great episode");
    assert_eq!(heard.alias.as_deref(), Some("Listener"));
    assert_eq!(heard.about.as_deref(), Some("Player · A show · Ep. 3"));
    assert_eq!(
        (heard.sender, heard.verified, heard.quiet),
        (None, false, false)
    );
    // Several payments at once are a list.
    let heard = boost(&format!("[{json}, 7]")).unwrap();
    assert_eq!((heard.text.as_str(), heard.quiet), ("great episode", false));
}

#[test]
fn a_boost_without_words_is_a_boost() {
    for json in [
        r#"{"action":"boost","sender_name":"Carol"}"#,
        r#"{"action":"boost","message":null,"sender_name":"Carol"}"#,
        r#"{"action":null,"message":"","sender_name":"Carol","app_name":null}"#,
        r#"{"action":7,"message":{"of":"another type"},"sender_name":"Carol","app_name":["x"]}"#,
        r#"{"message":" \u202e\u200b\n ","sender_name":"\u202eCarol\u0000"}"#,
    ] {
        let heard = boost(json).unwrap();
        assert_eq!(
            (heard.text.as_str(), heard.alias.as_deref()),
            ("", Some("Carol"))
        );
        assert_eq!((heard.about, heard.quiet), (None, false), "{json}");
    }
    let stream = boost(r#"{"action":"stream"}"#).unwrap();
    assert!(stream.quiet && stream.alias.is_none());
    let huge = format!(
        r#"{{"sender_name":"{0}","app_name":"{0}"}}"#,
        "x".repeat(100_000)
    );
    let huge = boost(&huge).unwrap();
    assert_eq!(huge.alias.unwrap().chars().count(), 64);
    assert_eq!(huge.about.unwrap().chars().count(), 64);
    for none in ["great!", "7", "[]", "[7]", "", &"[".repeat(10_000)] {
        assert_eq!(boost(none), None);
    }
}

#[test]
fn the_note_of_a_tip_is_text() {
    for number in [record::TIP, record::TIP_ODD] {
        let tip = |note: &str| read_readable(&[(number, note.into())], bob().node);
        assert_eq!(
            tip("sent from a node in 2020").unwrap().text,
            "sent from a node in 2020"
        );
        assert_eq!(tip(" "), None);
    }
}

#[test]
fn of_two_texts_the_verified_one_is_shown() {
    let alice = alice();
    let mut records = c13n(&alice, alice.node, "signed");
    records.push((record::TEXT, "unsigned".into()));
    assert_eq!(read(&ascending(records)).text, "signed");
}
