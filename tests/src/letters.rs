//! Payments as other programs, honest or not, put them together.

use anyhow::Result;
use domain::{Expectation, MessageId, Msat, NodeId, PaymentHash, Timestamp};
use protocol::{Body, Letter, Records, record, whatsat as dialect};

use crate::regtest::Keysend;
use crate::world::World;

/// What a made-up refund says.
pub const NOTE: &str = "Your money back";

/// Readable text that `signer`'s node signs and that names `sender`.
///
/// # Errors
/// When the node does not sign.
pub async fn whatsat(
    world: &dyn World,
    signer: &str,
    sender: NodeId,
    recipient: NodeId,
    at: Timestamp,
    text: &str,
) -> Result<Records> {
    signed_text(sender, recipient, at, text, async |bytes| {
        world.node(signer).sign(bytes).await
    })
    .await
}

/// Readable text that names `sender`, with whatever signature `sign` makes.
///
/// # Errors
/// Those of `sign`.
pub async fn signed_text(
    sender: NodeId,
    recipient: NodeId,
    at: Timestamp,
    text: &str,
    sign: impl AsyncFnOnce(&[u8]) -> Result<Vec<u8>>,
) -> Result<Records> {
    let time = dialect::time_bytes(at);
    let signature = sign(&dialect::signed_bytes(sender, recipient, &time, text)).await?;
    Ok(dialect::records(sender, &time, text, &signature))
}

/// A sealed letter of `from` that says it pays back `of`.
///
/// # Errors
/// When the node does not answer.
pub async fn refund(
    world: &dyn World,
    from: &str,
    to: &str,
    of: PaymentHash,
    amount: Msat,
) -> Result<Keysend> {
    let sender = world.node(from).id().await?;
    let recipient = world.node(to).id().await?;
    let letter = Letter {
        id: MessageId(rand::random()),
        sequence: 1_000,
        after: 0,
        sent_at: Timestamp(1_790_000_000_000),
        expectation: Expectation::Keep,
        hold_secs: None,
        reply_to: None,
        card: None,
        hints: Vec::new(),
        body: Body::Refund {
            of,
            amount,
            note: NOTE.to_owned(),
        },
    };
    let mut keysend = Keysend::new(recipient, amount, Vec::new());
    let shared = world.node(from).shared(recipient).await?;
    let context = keysend.hash().0;
    let sealed = protocol::seal(
        &mut rand::rng(),
        sender,
        recipient,
        &shared,
        &context,
        &letter.encode(),
    )?;
    keysend.records = vec![(record::LETTER, sealed)];
    Ok(keysend)
}
