//! The client against a node that can be made to say anything, over real sockets and TLS.

mod fake;
mod free;
mod invoices;

use domain::{Msat, NodeId, PaymentHash};
use fake::{Fake, identity, node_key};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tonic::Status;

use super::rpc::lnrpc;
use super::*;
use crate::credentials::{CertDer, Credentials, Macaroon};
use crate::error::{LightningError, LinkFault};
use crate::lightning::Lightning;
use crate::permission;
use crate::types::{InvoiceCursor, InvoiceNews};

fn macaroon() -> Macaroon {
    let bytes: Vec<u8> = [2, 1, 3].into_iter().chain([0x5a; 60]).collect();
    Macaroon::from_bytes(&bytes).unwrap()
}

fn client(address: String, cert: &[u8]) -> GrpcNode {
    let cert = CertDer::from_bytes(cert).unwrap();
    GrpcNode::connect(Credentials {
        address,
        cert,
        macaroon: macaroon(),
    })
}

fn unreachable<T>(fault: LinkFault) -> Result<T, LightningError> {
    Err(LightningError::Unreachable(fault))
}

#[tokio::test]
async fn the_pinned_certificate_opens_the_node_by_address_and_by_name() {
    let fake = Fake::default();
    let server = fake.serve().await;
    for host in ["127.0.0.1", "localhost"] {
        let node = client(format!("{host}:{}", server.port), &server.cert);
        let info = node.info().await.unwrap();
        assert_eq!(info.node, node_key());
        assert_eq!(fake.last_macaroon(), Some(hex::encode(macaroon().expose())));
    }
}

#[tokio::test]
async fn another_certificate_is_noticed() {
    let server = Fake::default().serve().await;
    let (other, _) = identity();
    let node = client(server.address(), &other);
    assert_eq!(node.info().await, unreachable(LinkFault::WrongCertificate));
}

#[tokio::test]
async fn nobody_there_is_not_the_same_as_no_such_host() {
    let (cert, _) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert_eq!(
        client(address, &cert).info().await,
        unreachable(LinkFault::Refused)
    );
    let nowhere = client("nowhere.invalid:10009".to_owned(), &cert);
    assert_eq!(nowhere.info().await, unreachable(LinkFault::HostUnknown));
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_the_wrong_one() {
    let (cert, _) = identity();
    for greeting in ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-server\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let node = client(listener.local_addr().unwrap().to_string(), &cert);
        let serve = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(greeting.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
        };
        let (answer, ()) = tokio::join!(node.info(), serve);
        assert_eq!(answer, unreachable(LinkFault::WrongPort), "{greeting:?}");
    }
}

#[tokio::test]
async fn the_right_certificate_without_grpc_is_the_wrong_port() {
    let server = Fake::without_http2().serve().await;
    let node = client(server.address(), &server.cert);
    assert_eq!(node.info().await, unreachable(LinkFault::WrongPort));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_is_given_up() {
    let (cert, _) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = client(listener.local_addr().unwrap().to_string(), &cert);
    assert_eq!(node.info().await, unreachable(LinkFault::Timeout));
}

#[tokio::test]
async fn a_broken_connection_is_made_again_by_the_next_call() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let (address, port, key) = (server.address(), server.port, server.key.clone());
    let node = client(address, &server.cert);
    node.info().await.unwrap();
    server.stop().await;
    let down = node.info().await;
    assert!(
        matches!(down, Err(LightningError::Unreachable(_))),
        "{down:?}"
    );
    assert_eq!(node.info().await, unreachable(LinkFault::Refused));
    let _server = fake.serve_on(port, key).await;
    assert!(node.info().await.is_ok());
}

#[tokio::test]
async fn a_stream_ends_with_an_error_when_the_node_goes() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let mut invoices = node.invoices(InvoiceCursor::default()).await.unwrap();
    let first = invoices.next().await.unwrap().unwrap();
    assert!(
        matches!(&first, InvoiceNews::Invoice(invoice) if invoice.add_index == 1),
        "{first:?}"
    );
    server.stop().await;
    let end = invoices.next().await;
    assert!(
        matches!(end, Some(Err(LightningError::Unreachable(_)))),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_missing_permission_names_its_method() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    fake.answer_info(Status::unknown("permission denied"));
    assert_eq!(
        node.info().await,
        Err(LightningError::Permission("/lnrpc.Lightning/GetInfo"))
    );
}

