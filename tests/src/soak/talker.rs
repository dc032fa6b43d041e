//! A program without a window that does what a busy person does, until it is killed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use api::vault::{Passphrase, PassphraseVault};
use api::view::{AppView, ConversationFilter, MessageView, PageAt, SendRequest};
use api::{Home, Messenger};
use domain::{ConversationId, HoldState, Msat, Way};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Who talks to whom, and in which life.
#[derive(Clone, Debug)]
pub struct Talk {
    /// What they call themselves in their texts.
    pub name: String,
    /// The public key of the other one, a contact already.
    pub to: String,
    /// Counts the lives: texts are never said twice.
    pub life: u32,
    /// What they say and do, and when.
    pub seed: u64,
}

impl Talk {
    /// What is paid with this message of this life: nobody pays the same with another one, so that who pays it twice is found.
    fn amount(&self, number: u64) -> Msat {
        let message = u64::from(self.life) * 1_000 + number % 1_000;
        Msat::new(LEAST_PAYMENT.get() + 2 * message + parity(&self.name))
    }
}

/// Whether somebody has thought of this amount: alice's are even.
pub(super) fn is_of(amount: Msat, name: &str) -> bool {
    amount.get() % 2 == parity(name)
}

fn parity(name: &str) -> u64 {
    u64::from(name == "carol")
}

/// Less than this is paid for words only.
pub(super) const LEAST_PAYMENT: Msat = Msat::new(200_000);
/// The longest pause between two things that they do, in milliseconds.
const LONGEST_PAUSE: u64 = 250;

/// Opens the program in `home` and talks. Each message that the program took is told in a line on the standard output.
///
/// # Errors
/// When the program does not open; it never ends otherwise.
pub async fn talk(home: &Path, passphrase: &str, talk: &Talk) -> Result<()> {
    let home = Home::at(home)?;
    let passphrase = Passphrase::new(passphrase.to_owned());
    let vault = Arc::new(PassphraseVault::new(home.profiles(), passphrase));
    let app = Messenger::new(home, vault);
    let state = app.app_state().await?;
    ensure!(matches!(state, AppView::Open { .. }), "not open: {state:?}");
    let conversation = app
        .conversations_list(ConversationFilter::All, String::new())
        .await?
        .into_iter()
        .find(|one| one.contact.node == talk.to)
        .context("the other one is no contact")?
        .id;
    let mut rng = StdRng::seed_from_u64(talk.seed);
    for number in 0_u64.. {
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..LONGEST_PAUSE))).await;
        match rng.random_range(0..10) {
            0..6 => {
                let payment = match rng.random_range(0..3) {
                    0 => talk.amount(number),
                    _ => Msat::ZERO,
                };
                let text = format!("{} {}-{number}", talk.name, talk.life);
                let request = SendRequest {
                    conversation,
                    text: text.clone(),
                    payment,
                    fee_limit: None,
                    way: Way::Auto,
                    reply_to: None,
                };
                if app.message_send(request).await.is_ok() {
                    println!("said {text}");
                }
            }
            6..9 => decide(&app, conversation, rng.random()).await?,
            _ => pay_back(&app, conversation).await?,
        }
    }
    Ok(())
}

/// Accepts or refuses the oldest payment that is held.
async fn decide(app: &Messenger, conversation: ConversationId, accept: bool) -> Result<()> {
    let held = first(app, conversation, |message| {
        let hold = message.hold.as_ref();
        hold.is_some_and(|hold| hold.state == HoldState::Held)
    });
    if let Some(message) = held.await? {
        // It may have been decided by its deadline in this moment.
        let _late = if accept {
            app.payment_accept(message.key).await
        } else {
            app.payment_refuse(message.key).await
        };
    }
    Ok(())
}

/// Pays the oldest payment back that can be paid back.
async fn pay_back(app: &Messenger, conversation: ConversationId) -> Result<()> {
    let settled = first(app, conversation, |message| {
        let hold = message.hold.as_ref();
        hold.is_some_and(|hold| hold.can_pay_back && !hold.postage)
    });
    if let Some(message) = settled.await? {
        // It may be under way already.
        let _twice = app.payment_pay_back(message.key, None).await;
    }
    Ok(())
}

async fn first(
    app: &Messenger,
    conversation: ConversationId,
    wanted: impl Fn(&MessageView) -> bool,
) -> Result<Option<MessageView>> {
    let page = app.messages_page(conversation, PageAt::End, 200).await?;
    Ok(page.messages.into_iter().find(wanted))
}
