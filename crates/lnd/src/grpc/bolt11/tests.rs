use super::*;

fn invoice() -> PayReq {
    let secret = secp256k1::SecretKey::from_secret_bytes([9; 32]).unwrap();
    PayReq {
        destination: hex::encode(secret.public_key().serialize()),
        payment_hash: hex::encode([7; 32]),
        timestamp: 1_767_225_600,
        expiry: 600,
        cltv_expiry: 80,
        num_msat: 5_001,
        ..PayReq::default()
    }
}

#[test]
fn an_invoice_says_who_how_much_and_until_when() {
    let decoded = read(&invoice()).unwrap();
    assert_eq!(decoded.destination.to_string(), invoice().destination);
    assert_eq!(decoded.hash, PaymentHash([7; 32]));
    assert_eq!(decoded.amount, Some(Msat::new(5_001)));
    assert_eq!(decoded.expires_at, Timestamp::from_secs(1_767_226_200));
    assert_eq!(decoded.cltv_expiry, 80);
    let open = PayReq {
        num_msat: 0,
        ..invoice()
    };
    assert_eq!(read(&open).unwrap().amount, None);
}

#[test]
fn nonsense_is_an_error() {
    for broken in [
        PayReq {
            destination: "02".to_owned(),
            ..invoice()
        },
        PayReq {
            payment_hash: "0707".to_owned(),
            ..invoice()
        },
        PayReq {
            cltv_expiry: -1,
            ..invoice()
        },
    ] {
        assert!(matches!(read(&broken), Err(LightningError::Node(_))));
    }
}
