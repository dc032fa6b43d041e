use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

/// The beginning of every macaroon that LND bakes, and what follows as far as it matters here.
fn macaroon_bytes(rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x02\x01\x03lnd\x02".to_vec();
    bytes.extend(std::iter::repeat_n(0xab, 40));
    bytes.extend_from_slice(rest);
    bytes
}

fn cert() -> (Vec<u8>, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (made.cert.der().to_vec(), made.cert.pem())
}

fn link(host: &str, cert: &[u8], macaroon: &[u8]) -> String {
    let (cert, macaroon) = (
        URL_SAFE_NO_PAD.encode(cert),
        URL_SAFE_NO_PAD.encode(macaroon),
    );
    format!("lndconnect://{host}?cert={cert}&macaroon={macaroon}")
}

#[test]
fn a_link_holds_all_that_is_needed() {
    let (der, _) = cert();
    let macaroon = macaroon_bytes(b"x");
    for (host, address) in [
        ("node.example:10010", "node.example:10010"),
        ("node.example", "node.example:10009"),
        ("203.0.113.7:443", "203.0.113.7:443"),
        ("[2001:db8::1]:10009", "[2001:db8::1]:10009"),
        ("[2001:db8::1]", "[2001:db8::1]:10009"),
    ] {
        let read = Credentials::from_link(&link(host, &der, &macaroon)).unwrap();
        assert_eq!(read.address, address);
        assert_eq!(read.cert.as_bytes(), der);
        assert_eq!(read.macaroon.expose(), macaroon);
    }
}

#[test]
fn a_link_may_be_broken_over_lines_and_use_the_other_base64() {
    let (der, _) = cert();
    let macaroon = macaroon_bytes(&[0xff, 0xfe, 0xfb]);
    let text = format!(
        "  LNDCONNECT://node.example:10009?cert={}\n&macaroon={}\n",
        STANDARD.encode(&der),
        STANDARD.encode(&macaroon)
    );
    let read = Credentials::from_link(&text).unwrap();
    assert_eq!(read.cert.as_bytes(), der);
    assert_eq!(read.macaroon.expose(), macaroon);
}