#[tokio::test]
async fn the_report_says_what_is_missing_and_what_is_too_much() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    fake.allow(&[permission::GET_INFO, "/lnrpc.Lightning/SendCoins"]);
    let report = permission::check(&node).await.unwrap().unwrap();
    assert!(
        report
            .missing
            .iter()
            .any(|rpc| rpc.path == permission::SEND_PAYMENT)
    );
    assert!(
        report
            .missing
            .iter()
            .all(|rpc| rpc.path != permission::GET_INFO)
    );
    assert!(
        report
            .missing_optional
            .iter()
            .any(|rpc| rpc.path == permission::GET_DEBUG_INFO)
    );
    assert_eq!(report.too_powerful, ["/lnrpc.Lightning/SendCoins"]);

    let all: Vec<_> = permission::TABLE.iter().map(|rpc| rpc.path).collect();
    fake.allow(&all);
    let report = permission::check(&node).await.unwrap().unwrap();
    assert_eq!(report, permission::PermissionReport::default());

    fake.forbid_check();
    assert_eq!(permission::check(&node).await, Ok(None), "unknown");
}

#[tokio::test]
async fn a_page_of_other_programs_invoices_is_not_the_end_of_the_list() {
    let fake = Fake::default();
    // 1 and 5 are keysends, 2 to 4 are not.
    fake.invoices(&[true, false, false, false, true]);
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    let page = async |after, limit| {
        let page = node.invoices_after(after, limit).await.unwrap();
        let all = page.invoices.iter();
        let indexes: Vec<u64> = all.map(|invoice| invoice.add_index).collect();
        (indexes, page.next)
    };
    assert_eq!(page(0, 1).await, (vec![1], Some(1)));
    assert_eq!(page(1, 2).await, (vec![], Some(3)));
    assert_eq!(page(0, 100).await, (vec![1, 5], Some(5)));
    assert_eq!(page(5, 100).await, (vec![], None));
    assert_eq!(node.invoice_at(2).await, Ok(Some(PaymentHash([2; 32]))));
    assert_eq!(node.invoice_at(6).await, Ok(None));
    assert_eq!(node.invoice_at(0).await, Ok(None));
    assert_eq!(node.newest_add_index().await, Ok(5));
}

#[tokio::test]
async fn an_answer_larger_than_the_default_limit_is_read() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    fake.set_config([
        ("padding".to_owned(), "x".repeat(5 << 20)),
        ("accept-keysend".to_owned(), "true".to_owned()),
    ]);
    assert!(node.config().await.unwrap().unwrap().accept_keysend);
}

#[tokio::test]
async fn a_node_that_gossip_never_heard_of_is_none() {
    let fake = Fake::default();
    let server = fake.serve().await;
    let node = client(server.address(), &server.cert);
    assert_eq!(node.node(node_key()).await, Ok(None));
}

#[tokio::test]
async fn a_client_shows_no_secret() {
    let server = Fake::default().serve().await;
    let node = client(server.address(), &server.cert);
    let shown = format!("{node:?}");
    assert_eq!(shown, format!("GrpcNode({})", server.address()));
}

