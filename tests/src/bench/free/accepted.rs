//! A payment to a node that settles keysends on arrival: the apps agree on an invoice over a free carrier, the recipient's
//! app accepts; and the bare calls that this comes to at the two nodes, in turn.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use api::Changes;
use api::view::{Change, MessageDetails, MessageView, SendRequest};
use data_encoding::HEXLOWER;
use domain::{Carrier, DeliveryState, HoldState, MessageKey, Msat, PaymentHash};
use lnd::{Lightning, Records};

use super::super::stage::unread;
use super::WARM_UP;
use super::stage::{End, Stage};
use crate::person::{PATIENCE, Person};

const AMOUNT: Msat = Msat::new(21_000);
/// In so long the onions of a pair (a question, an invoice, a receipt) keep within the app's pace.
const REST: Duration = Duration::from_millis(250);

/// From the call until the sender's side knows that it is settled.
#[derive(Debug)]
pub(in super::super) struct Accepted {
    pub(in super::super) way: String,
    pub(in super::super) record_bytes: usize,
    /// By the apps, and by the bare clients.
    pub(in super::super) pairs: Vec<(Duration, Duration)>,
}

impl Accepted {
    /// alice pays carol.
    pub(super) async fn measure(stage: &Stage, count: usize) -> Result<Self> {
        let (from, to) = (stage.end("alice")?, stage.end("carol")?);
        let way = format!("{} → {}", from.person.name, to.person.name);
        let mut pairs = Vec::with_capacity(count);
        let mut records = Records::new();
        for number in 0..count + WARM_UP {
            if number >= WARM_UP && (number - WARM_UP).is_multiple_of(50) {
                let so_far = number - WARM_UP + 1;
                tracing::info!("{way}, an invoice accepted: pair {so_far} of {count}");
            }
            // Whoever goes first changes, so that neither profits from what the other leaves behind. The very first has
            // to be the app: its letter is what the bare client sends.
            let app_first = number.is_multiple_of(2);
            let (mut app, mut bare) = (None, None);
            for turn in [app_first, !app_first] {
                stage.quiet().await?;
                tokio::time::sleep(REST).await;
                if turn {
                    let (time, sent) = by_app(&from.person, &to.person).await?;
                    records = paid_by_invoice(from, to, sent).await?;
                    app = Some(time);
                } else {
                    let same = unread(&records)?;
                    let start = Instant::now();
                    from.bare.pay(&to.bare, AMOUNT, same).await?;
                    bare = Some(start.elapsed());
                }
            }
            if number >= WARM_UP {
                pairs.push((app.context("one each")?, bare.context("one each")?));
            }
        }
        let record_bytes = unread(&records)?.iter().map(|(_, bytes)| bytes.len()).sum();
        Ok(Self {
            way,
            record_bytes,
            pairs,
        })
    }
}

/// The recipient accepts as soon as their window could show the payment.
async fn by_app(from: &Person, to: &Person) -> Result<(Duration, MessageKey)> {
    let (sender, recipient) = (from.app()?, to.app()?);
    let (mut at_sender, mut at_recipient) = (sender.changes(), recipient.changes());
    let conversation = from.conversation_with(to.node).await?;
    // As long each time, as its letter is.
    let note = format!("For the harbour fee {:08x}", rand::random::<u32>());
    let request = SendRequest {
        conversation: conversation.context("they do not know each other")?.id,
        text: note.clone(),
        payment: AMOUNT,
        fee_limit: None,
        way: domain::Way::Auto,
        reply_to: None,
    };

    let start = Instant::now();
    let key = sender.message_send(request).await?;
    let accepts = async {
        let held = |one: &MessageView| {
            let state = one.hold.as_ref().map(|hold| hold.state);
            one.text == note && state == Some(HoldState::Held)
        };
        let held = told(&mut at_recipient, to, from, held).await?;
        anyhow::Ok(recipient.payment_accept(held.key).await?)
    };
    let settles = async {
        let settled = |one: &MessageView| {
            let state = one.delivery.as_ref().map(|delivery| delivery.state);
            one.key == key && state == Some(DeliveryState::Settled)
        };
        told(&mut at_sender, from, to, settled).await?;
        Ok(Instant::now())
    };
    let both = tokio::time::timeout(PATIENCE, async { tokio::try_join!(accepts, settles) });
    let ((), settled) = both.await.context("a payment is not settled")??;
    Ok((settled - start, key))
}

/// Waits until a change tells of a message between them that is as wanted.
async fn told(
    changes: &mut Changes,
    of: &Person,
    with: &Person,
    wanted: impl Fn(&MessageView) -> bool,
) -> Result<MessageView> {
    let app = of.app()?;
    loop {
        let changed = match changes.next().await.context("the program is gone")? {
            Change::Message { key, .. } => vec![app.message_get(key).await?],
            // Too much has changed at once to be told one by one.
            Change::Everything => of.messages_with(with.node).await?,
            _ => continue,
        };
        if let Some(found) = changed.into_iter().find(&wanted) {
            return Ok(found);
        }
    }
}

/// The records of a payment that went by an invoice at the first try; fails for any other.
async fn paid_by_invoice(from: &End, to: &End, sent: MessageKey) -> Result<Records> {
    let MessageDetails { attempts, .. } = from.person.details(sent).await?;
    let [attempt] = attempts.as_slice() else {
        anyhow::bail!("not at the first try: {attempts:?}");
    };
    ensure!(attempt.carrier == Carrier::Invoice, "{attempt:?}");
    let hash = HEXLOWER.decode(attempt.payment_hash.as_bytes())?;
    let hash = PaymentHash::from_slice(&hash).context("a payment hash")?;
    Ok(to.bare.node.invoice(hash).await?.records)
}
