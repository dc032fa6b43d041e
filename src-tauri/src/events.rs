//! News for the window: ids only, the window asks again.

use api::Messenger;
use api::view::{AppView, Change};
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager, Runtime};
use tauri_specta::Event;

/// Something has changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, specta::Type, Event)]
#[tauri_specta(event_name = "change")]
pub(crate) struct ChangeEvent(pub(crate) Change);

/// Hands every change to the window, until the program ends.
pub(crate) async fn forward<R: Runtime>(app: AppHandle<R>, messenger: Messenger) {
    let mut changes = messenger.changes();
    while let Some(change) = changes.next().await {
        if change == Change::App {
            set_title(&app, &messenger).await;
        }
        if let Err(error) = ChangeEvent(change).emit(&app) {
            tracing::warn!(%error, "the window was not told of a change");
        }
    }
}

/// Several windows are told apart by the profile's name.
async fn set_title<R: Runtime>(app: &AppHandle<R>, messenger: &Messenger) {
    let title = match messenger.app_state().await {
        Ok(AppView::Open { profile }) => format!("{} – Heliograph", profile.name),
        _ => "Heliograph".to_owned(),
    };
    if let Some(window) = app.get_webview_window(crate::WINDOW)
        && let Err(error) = window.set_title(&title)
    {
        tracing::debug!(%error, "the window has no title");
    }
}
