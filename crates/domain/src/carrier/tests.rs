use super::Carrier::{Invoice, Keysend, Onion, Peer};
use super::*;

/// Their app listens on everything, and the nodes share a channel.
const NEAR: Circumstances = Circumstances {
    limits: Limits {
        free: false,
        direct: false,
        routed: false,
    },
    carries_money: false,
    holds_keysends: false,
    issues_invoices: false,
    listens_to_peers: true,
    listens_to_onions: true,
    connected: true,
    shares_channel: true,
    silent: false,
    peer_failed: false,
    onion_failed: false,
    invoice_failed: false,
};
/// The same, with nodes in between.
const FAR: Circumstances = Circumstances {
    connected: false,
    shares_channel: false,
    ..NEAR
};

#[test]
fn the_choice_of_a_carrier() {
    let way = |way, base: Circumstances| Circumstances {
        limits: Limits::of(way),
        ..base
    };
    let money = |base: Circumstances| Circumstances {
        carries_money: true,
        ..base
    };
    let silent = |base: Circumstances| Circumstances {
        silent: true,
        ..base
    };
    let peer_failed = |base: Circumstances| Circumstances {
        peer_failed: true,
        ..base
    };
    let onion_failed = |base: Circumstances| Circumstances {
        onion_failed: true,
        ..base
    };
    let all_failed = |base| onion_failed(peer_failed(base));
    let issues = |base: Circumstances| Circumstances {
        issues_invoices: true,
        ..base
    };
    let deaf = |base: Circumstances| Circumstances {
        listens_to_peers: false,
        listens_to_onions: false,
        ..base
    };
    let table = [
        ("near", NEAR, Some(Peer)),
        (
            "near, the connection was no use",
            peer_failed(NEAR),
            Some(Onion),
        ),
        (
            "near, nothing free was any use",
            all_failed(NEAR),
            Some(Keysend),
        ),
        ("near, another program", deaf(NEAR), Some(Keysend)),
        ("near, asleep", silent(NEAR), Some(Keysend)),
        ("near, money", money(NEAR), Some(Keysend)),
        (
            "near, money, they issue",
            issues(money(NEAR)),
            Some(Invoice),
        ),
        ("far, money, they issue", issues(money(FAR)), Some(Invoice)),
        ("words need no invoice", issues(FAR), Some(Onion)),
        (
            "money, their node holds it anyway",
            Circumstances {
                holds_keysends: true,
                ..issues(money(FAR))
            },
            Some(Keysend),
        ),
        (
            "money, asked in vain",
            Circumstances {
                invoice_failed: true,
                ..issues(money(FAR))
            },
            Some(Keysend),
        ),
        (
            "money, they issue and sleep",
            silent(issues(money(FAR))),
            Some(Keysend),
        ),
        (
            "money, they issue and nothing leads there",
            issues(money(deaf(FAR))),
            Some(Keysend),
        ),
        (
            "money, they hear over the connection only",
            Circumstances {
                listens_to_onions: false,
                ..issues(money(NEAR))
            },
            Some(Invoice),
        ),
        (
            "free only, money, they issue",
            way(Way::FreeOnly, issues(money(FAR))),
            Some(Invoice),
        ),
        (
            "direct only, money, they issue",
            way(Way::DirectOnly, issues(money(NEAR))),
            Some(Keysend),
        ),
        (
            "routed only, money, they issue",
            way(Way::RoutedOnly, issues(money(FAR))),
            Some(Keysend),
        ),
        ("far", FAR, Some(Onion)),
        (
            "far, the onion was no use",
            onion_failed(FAR),
            Some(Keysend),
        ),
        ("far, asleep", silent(FAR), Some(Keysend)),
        ("free only", way(Way::FreeOnly, FAR), Some(Onion)),
        (
            "free only, asleep: there is nothing else",
            silent(way(Way::FreeOnly, FAR)),
            Some(Onion),
        ),
        (
            "free only, in vain",
            all_failed(way(Way::FreeOnly, FAR)),
            None,
        ),
        (
            "free only, another program",
            deaf(way(Way::FreeOnly, FAR)),
            None,
        ),
        (
            "free only, money is meant to be paid",
            money(way(Way::FreeOnly, FAR)),
            Some(Keysend),
        ),
        ("direct only, near", way(Way::DirectOnly, NEAR), Some(Peer)),
        (
            "direct only, the connection was no use",
            peer_failed(way(Way::DirectOnly, NEAR)),
            Some(Keysend),
        ),
        ("direct only, far", way(Way::DirectOnly, FAR), None),
        (
            "direct only, far, money",
            money(way(Way::DirectOnly, FAR)),
            None,
        ),
        ("routed only, near", way(Way::RoutedOnly, NEAR), Some(Onion)),
        (
            "routed only, near, in vain",
            onion_failed(way(Way::RoutedOnly, NEAR)),
            Some(Keysend),
        ),
        (
            "routed only, near, money",
            money(way(Way::RoutedOnly, NEAR)),
            Some(Keysend),
        ),
        ("routed only, far", way(Way::RoutedOnly, FAR), Some(Onion)),
        (
            "routed only, far, in vain",
            onion_failed(way(Way::RoutedOnly, FAR)),
            Some(Keysend),
        ),
    ];
    for (what, circumstances, expected) in table {
        assert_eq!(choose(&circumstances), expected, "{what}");
    }
}

#[test]
fn in_all_circumstances_the_user_is_obeyed_and_money_is_only_ever_paid() {
    let ways = [Way::Auto, Way::FreeOnly, Way::DirectOnly, Way::RoutedOnly];
    let pairs = || {
        let with = |way: Way| ways.map(|other| (way, other));
        ways.into_iter().flat_map(with)
    };
    for bits in 0_u32..1 << 11 {
        let bit = |place: u32| bits & 1 << place != 0;
        for (message, contact) in pairs() {
            let now = Circumstances {
                limits: message.and(contact),
                carries_money: bit(0),
                listens_to_peers: bit(1),
                listens_to_onions: bit(2),
                connected: bit(3),
                shares_channel: bit(4),
                silent: bit(5),
                peer_failed: bit(6),
                onion_failed: bit(7),
                holds_keysends: bit(8),
                issues_invoices: bit(9),
                invoice_failed: bit(10),
            };
            let Some(carrier) = choose(&now) else {
                assert_ne!(
                    now.limits,
                    Limits::default(),
                    "there is always a way: {now:?}"
                );
                continue;
            };
            assert!(!(now.carries_money && carrier.is_free()), "{now:?}");
            // Limits add up: neither undoes the other.
            let refused = [message, contact].into_iter().any(|way| match way {
                Way::Auto => false,
                Way::FreeOnly => carrier == Keysend && !now.carries_money,
                Way::DirectOnly => match carrier {
                    Onion | Invoice => true,
                    Keysend => !now.shares_channel,
                    Peer => false,
                },
                Way::RoutedOnly => matches!(carrier, Peer | Invoice),
            });
            assert!(!refused, "{carrier:?} {now:?}");
            let tried = match carrier {
                Peer => now.peer_failed || !now.listens_to_peers || !now.connected,
                Onion => now.onion_failed || !now.listens_to_onions,
                Invoice => now.invoice_failed || !now.issues_invoices || !now.carries_money,
                Keysend => false,
            };
            assert!(!tried, "{carrier:?} {now:?}");
        }
    }
}
