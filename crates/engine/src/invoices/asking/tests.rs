use domain::PaymentHash;

use super::*;

#[test]
fn only_the_invoice_that_was_asked_for_is_paid() {
    let carol: NodeId = "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
        .parse()
        .unwrap();
    let dave: NodeId = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
        .parse()
        .unwrap();
    let good = DecodedInvoice {
        destination: carol,
        hash: PaymentHash([7; 32]),
        amount: Some(Msat::new(2_100_000)),
        expires_at: domain::Timestamp::from_secs(1_767_226_200),
        cltv_expiry: 40,
    };
    let asked = |invoice: &DecodedInvoice| is_asked_for(invoice, carol, Msat::new(2_100_000));
    assert!(asked(&good));
    let table = [
        (
            "another node",
            DecodedInvoice {
                destination: dave,
                ..good
            },
        ),
        (
            "one msat more",
            DecodedInvoice {
                amount: Some(Msat::new(2_100_001)),
                ..good
            },
        ),
        (
            "one msat less",
            DecodedInvoice {
                amount: Some(Msat::new(2_099_999)),
                ..good
            },
        ),
        (
            "any amount",
            DecodedInvoice {
                amount: None,
                ..good
            },
        ),
        (
            "held for days",
            DecodedInvoice {
                cltv_expiry: 2_016,
                ..good
            },
        ),
    ];
    for (what, invoice) in table {
        assert!(!asked(&invoice), "{what}");
    }
}
