//! Heliograph without a window: the same questions to the same [`api::Messenger`].

mod asking;
mod exit;
mod health;
mod showing;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::domain::{HoldState, MessageKey, Msat, Way};
use api::vault::{KeyringVault, Passphrase, PassphraseVault, Vault};
use api::view::{AppView, ConnectionInput};
use api::{Code, Error, Home, Messenger};
use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::exit::Ended;
use crate::showing::Screen;

/// Heliograph without a window
#[derive(Debug, Parser)]
#[command(version, after_help = exit::HELP)]
struct Arguments {
    /// The folder that holds everything, instead of the system's place for it
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Take the passphrase from the first line of this file instead of secrets from the keyring
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Which profile; the last opened one unless it is given
    #[arg(long, global = true, value_name = "ID")]
    profile: Option<String>,
    /// One JSON value a line instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Which ways a message may take.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Allowed {
    /// What the contact's setting says; the cheapest one that reaches them
    Auto,
    /// Words cost nothing, or they wait
    Free,
    /// No node in between
    Direct,
    /// At least one node in between
    Routed,
}

impl From<Allowed> for Way {
    fn from(allowed: Allowed) -> Self {
        match allowed {
            Allowed::Auto => Self::Auto,
            Allowed::Free => Self::FreeOnly,
            Allowed::Direct => Self::DirectOnly,
            Allowed::Routed => Self::RoutedOnly,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a profile from an lndconnect:// link on standard input
    Connect {
        /// `-`, or nothing: every program on this computer can read what stands here, and the link holds a key
        #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true)]
        from: Option<String>,
        /// Its name; the node's alias unless it is given
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the profiles
    Profiles,
    /// Show the node and the connection to it
    Node,
    /// Be in charge of the node, where another Heliograph was: decide, pay postage back, and renew the key
    TakeOver,
    /// Open a profile whose messages are lost, without any
    StartEmpty,
    /// List the conversations
    Conversations,
    /// Send a message, or a payment with --sats, and wait for its outcome
    Send {
        /// A name, a public key, or pubkey@host:port
        to: String,
        #[arg(default_value = "")]
        text: String,
        /// Sats for the recipient
        #[arg(long)]
        sats: Option<Msat>,
        /// The most sats in fees
        #[arg(long)]
        fee_limit: Option<Msat>,
        /// Which ways it may take
        #[arg(long, value_enum, default_value_t = Allowed::Auto)]
        way: Allowed,
        /// Wait at most so many seconds for the outcome
        #[arg(long, default_value_t = 60, value_name = "SECONDS")]
        wait: u64,
    },
    /// Show unread messages and payments that wait for a decision, or the newest messages of one conversation
    Inbox {
        /// A name or a public key
        who: Option<String>,
        #[arg(long, default_value_t = 20)]
        count: u32,
    },
    /// Refuse everybody who waits to be let in, and delete what they left; nobody is blocked
    RefuseRequests,
    /// Accept a held payment
    Accept { message: i64 },
    /// Give a payment back: refuse it while it is held, for nothing; when it has settled, show what paying it back costs
    Refund {
        message: i64,
        /// Pay back what has settled
        #[arg(long)]
        yes: bool,
    },
    /// Show what it all cost
    Costs,
    /// Show messages as they come and change, until Ctrl-C
    Watch,
}

impl Command {
    /// Whether it shows what is there, and takes and sends nothing.
    const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Profiles | Self::Node | Self::Conversations | Self::Costs
        )
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    api::keep_memory_private();
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("HELIOGRAPH_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("error")))
        .with_writer(std::io::stderr)
        .init();
    match run(arguments).await {
        Ok(ended) => ended.into(),
        Err(error) => {
            let detail = error
                .detail
                .filter(|detail| !error.message.contains(detail.as_str()));
            let detail = detail
                .map(|detail| format!(" ({detail})"))
                .unwrap_or_default();
            // Where even this cannot be written, the exit code says enough.
            let _ = writeln!(std::io::stderr(), "heliograph: {}{detail}", error.message);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<Ended, Error> {
    let home = match &arguments.home {
        Some(folder) => Home::at(folder)?,
        None => Home::standard()?,
    };
    let vault: Arc<dyn Vault> = match &arguments.passphrase_file {
        Some(file) => Arc::new(PassphraseVault::new(
            home.profiles(),
            Passphrase::from_file(file)?,
        )),
        None => Arc::new(KeyringVault::of_desktop()),
    };
    let app = if arguments.command.only_looks() {
        Messenger::only_looking(home, vault)
    } else {
        Messenger::new(home, vault)
    };
    let asked = tokio::select! {
        asked = ask(&app, &arguments) => asked,
        interrupted = tokio::signal::ctrl_c() => {
            let stopped = interrupted.map_err(|error| Error::because(Code::Internal, error));
            stopped.map(|()| Ended::Done)
        }
    };
    app.stop().await;
    asked
}

async fn ask(app: &Messenger, arguments: &Arguments) -> Result<Ended, Error> {
    let screen = Screen {
        json: arguments.json,
    };
    match &arguments.command {
        Command::Connect { name, .. } => {
            if std::io::stdin().is_terminal() {
                // A prompt that cannot be shown is none.
                let _ = write!(std::io::stderr(), "lndconnect link: ");
            }
            let link = asking::line(std::io::stdin().lock())?;
            let input = ConnectionInput::Link { link };
            screen.profile(&app.profile_create(input, name.clone(), None).await?)?;
            return Ok(Ended::Done);
        }
        Command::Profiles => {
            for profile in app.profiles_list().await? {
                screen.profile(&profile)?;
            }
            return Ok(Ended::Done);
        }
        Command::StartEmpty => {
            let id = match &arguments.profile {
                Some(id) => id.clone(),
                None => {
                    let first = app.profiles_list().await?.into_iter().next();
                    first.ok_or_else(|| Error::new(Code::NoProfile))?.id
                }
            };
            screen.profile(&app.profile_start_empty(id, None).await?)?;
            return Ok(Ended::Done);
        }
        _ => open(app, arguments.profile.as_ref()).await?,
    }
    match &arguments.command {
        Command::Connect { .. } | Command::Profiles | Command::StartEmpty => {}
        Command::Node => {
            asking::link(app).await?;
            screen.node(&app.node_view().await?)?;
        }
        Command::TakeOver => {
            asking::link(app).await?;
            app.node_take_over().await?;
            screen.node(&app.node_view().await?)?;
        }
        Command::Conversations => {
            let all = asking::conversations(app).await?;
            all.iter()
                .try_for_each(|conversation| screen.conversation(conversation))?;
        }
        Command::Send {
            to,
            text,
            sats,
            fee_limit,
            way,
            wait,
        } => {
            let sats = sats.unwrap_or_default();
            let key = asking::send(app, to, text, sats, *fee_limit, (*way).into()).await?;
            let message = asking::outcome(app, key, Duration::from_secs(*wait)).await?;
            screen.message(&message)?;
            return Ok(exit::sent(&message));
        }
        Command::Inbox { who, count } => {
            asking::catch_up(app).await?;
            for message in asking::inbox(app, who.as_deref(), *count).await? {
                screen.message(&message)?;
            }
        }
        Command::RefuseRequests => {
            asking::link(app).await?;
            let gone = app.requests_refuse_all().await?;
            // What they hold goes back before the program ends.
            asking::catch_up(app).await?;
            screen.refused(gone)?;
        }
        Command::Accept { message } => {
            let key = MessageKey(*message);
            asking::link(app).await?;
            app.payment_accept(key).await?;
            let message = asking::decided(app, key).await?;
            screen.message(&message)?;
            return Ok(exit::decided(&message, HoldState::Settled));
        }
        Command::Refund { message, yes } => {
            let key = MessageKey(*message);
            asking::link(app).await?;
            if !asking::has_settled(app, key).await? {
                app.payment_refuse(key).await?;
                let message = asking::decided(app, key).await?;
                screen.message(&message)?;
                return Ok(exit::decided(&message, HoldState::Returned));
            }
            let price = app.payback_quote(key).await?;
            screen.price(&price)?;
            if !yes {
                return Err(Error::because(
                    Code::NotNow,
                    "nothing was paid: say --yes to pay it back",
                ));
            }
            let carrier = app.payment_pay_back(key, Some(price.fee_limit)).await?;
            let message = asking::outcome(app, carrier, asking::DECIDING).await?;
            screen.message(&message)?;
            return Ok(exit::sent(&message));
        }
        Command::Costs => screen.costs(&app.costs().await?)?,
        Command::Watch => asking::watch(app, |message| screen.message(message)).await?,
    }
    Ok(Ended::Done)
}

/// Opens the chosen profile, or the one that was used last.
async fn open(app: &Messenger, chosen: Option<&String>) -> Result<(), Error> {
    if let Some(id) = chosen {
        return app.profile_open(id.clone(), None).await.map(drop);
    }
    match app.app_state().await? {
        AppView::Open { .. } => Ok(()),
        AppView::FirstRun => Err(Error::new(Code::NoProfile)
            .with_detail("make one with the command connect, or in the window")),
        AppView::Locked { .. } => Err(Error::new(Code::PassphraseNeeded)
            .with_detail("unlock the keyring, or give the right --passphrase-file")),
    }
}