#[test]
fn each_mistake_in_a_link_has_its_name() {
    use CredentialsError as E;
    let (der, _) = cert();
    let macaroon = macaroon_bytes(b"");
    let (c, m) = (
        URL_SAFE_NO_PAD.encode(&der),
        URL_SAFE_NO_PAD.encode(&macaroon),
    );
    for (text, error) in [
        ("https://node.example:10009".to_owned(), E::NotALink),
        (String::new(), E::NotALink),
        (format!("lndconnect://?cert={c}&macaroon={m}"), E::NoHost),
        (
            format!("lndconnect://node.example:99999?cert={c}&macaroon={m}"),
            E::Port,
        ),
        (
            format!("lndconnect://node.example:0?cert={c}&macaroon={m}"),
            E::Port,
        ),
        (format!("lndconnect://[::1?cert={c}&macaroon={m}"), E::Host),
        (format!("lndconnect://node.example?cert={c}"), E::NoMacaroon),
        (
            format!("lndconnect://node.example?macaroon={m}"),
            E::NoCertificate,
        ),
        (
            format!("lndconnect://node.example?cert=&macaroon={m}"),
            E::NoCertificate,
        ),
        (
            format!("lndconnect://node.example?cert=%21&macaroon={m}"),
            E::CertificateEncoding,
        ),
        (
            format!("lndconnect://node.example?cert={m}&macaroon={m}"),
            E::NotACertificate,
        ),
        (
            format!("lndconnect://node.example?cert={c}&macaroon=%21"),
            E::MacaroonEncoding,
        ),
        (
            format!("lndconnect://node.example?cert={c}&macaroon={c}"),
            E::NotAMacaroon,
        ),
        (format!("lndconnect://{}", "a".repeat(70_000)), E::TooLong),
    ] {
        assert_eq!(Credentials::from_link(&text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn an_address_is_a_host_and_perhaps_a_port() {
    for (text, written) in [
        ("localhost", "localhost:10009"),
        (" localhost:10010 ", "localhost:10010"),
        ("127.0.0.1:1", "127.0.0.1:1"),
        ("::1", "[::1]:10009"),
        ("[::1]:65535", "[::1]:65535"),
        ("my_node.local:10009", "my_node.local:10009"),
    ] {
        assert_eq!(address(text).as_deref(), Ok(written));
    }
    for (text, error) in [
        ("", CredentialsError::NoHost),
        (":10009", CredentialsError::NoHost),
        ("localhost:", CredentialsError::Port),
        ("localhost:0", CredentialsError::Port),
        ("localhost:65536", CredentialsError::Port),
        ("localhost:+1", CredentialsError::Port),
        ("https://localhost:8080", CredentialsError::Host),
        ("two words:10009", CredentialsError::Host),
        ("[::1", CredentialsError::Host),
    ] {
        assert_eq!(address(text), Err(error), "{text}");
    }
}

#[test]
fn a_certificate_is_read_in_every_form() {
    let (der, pem) = cert();
    let forms = [
        der.clone(),
        pem.clone().into_bytes(),
        format!("a line above\n{pem}\n").into_bytes(),
        hex::encode(&der).into_bytes(),
        STANDARD.encode(&der).into_bytes(),
        URL_SAFE_NO_PAD.encode(&der).into_bytes(),
    ];
    for form in forms {
        assert_eq!(CertDer::from_bytes(&form).unwrap().as_bytes(), der);
    }
}

#[test]
fn a_wrong_file_is_called_by_its_name() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .unwrap()
        .signing_key;
    let pem = key.serialize_pem();
    assert_eq!(
        CertDer::from_bytes(pem.as_bytes()).unwrap_err(),
        CredentialsError::PrivateKey
    );
    let macaroon = macaroon_bytes(b"");
    assert_eq!(
        CertDer::from_bytes(&macaroon).unwrap_err(),
        CredentialsError::NotACertificate
    );
    let (der, _) = cert();
    assert_eq!(
        Macaroon::from_bytes(&der).unwrap_err(),
        CredentialsError::NotAMacaroon
    );
    assert_eq!(
        Macaroon::from_bytes(&[2]).unwrap_err(),
        CredentialsError::NotAMacaroon
    );
}

#[test]
fn credentials_show_no_secret() {
    let (der, _) = cert();
    let macaroon = macaroon_bytes(b"secret");
    let credentials = Credentials::from_link(&link("node.example", &der, &macaroon)).unwrap();
    let shown = format!(
        "{credentials:?} {credentials:#?} {:?}",
        credentials.macaroon
    );
    let needle = macaroon.get(3..12).unwrap();
    assert!(shown.contains("node.example:10009"));
    assert!(!shown.contains(&hex::encode(needle)), "{shown}");
    assert!(
        !shown.contains(&format!("{needle:?}").replace(['[', ']'], "")),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
    assert!(!shown.contains("171"), "the bytes 0xab in decimal: {shown}");
}

proptest! {
    #[test]
    fn a_macaroon_survives_every_encoding(rest in proptest::collection::vec(any::<u8>(), 0..600)) {
        let bytes = macaroon_bytes(&rest);
        let forms = [
            bytes.clone(),
            hex::encode(&bytes).into_bytes(),
            hex::encode_upper(&bytes).into_bytes(),
            STANDARD.encode(&bytes).into_bytes(),
            URL_SAFE_NO_PAD.encode(&bytes).into_bytes(),
            format!(" {}\r\n", hex::encode(&bytes)).into_bytes(),
        ];
        for form in forms {
            let read = Macaroon::from_bytes(&form);
            prop_assert!(read.is_ok_and(|read| read.expose() == bytes));
        }
    }

    #[test]
    fn no_bytes_break_the_decoders(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = CertDer::from_bytes(&bytes);
        if let Ok(read) = Macaroon::from_bytes(&bytes) {
            prop_assert_eq!(read.expose().first(), Some(&2));
        }
    }

    #[test]
    fn no_text_breaks_the_link_reader(text in "(lndconnect://)?\\PC{0,80}") {
        if let Ok(read) = Credentials::from_link(&text) {
            prop_assert_eq!(address(&read.address), Ok(read.address.clone()));
        }
    }

    #[test]
    fn an_address_reads_back_as_it_is_written(text in "[a-z0-9.:\\[\\]-]{1,30}") {
        if let Ok(written) = address(&text) {
            prop_assert_eq!(address(&written), Ok(written.clone()));
        }
    }
}
