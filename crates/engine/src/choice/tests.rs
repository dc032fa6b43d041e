use domain::Way;

use super::*;

/// What a message allows, what its contact allows, and which routes a payment may take then.
const TABLE: [(Way, Way, Option<Over>); 16] = {
    use Over::{Anything, Others, OwnChannel};
    use Way::{Auto, DirectOnly, FreeOnly, RoutedOnly};
    [
        (Auto, Auto, Some(Anything)),
        (Auto, FreeOnly, Some(Anything)),
        (Auto, DirectOnly, Some(OwnChannel)),
        (Auto, RoutedOnly, Some(Others)),
        (FreeOnly, Auto, Some(Anything)),
        (FreeOnly, FreeOnly, Some(Anything)),
        (FreeOnly, DirectOnly, Some(OwnChannel)),
        (FreeOnly, RoutedOnly, Some(Others)),
        (DirectOnly, Auto, Some(OwnChannel)),
        (DirectOnly, FreeOnly, Some(OwnChannel)),
        (DirectOnly, DirectOnly, Some(OwnChannel)),
        (DirectOnly, RoutedOnly, None),
        (RoutedOnly, Auto, Some(Others)),
        (RoutedOnly, FreeOnly, Some(Others)),
        (RoutedOnly, DirectOnly, None),
        (RoutedOnly, RoutedOnly, Some(Others)),
    ]
};

#[test]
fn limits_of_a_message_and_of_its_contact_add_up() {
    for (message, contact, expected) in TABLE {
        let limits = message.and(contact);
        assert_eq!(routes(limits), expected, "{message:?} to {contact:?}");
        let free = message == Way::FreeOnly || contact == Way::FreeOnly;
        assert_eq!(limits.free, free, "{message:?} to {contact:?}");
    }
}

#[test]
fn no_carrier_does_what_one_of_both_forbids() {
    // Everything else is there.
    for (message, contact, routes) in TABLE {
        for carries_money in [false, true] {
            let limits = message.and(contact);
            let chosen = choose(&Circumstances {
                limits,
                carries_money,
                listens_to_peers: true,
                listens_to_onions: true,
                connected: true,
                shares_channel: true,
                issues_invoices: carries_money,
                ..Circumstances::default()
            });
            let expected = match (routes, carries_money) {
                (None, _) => None,
                (Some(Over::Others), false) => Some(Carrier::Onion),
                (Some(_), false) => Some(Carrier::Peer),
                (Some(Over::Anything), true) => Some(Carrier::Invoice),
                (Some(_), true) => Some(Carrier::Keysend),
            };
            assert_eq!(chosen, expected, "{message:?} to {contact:?}");
        }
    }
}