#[test]
fn what_lnd_says_becomes_what_a_person_can_do() {
    use LightningError as E;
    let fault = |fault| E::Unreachable(fault);
    for (code, words, error) in [
        (
            tonic::Code::Unknown,
            "wallet locked, unlock it to enable full RPC access",
            fault(LinkFault::WalletLocked),
        ),
        (
            tonic::Code::Unknown,
            "the RPC server is in the process of starting up, but not yet ready to accept calls",
            fault(LinkFault::Starting),
        ),
        (
            tonic::Code::Unknown,
            "waiting to start, RPC services not available",
            fault(LinkFault::Starting),
        ),
        (
            tonic::Code::Unknown,
            "server is still in the process of starting",
            fault(LinkFault::Starting),
        ),
        (
            tonic::Code::Unknown,
            "cannot determine data format of binary-encoded macaroon",
            fault(LinkFault::WrongMacaroon),
        ),
        (
            tonic::Code::Unknown,
            "unmarshal v2: fields out of order",
            fault(LinkFault::WrongMacaroon),
        ),
        (
            tonic::Code::Unknown,
            "macaroon store is locked",
            fault(LinkFault::WalletLocked),
        ),
        (
            tonic::Code::Unknown,
            "verification failed: signature mismatch after caveat verification",
            fault(LinkFault::WrongMacaroon),
        ),
        (
            tonic::Code::Unknown,
            "cannot get macaroon: root key with id 7 doesn't exist",
            fault(LinkFault::WrongMacaroon),
        ),
        (
            tonic::Code::Unknown,
            "expected 1 macaroon, got 0",
            fault(LinkFault::WrongMacaroon),
        ),
        (
            tonic::Code::AlreadyExists,
            "payment is in transition",
            E::AlreadyExists,
        ),
        (
            tonic::Code::AlreadyExists,
            "invoice is already paid",
            E::AlreadyExists,
        ),
        (
            tonic::Code::NotFound,
            "payment isn't initiated",
            E::NotFound,
        ),
        (
            tonic::Code::Unimplemented,
            "unknown method SubscribeOnionMessages for service lnrpc.Lightning",
            E::Unsupported("/x"),
        ),
        (
            tonic::Code::Unknown,
            "something new",
            E::Node("something new".to_owned()),
        ),
        (
            tonic::Code::Unavailable,
            "no healthy upstream",
            fault(LinkFault::Broken("no healthy upstream".to_owned())),
        ),
    ] {
        assert_eq!(
            status::classify("/x", &Status::new(code, words)),
            error,
            "{words}"
        );
    }
}

#[test]
fn words_count_only_from_the_call_that_says_them() {
    use LightningError as E;
    use permission as call;
    for (methods, words, error) in [
        (
            vec![
                call::LOOKUP_INVOICE,
                call::SETTLE_INVOICE,
                call::CANCEL_INVOICE,
                call::WATCH_INVOICE,
                call::DELETE_CANCELED_INVOICE,
            ],
            "unable to locate invoice",
            E::NotFound,
        ),
        (
            vec![call::SETTLE_INVOICE, call::CANCEL_INVOICE],
            "invoice already settled",
            E::TooLate,
        ),
        (
            vec![call::SETTLE_INVOICE, call::CANCEL_INVOICE],
            "invoice already canceled",
            E::TooLate,
        ),
        (
            vec![call::SEND_PAYMENT],
            "invoice expired. Valid until 2026-01-01 00:00:00 +0000 UTC",
            E::TooLate,
        ),
        (
            vec![call::ADD_HOLD_INVOICE],
            "invoice with payment hash already exists",
            E::AlreadyExists,
        ),
        (
            vec![call::QUERY_ROUTES],
            "unable to find a path to destination",
            E::NoRoute,
        ),
        (
            vec![call::QUERY_ROUTES, call::SEND_TO_ROUTE],
            "insufficient local balance",
            E::InsufficientBalance,
        ),
        (
            vec![call::SEND_CUSTOM_MESSAGE, call::SEND_ONION_MESSAGE],
            "peer is not connected",
            E::NotConnected,
        ),
        (
            vec![call::SEND_CUSTOM_MESSAGE, call::SEND_ONION_MESSAGE],
            "peer exiting",
            E::NotConnected,
        ),
        (
            vec![call::SEND_CUSTOM_MESSAGE, call::SEND_ONION_MESSAGE],
            "peer 02abcd disconnected",
            E::NotConnected,
        ),
    ] {
        for rpc in permission::TABLE {
            let expected = if methods.contains(&rpc.path) {
                error.clone()
            } else {
                E::Node(words.to_owned())
            };
            let read = status::classify(rpc.path, &Status::unknown(words));
            assert_eq!(read, expected, "{}: {words}", rpc.path);
        }
    }
}

#[test]
fn what_others_wrote_is_never_the_state_of_our_node() {
    for words in [
        "invalid invoice lnbcmacaroon1: checksum failed",
        "unknown prefix lncaveat, wallet locked, shutting down",
        "dial tcp: lookup macaroon.wallet-locked.example: no such host",
        "bad invoice: permission denied",
        "no such invoice: verification failed, invalid ID",
    ] {
        for method in [
            permission::DECODE_INVOICE,
            permission::SEND_PAYMENT,
            permission::CONNECT_PEER,
        ] {
            let read = status::classify(method, &Status::unknown(words));
            assert_eq!(read, LightningError::Node(words.to_owned()), "{method}");
        }
    }
}
