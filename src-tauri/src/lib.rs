//! The desktop host: a window around [`api::Messenger`], and nothing that could be asked without a window.

mod arguments;
mod commands;
mod events;
#[cfg(test)]
mod table;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use api::vault::{KeyringVault, Passphrase, PassphraseVault, Vault};
use api::{Error, Home, Messenger};
use clap::Parser;
use tauri::{App, Manager, RunEvent, Runtime, Url, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_specta::{Builder, collect_commands, collect_events};
use tracing_subscriber::EnvFilter;

use crate::arguments::{Arguments, Pair};

/// The only window's label.
pub(crate) const WINDOW: &str = "main";

/// Runs the app until its window is closed.
#[must_use]
pub fn main() -> ExitCode {
    api::keep_memory_private();
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("HELIOGRAPH_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("warn,heliograph=info")))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be written, the exit code says enough.
            let _ = writeln!(std::io::stderr(), "heliograph: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(target_os = "linux")]
    if ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .all(|name| std::env::var_os(name).is_none())
    {
        return Err("there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set".into());
    }
    let bridge = bridge();
    let mut app = tauri::Builder::default();
    let own_home = arguments.home.as_deref().map(Home::at).transpose()?;
    // A folder of its own has a window of its own; only the default one is shared by whoever starts the program twice.
    if own_home.is_none() {
        app = app
            .plugin(tauri_plugin_single_instance::init(|app, _, _| show(app)))
            .plugin(tauri_plugin_window_state::Builder::default().build());
    }
    let app = app
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(bridge.invoke_handler())
        .build(tauri::generate_context!())?;
    bridge.mount_events(&app);

    let messenger = match begin(&app, arguments, own_home) {
        Ok(messenger) => messenger,
        Err(error) => {
            if arguments.home.is_none() && !std::io::stderr().is_terminal() {
                show_failure(app, error.to_string());
            }
            return Err(error);
        }
    };
    app.run(move |_, event| {
        if matches!(event, RunEvent::Exit) {
            tauri::async_runtime::block_on(messenger.stop());
        }
    });
    Ok(())
}

/// Opens the home, and the window upon it.
fn begin(
    app: &App,
    arguments: &Arguments,
    own_home: Option<Home>,
) -> Result<Messenger, Box<dyn std::error::Error>> {
    // The default home is opened only now: a second start has handed over to the first and ended before.
    let home = own_home.map_or_else(Home::standard, Ok)?;
    let folder = arguments.home.is_some().then(|| home.window());
    let messenger = messenger(home, arguments)?;
    app.manage(messenger.clone());
    tauri::async_runtime::spawn(events::forward(app.handle().clone(), messenger.clone()));
    tauri::async_runtime::spawn(quit_when_asked(app.handle().clone()));
    open_window(app, arguments, folder)?;
    Ok(messenger)
}

/// Whoever clicked an icon sees no terminal: the desktop says why nothing opens, until it was read.
fn show_failure(app: App, reason: String) {
    app.run_return(move |app, event| {
        if matches!(event, RunEvent::Ready) {
            let ended = app.clone();
            app.dialog()
                .message(&reason)
                .title("Heliograph")
                .kind(MessageDialogKind::Error)
                .show(move |_| ended.exit(1));
        }
    });
}

/// What the window may call and hear; the types that it sees are generated from this.
fn bridge<R: Runtime>() -> Builder<R> {
    Builder::new()
        .commands(collect_commands![
            commands::app_state,
            commands::profiles_list,
            commands::connection_hints,
            commands::connection_check,
            commands::profile_create,
            commands::profile_open,
            commands::profile_start_empty,
            commands::profile_reconnect,
            commands::profile_rename,
            commands::profile_remove,
            commands::node_view,
            commands::link_retry,
            commands::node_take_over,
            commands::conversations_list,
            commands::conversation_get,
            commands::conversation_seen,
            commands::conversation_set_draft,
            commands::conversation_reach,
            commands::contact_add,
            commands::contact_update,
            commands::contact_set_trust,
            commands::requests_refuse_all,
            commands::contact_set_way,
            commands::contact_key,
            commands::contact_set_compared,
            commands::contact_greet,
            commands::contact_remove,
            commands::messages_page,
            commands::message_get,
            commands::message_details,
            commands::message_send,
            commands::message_retry,
            commands::message_cancel,
            commands::message_delete,
            commands::message_amend,
            commands::message_amend_quote,
            commands::quote,
            commands::payment_accept,
            commands::payment_refuse,
            commands::payback_quote,
            commands::payment_pay_back,
            commands::costs,
            commands::conversation_costs,
            commands::search,
            commands::settings_get,
            commands::settings_set,
        ])
        .events(collect_events![events::ChangeEvent])
        // Amounts stay below 2^53 msat (90,000 BTC), times too.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

fn messenger(home: Home, arguments: &Arguments) -> Result<Messenger, Error> {
    let vault: Arc<dyn Vault> = match &arguments.passphrase_file {
        Some(file) => Arc::new(PassphraseVault::new(
            home.profiles(),
            Passphrase::from_file(file)?,
        )),
        None => Arc::new(KeyringVault::of_desktop()),
    };
    Ok(Messenger::new(home, vault))
}

/// `folder` is where the web engine keeps its files, unless it is the system's place.
fn open_window(
    app: &App,
    arguments: &Arguments,
    folder: Option<PathBuf>,
) -> Result<(), Box<dyn std::error::Error>> {
    let windows = &app.config().app.windows;
    let config = windows
        .iter()
        .find(|window| window.label == WINDOW)
        .ok_or("no window")?;
    let mut config = config.clone();
    if let Some(node) = arguments.conversation {
        // The page reads it from its own address.
        config.url = WebviewUrl::App(format!("index.html#{node}").into());
    }
    let mut window = WebviewWindowBuilder::from_config(app, &config)?.on_navigation(is_ours);
    if let Some(Pair(x, y)) = arguments.position {
        window = window.position(x.into(), y.into());
    }
    if let Some(Pair(width, height)) = arguments.size {
        window = window.inner_size(width.into(), height.into());
    }
    if let Some(folder) = folder {
        window = window.data_directory(folder);
    }
    window.build()?;
    Ok(())
}

/// The window shows our own pages and nothing else, whatever a page may try: not even what another program serves on
/// this computer.
fn is_ours(url: &Url) -> bool {
    matches!(
        (url.scheme(), url.host_str()),
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost"))
    )
}

/// Brings the window to the front.
fn show<R: Runtime>(app: &tauri::AppHandle<R>) {
    if let Some(window) = app.get_webview_window(WINDOW) {
        for step in [window.unminimize(), window.show(), window.set_focus()] {
            if let Err(error) = step {
                tracing::debug!(%error, "the window did not come to the front");
            }
        }
    }
}

/// A polite request of the system to end is as good as closing the window.
async fn quit_when_asked<R: Runtime>(app: tauri::AppHandle<R>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        app.exit(0);
    }
    #[cfg(not(unix))]
    drop(app);
}

#[cfg(test)]
mod tests;
