//! Invoices that alice does not pay, and some that she does not get.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::invoices::{ASKED_IN_VAIN, BY_KEYSEND, LUNCH, attempts, issued};
use crate::people::gate::Gate;
use crate::people::{Line, Person, acquainted, eventually, introduce, sat, talking_line};
use domain::{AttemptState, Carrier, DeliveryState, Failure, Msat, Preimage, Trust};
use lnd::{Lightning, LightningError, NewInvoice};
use store::Issued;

/// carol's app gives other invoices than she is asked for.
#[derive(Clone, Default)]
struct Liar {
    amount: Option<Msat>,
    blocks: Option<u32>,
    /// Given in place of her own.
    text: Option<String>,
    late: Duration,
    /// Her node is of an older version: what was canceled stays in its list.
    keeps: bool,
    /// What she gave first is what she gives always.
    first: Option<Arc<Mutex<Option<String>>>>,
}

impl Gate for Liar {
    async fn pass<T: Send>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, LightningError>> + Send,
    ) -> Result<T, LightningError> {
        if self.keeps && call == "remove_canceled" {
            return Err(LightningError::Unsupported(call));
        }
        if call == "add_hold_invoice" {
            tokio::time::sleep(self.late).await;
        }
        work.await
    }

    fn asked(&self, invoice: NewInvoice) -> NewInvoice {
        NewInvoice {
            amount: self.amount.unwrap_or(invoice.amount),
            cltv_expiry: self.blocks.unwrap_or(invoice.cltv_expiry),
            ..invoice
        }
    }

    fn made(&self, bolt11: String) -> String {
        if let Some(first) = &self.first {
            return first.lock().unwrap().get_or_insert(bolt11).clone();
        }
        self.text.clone().unwrap_or(bolt11)
    }
}

/// alice, and carol whose app lies.
async fn with_a_liar(
    line: &Line,
    liar: Liar,
) -> (
    Person,
    domain::ConversationId,
    Person,
    domain::ConversationId,
) {
    let alice = Person::open(&line.network, &line.alice).await;
    let carol = Person::open_behind(&line.network, &line.carol, liar).await;
    let (to_carol, to_alice) = introduce(line, &alice, &carol).await;
    (alice, to_carol, carol, to_alice)
}

