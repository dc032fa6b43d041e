//! Whole tables of what the unit tests beside the code show by example: no entry of them may change unnoticed.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test fails where something is not as told"
)]

use heliograph_domain::resume::MONEY_LEAVES_WITHIN;
use heliograph_domain::{
    Attempt, AttemptState, Authorship, CAPS_OF_KNOWN, CAPS_OF_ONE, CAPS_OF_STRANGERS, Carrier,
    Circumstances, Contact, DeliveryEvent, DeliveryState, HoldEvent, HoldState, IN_FLIGHT,
    MessageId, MessageKey, Msat, NodeAddress, NodeId, PATIENCE, PaymentHash, Preimage, Program,
    Timestamp, Trust, Way, choose,
};

const KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

#[test]
fn a_delivery_moves_in_these_ways_and_no_other() {
    use DeliveryEvent as E;
    use DeliveryState as S;
    let states = [
        S::Queued,
        S::InFlight,
        S::Settled,
        S::Returned,
        S::Failed,
        S::Parked,
        S::Cancelled,
        S::Delivered,
    ];
    // One column a state, in the order of `states`.
    let table = [
        (
            E::Begin,
            [Some(S::InFlight), None, None, None, None, None, None, None],
        ),
        (
            E::Settled,
            [None, Some(S::Settled), None, None, None, None, None, None],
        ),
        (
            E::Refused,
            [None, Some(S::Returned), None, None, None, None, None, None],
        ),
        (
            E::Failed,
            [None, Some(S::Failed), None, None, None, None, None, None],
        ),
        (
            E::Forgotten,
            [None, Some(S::Parked), None, None, None, None, None, None],
        ),
        (
            E::Postponed,
            [None, Some(S::Queued), None, None, None, None, None, None],
        ),
        (
            E::Unanswered,
            [None, Some(S::Queued), None, None, None, None, None, None],
        ),
        (
            E::Retry,
            [
                None,
                None,
                None,
                Some(S::Queued),
                Some(S::Queued),
                Some(S::Queued),
                None,
                None,
            ],
        ),
        (
            E::Cancel,
            [
                Some(S::Cancelled),
                None,
                None,
                None,
                Some(S::Cancelled),
                Some(S::Cancelled),
                None,
                None,
            ],
        ),
    ];
    for (event, row) in table {
        for (state, expected) in states.into_iter().zip(row) {
            assert_eq!(state.step(event), expected, "{state:?} {event:?}");
        }
    }
    for state in states {
        let open = matches!(state, S::Queued | S::InFlight);
        assert_eq!(state.is_over(), !open, "{state:?}");
    }
}

#[test]
fn a_hold_moves_in_these_ways_and_no_other() {
    use HoldEvent as E;
    use HoldState as S;
    let states = [
        S::Seen,
        S::Held,
        S::Accepting,
        S::Refunding,
        S::Settled,
        S::Returned,
    ];
    let settled = Some(S::Settled);
    let returned = Some(S::Returned);
    let table = [
        (E::Held, [Some(S::Held), None, None, None, None, None]),
        (
            E::Accept,
            [None, Some(S::Accepting), None, None, None, None],
        ),
        (
            E::Refuse,
            [None, Some(S::Refunding), None, None, None, None],
        ),
        (E::Settled, [settled, settled, settled, settled, None, None]),
        (
            E::Returned,
            [returned, returned, returned, returned, None, None],
        ),
    ];
    for (event, row) in table {
        for (state, expected) in states.into_iter().zip(row) {
            assert_eq!(state.step(event), expected, "{state:?} {event:?}");
        }
    }
    for state in states {
        let over = matches!(state, S::Settled | S::Returned);
        assert_eq!(state.is_over(), over, "{state:?}");
    }
}

#[test]
fn amounts_are_what_they_say() {
    let amount = Msat::new(1_234);
    assert_eq!(amount.get(), 1_234);
    assert_eq!(amount.checked_mul(3), Some(Msat::new(3_702)));
    assert_eq!(Msat::new(u64::MAX).checked_mul(2), None);
    assert_eq!(amount.shared(10), Msat::new(123));
    assert_eq!(amount.shared(0), amount);
}

#[test]
fn only_messages_beside_payments_are_free() {
    assert!(Carrier::Peer.is_free() && Carrier::Onion.is_free());
    assert!(!Carrier::Keysend.is_free() && !Carrier::Invoice.is_free());
}

#[test]
fn a_program_is_known_by_its_letters() {
    let (holds, settles) = (Some(900), None);
    let heliograph = |hold_secs| Program::Heliograph { hold_secs };
    assert!(heliograph(holds).reads_letters() && heliograph(settles).reads_letters());
    assert!(!Program::Unknown.reads_letters() && !Program::Other.reads_letters());
    assert_eq!(heliograph(holds).holds(), Some(true));
    assert_eq!(heliograph(settles).holds(), Some(false));
    assert_eq!(Program::Other.holds(), None);
}

#[test]
fn people_are_called_by_the_users_name_first() {
    let mut contact = Contact {
        node: KEY.parse().unwrap(),
        name: "Carol".into(),
        note: String::new(),
        alias: "carols-node".into(),
        trust: Trust::Known,
        program: Program::Unknown,
        accept_up_to: Msat::ZERO,
        way: Way::Auto,
        sealed_only: false,
        since: Timestamp(0),
    };
    assert_eq!(contact.title(), "Carol");
    contact.name.clear();
    assert_eq!(contact.title(), "carols-node");
    contact.alias.clear();
    assert_eq!(contact.title(), "0279be…1798");
}

#[test]
fn keys_and_hashes_are_printed_and_secrets_are_not() {
    let node: NodeId = KEY.parse().unwrap();
    assert_eq!(format!("{node:?}"), "NodeId(0279be…1798)");
    assert_eq!(MessageKey(7).to_string(), "7");
    let hash = PaymentHash([0xab; 32]);
    assert_eq!(
        format!("{hash:?}"),
        format!("PaymentHash({})", "ab".repeat(32))
    );
    assert_eq!(hash.message_id(), MessageId([0xab; 16]));
    assert_eq!(format!("{:?}", Preimage::new([0xab; 32])), "Preimage(…)");
}

#[test]
fn a_host_may_be_a_bare_ipv6_address() {
    let address: NodeAddress = format!("{KEY}@2001:db8::1").parse().unwrap();
    assert_eq!(address.host.as_deref(), Some("2001:db8::1"));
    // Its last part is no port.
    let address: NodeAddress = format!("{KEY}@fe80::abcd").parse().unwrap();
    assert_eq!(address.host.as_deref(), Some("fe80::abcd"));
    // In brackets what follows is a port.
    assert!(
        format!("{KEY}@[2001:db8::1]:0")
            .parse::<NodeAddress>()
            .is_err()
    );
}

#[test]
fn parts_of_unfinished_letters_have_these_bounds() {
    assert_eq!((IN_FLIGHT, CAPS_OF_KNOWN.letters), (32, 128));
    assert_eq!(CAPS_OF_KNOWN.bytes, 4_194_304);
    assert_eq!((CAPS_OF_ONE.letters, CAPS_OF_ONE.bytes), (16, 1_048_576));
    assert_eq!(CAPS_OF_STRANGERS.bytes, 4_194_304);
}

#[test]
fn times_are_these() {
    assert_eq!(PATIENCE.as_secs(), 604_800);
    assert_eq!(MONEY_LEAVES_WITHIN.as_secs(), 600);
    assert_eq!(Timestamp(86_399_999).day(), 0);
    assert_eq!(Timestamp(3 * 86_400_000).day(), 3);
    assert_eq!(Timestamp(-1).day(), -1);
}

#[test]
fn an_attempt_pays_nothing_when_it_is_free_or_only_asked_for_an_invoice() {
    let attempt = |carrier, invoice: Option<&str>| Attempt {
        hash: PaymentHash([0; 32]),
        preimage: None,
        message: MessageKey(1),
        carrier,
        part: None,
        try_number: None,
        amount: Msat::SAT,
        fee_limit: Msat::SAT,
        invoice: invoice.map(str::to_owned),
        records: Vec::new(),
        state: AttemptState::Prepared,
        fee: Msat::ZERO,
        hops: None,
        failure: None,
        created_at: Timestamp(0),
        ended_at: None,
    };
    assert!(attempt(Carrier::Peer, None).pays_nothing());
    assert!(attempt(Carrier::Onion, None).pays_nothing());
    assert!(attempt(Carrier::Invoice, None).pays_nothing());
    assert!(!attempt(Carrier::Invoice, Some("lnbc")).pays_nothing());
    assert!(!attempt(Carrier::Keysend, None).pays_nothing());
}

#[test]
fn an_invoice_is_asked_for_only_where_the_question_can_arrive() {
    let asked = Circumstances {
        carries_money: true,
        issues_invoices: true,
        listens_to_peers: true,
        connected: true,
        ..Circumstances::default()
    };
    assert_eq!(choose(&asked), Some(Carrier::Invoice));
    let away = Circumstances {
        connected: false,
        ..asked
    };
    assert_eq!(choose(&away), Some(Carrier::Keysend));
    let deaf = Circumstances {
        listens_to_peers: false,
        ..asked
    };
    assert_eq!(choose(&deaf), Some(Carrier::Keysend));
}

#[test]
fn an_author_is_proven_by_a_key_that_speaks_to_us() {
    let proven = [
        Authorship::Verified,
        Authorship::Claimed,
        Authorship::NodeOnly,
        Authorship::Unaddressed,
    ]
    .map(Authorship::is_proven);
    assert_eq!(proven, [true, false, true, false]);
}