#[tokio::test(start_paused = true)]
async fn another_invoice_than_was_asked_for_is_not_paid_and_neither_is_anything_else() {
    let line = talking_line();
    let of_bob = line
        .bob
        .add_hold_invoice(NewInvoice {
            hash: Preimage::new([5; 32]).payment_hash(),
            amount: sat(LUNCH),
            expiry_secs: 86_400,
            cltv_expiry: 40,
            mark: None,
        })
        .await
        .unwrap();
    let liars = [
        (
            "for more",
            Liar {
                amount: Some(sat(LUNCH + 1)),
                ..Liar::default()
            },
        ),
        (
            "for less",
            Liar {
                amount: Some(sat(LUNCH - 1)),
                ..Liar::default()
            },
        ),
        (
            "for any amount",
            Liar {
                amount: Some(Msat::ZERO),
                ..Liar::default()
            },
        ),
        (
            "of another node",
            Liar {
                text: Some(of_bob),
                ..Liar::default()
            },
        ),
        (
            "held for weeks",
            Liar {
                blocks: Some(2_016),
                ..Liar::default()
            },
        ),
        (
            "no invoice at all",
            Liar {
                text: Some("lnbc1nonsense".into()),
                ..Liar::default()
            },
        ),
    ];
    for (what, liar) in liars {
        let line = Line {
            network: line.network.clone(),
            alice: line.network.node(&format!("alice {what}")),
            bob: line.bob.clone(),
            carol: line.network.node(&format!("carol {what}")),
        };
        let million = sat(1_000_000);
        line.network
            .channel(&line.alice, million, &line.bob, million);
        line.network
            .channel(&line.bob, million, &line.carol, million);
        let (alice, to_carol, carol, _) = with_a_liar(&line, liar).await;
        let before = alice.balance().await;

        let sent = alice.pay(to_carol, "lunch", sat(LUNCH)).await;

        let row = alice.expect_delivery(sent, DeliveryState::Failed).await;
        let failure = Some(Failure::WrongInvoice);
        assert_eq!(row.delivery.unwrap().failure, failure, "{what}");
        let tried = attempts(&alice, sent).await;
        assert_eq!(tried, [(Carrier::Invoice, AttemptState::Failed, failure)]);
        assert_eq!(alice.balance().await, before, "{what}");
        assert_eq!(carol.totals().await.received, Msat::ZERO, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_invoice_is_not_paid_a_second_time() {
    let line = talking_line();
    let first = Arc::<Mutex<Option<String>>>::default();
    let liar = Liar {
        first: Some(first.clone()),
        ..Liar::default()
    };
    let (alice, to_carol, carol, _) = with_a_liar(&line, liar).await;
    // The one by which her app has read her node's clock.
    first.lock().unwrap().take();
    let sent = alice.pay(to_carol, "once", sat(LUNCH)).await;
    let got = carol.expect_message(&line.alice, "once").await.message;
    carol.engine.accept(got.key).await.unwrap();
    alice.expect_delivery(sent, DeliveryState::Settled).await;
    let before = alice.balance().await;

    let sent = alice.pay(to_carol, "twice", sat(LUNCH)).await;

    let row = alice.expect_delivery(sent, DeliveryState::Failed).await;
    assert_eq!(row.delivery.unwrap().failure, Some(Failure::WrongInvoice));
    assert_eq!(alice.balance().await, before);
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_comes_late_is_left_alone_and_closed() {
    let line = talking_line();
    let liar = Liar {
        late: Duration::from_secs(8),
        ..Liar::default()
    };
    let (alice, to_carol, carol, _) = with_a_liar(&line, liar).await;

    let sent = alice.pay(to_carol, "now", sat(LUNCH)).await;

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(attempts(&alice, sent).await, [ASKED_IN_VAIN, BY_KEYSEND]);
    assert!(!issued(&carol).await.is_empty(), "she made one in vain");
    tokio::time::sleep(Duration::from_secs(500)).await;
    eventually("it is closed", async || {
        issued(&carol).await.is_empty().then_some(())
    })
    .await;
    assert_eq!(attempts(&alice, sent).await, [ASKED_IN_VAIN, BY_KEYSEND]);
    assert_eq!(carol.totals().await.received, sat(LUNCH));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_three_open_invoices_gets_no_fourth_until_they_end() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let (node, now) = (line.alice.id(), line.network.now());
    carol
        .store
        .write(move |tx| {
            for number in 1..=3_u8 {
                let preimage = Preimage::new([number; 32]);
                tx.issue(&Issued {
                    hash: preimage.payment_hash(),
                    preimage,
                    node,
                    request: [number; 16],
                    amount: Msat::SAT,
                    created_at: now,
                    expires_at: now.plus(Duration::from_secs(120)),
                })?;
            }
            Ok(())
        })
        .await
        .unwrap();

    let fourth = alice.pay(to_carol, "the fourth", sat(LUNCH)).await;
    alice.expect_delivery(fourth, DeliveryState::Settled).await;
    assert_eq!(attempts(&alice, fourth).await, [ASKED_IN_VAIN, BY_KEYSEND]);

    eventually("they are over", async || {
        issued(&carol).await.is_empty().then_some(())
    })
    .await;
    alice.pay(to_carol, "again", sat(LUNCH)).await;
    let got = carol.expect_message(&line.alice, "again").await.message;
    assert_eq!(got.carrier, Some(Carrier::Invoice));
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_asks_gets_no_answer() {
    let line = talking_line();
    let (alice, to_carol, carol, _) = acquainted(&line).await;
    let node = line.alice.id();
    carol
        .store
        .write(move |tx| tx.set_trust(node, Trust::Request))
        .await
        .unwrap();

    let sent = alice.pay(to_carol, "who am I?", sat(LUNCH)).await;

    alice.expect_delivery(sent, DeliveryState::Settled).await;
    assert_eq!(attempts(&alice, sent).await, [ASKED_IN_VAIN, BY_KEYSEND]);
    assert!(issued(&carol).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_invoice_that_nobody_pays_does_not_stay_with_the_node() {
    for keeps in [false, true] {
        let line = talking_line();
        let liar = Liar {
            text: Some("lnbc1nonsense".to_owned()),
            keeps,
            ..Liar::default()
        };
        let (alice, to_carol, carol, _) = with_a_liar(&line, liar).await;
        let sent = alice.pay(to_carol, "lunch", sat(LUNCH)).await;
        alice.expect_delivery(sent, DeliveryState::Failed).await;
        let hash = issued(&carol).await[0].hash;

        tokio::time::sleep(Duration::from_secs(500)).await;
        eventually("carol's app has closed it", async || {
            issued(&carol).await.is_empty().then_some(())
        })
        .await;
        let state = line.carol.invoice(hash).await.map(|invoice| invoice.state);
        let expected = if keeps {
            Ok(lnd::InvoiceState::Canceled)
        } else {
            Err(LightningError::NotFound)
        };
        assert_eq!(state, expected);
    }
}
