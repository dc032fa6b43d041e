//! One handler for each command: parse, ask the messenger, answer. Nothing else happens here.

use api::domain::{ConversationId, MessageKey, Msat, Trust, Way};
use api::view::{
    AmendRequest, AppView, ConnectionHints, ConnectionInput, ConnectionReport, ContactTotals,
    ConversationFilter, ConversationView, CostsView, KeyView, MessageDetails, MessageView,
    MessagesPage, NodeView, PageAt, ProfileView, QuoteView, ReachView, SearchHit, SendRequest,
    Settings,
};
use api::{Error, Messenger};
use tauri::State;

type App<'a> = State<'a, Messenger>;

/// Which page to show.
#[tauri::command]
#[specta::specta]
pub(crate) async fn app_state(app: App<'_>) -> Result<AppView, Error> {
    app.app_state().await
}

/// All profiles, the last opened first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profiles_list(app: App<'_>) -> Result<Vec<ProfileView>, Error> {
    app.profiles_list().await
}

/// What the user should know before they connect a node.
#[tauri::command]
#[specta::specta]
pub(crate) async fn connection_hints(app: App<'_>) -> Result<ConnectionHints, Error> {
    Ok(app.connection_hints().await)
}

/// Tries a connection; saves nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn connection_check(
    app: App<'_>,
    input: ConnectionInput,
) -> Result<ConnectionReport, Error> {
    app.connection_check(input).await
}

/// Makes a profile of a node that answers, and opens it. Without a passphrase its secrets go to the keyring.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_create(
    app: App<'_>,
    input: ConnectionInput,
    name: String,
    passphrase: Option<String>,
) -> Result<ProfileView, Error> {
    app.profile_create(input, name, passphrase).await
}

/// Opens a profile, in place of the open one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_open(
    app: App<'_>,
    id: String,
    passphrase: Option<String>,
) -> Result<ProfileView, Error> {
    app.profile_open(id, passphrase).await
}

/// Opens a profile whose messages are lost, without any: what comes from now on is shown.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_start_empty(
    app: App<'_>,
    id: String,
    passphrase: Option<String>,
) -> Result<ProfileView, Error> {
    app.profile_start_empty(id, passphrase).await
}

/// Gives a profile a new address, certificate or macaroon of the same node, and opens it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_reconnect(
    app: App<'_>,
    id: String,
    input: ConnectionInput,
) -> Result<ProfileView, Error> {
    app.profile_reconnect(id, input).await
}

/// Gives a profile another name.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_rename(app: App<'_>, id: String, name: String) -> Result<(), Error> {
    app.profile_rename(id, name).await
}

/// Forgets a profile's secrets and deletes its messages; while payments wait for them, `anyway` only.
#[tauri::command]
#[specta::specta]
pub(crate) async fn profile_remove(app: App<'_>, id: String, anyway: bool) -> Result<(), Error> {
    app.profile_remove(id, anyway).await
}

/// The connection and the node.
#[tauri::command]
#[specta::specta]
pub(crate) async fn node_view(app: App<'_>) -> Result<NodeView, Error> {
    app.node_view().await
}

/// Asks the node now instead of later.
#[tauri::command]
#[specta::specta]
pub(crate) async fn link_retry(app: App<'_>) -> Result<(), Error> {
    app.link_retry().await
}

/// Makes this app the one in charge of its node, where another one was.
#[tauri::command]
#[specta::specta]
pub(crate) async fn node_take_over(app: App<'_>) -> Result<(), Error> {
    app.node_take_over().await
}

/// Conversations, the newest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversations_list(
    app: App<'_>,
    filter: ConversationFilter,
    query: String,
) -> Result<Vec<ConversationView>, Error> {
    app.conversations_list(filter, query).await
}

/// One conversation.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversation_get(
    app: App<'_>,
    id: ConversationId,
) -> Result<ConversationView, Error> {
    app.conversation_get(id).await
}

/// The user has seen what came.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversation_seen(app: App<'_>, id: ConversationId) -> Result<(), Error> {
    app.conversation_seen(id).await
}

/// Keeps what the user has begun to write.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversation_set_draft(
    app: App<'_>,
    id: ConversationId,
    text: String,
) -> Result<(), Error> {
    app.conversation_set_draft(id, text).await
}

/// How the contact can be reached now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversation_reach(
    app: App<'_>,
    id: ConversationId,
) -> Result<ReachView, Error> {
    app.conversation_reach(id).await
}

/// Adds `pubkey` or `pubkey@host:port` as a known contact.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_add(
    app: App<'_>,
    address: String,
    name: String,
) -> Result<ConversationId, Error> {
    app.contact_add(address, name).await
}

/// Sets the user's own name and note, and up to which amount payments are accepted without asking.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_update(
    app: App<'_>,
    node: String,
    name: String,
    note: String,
    accept_up_to: Msat,
) -> Result<(), Error> {
    app.contact_update(node, name, note, accept_up_to).await
}

/// Lets a contact in, or blocks them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_set_trust(
    app: App<'_>,
    node: String,
    trust: Trust,
) -> Result<(), Error> {
    app.contact_set_trust(node, trust).await
}

/// Refuses everybody who waits to be let in, and deletes what they left. Nobody is blocked. How many.
#[tauri::command]
#[specta::specta]
pub(crate) async fn requests_refuse_all(app: App<'_>) -> Result<u32, Error> {
    app.requests_refuse_all().await
}

/// Which ways messages to a contact may take, and whether nothing readable goes to them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_set_way(
    app: App<'_>,
    node: String,
    way: Way,
    sealed_only: bool,
) -> Result<(), Error> {
    app.contact_set_way(node, way, sealed_only).await
}

/// What is known of a contact's key.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_key(app: App<'_>, node: String) -> Result<KeyView, Error> {
    app.contact_key(node).await
}

/// Says whether the safety number was compared.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_set_compared(
    app: App<'_>,
    node: String,
    number: String,
    compared: bool,
) -> Result<(), Error> {
    app.contact_set_compared(node, number, compared).await
}

/// Sends our key card to somebody, for free, and asks for theirs.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_greet(app: App<'_>, conversation: ConversationId) -> Result<(), Error> {
    app.contact_greet(conversation).await
}

/// Forgets a contact and deletes their messages here.
#[tauri::command]
#[specta::specta]
pub(crate) async fn contact_remove(app: App<'_>, node: String) -> Result<(), Error> {
    app.contact_remove(node).await
}

/// Some messages of a conversation, oldest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn messages_page(
    app: App<'_>,
    conversation: ConversationId,
    at: PageAt,
    limit: u32,
) -> Result<MessagesPage, Error> {
    app.messages_page(conversation, at, limit).await
}

/// One message.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_get(app: App<'_>, key: MessageKey) -> Result<MessageView, Error> {
    app.message_get(key).await
}

/// Everything about one message.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_details(
    app: App<'_>,
    key: MessageKey,
) -> Result<MessageDetails, Error> {
    app.message_details(key).await
}

/// Stores a message and queues it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_send(app: App<'_>, request: SendRequest) -> Result<MessageKey, Error> {
    app.message_send(request).await
}

/// Queues a message again that did not arrive.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_retry(app: App<'_>, key: MessageKey) -> Result<(), Error> {
    app.message_retry(key).await
}

/// Takes a message back that has not left, or gives one up that did not arrive.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_cancel(app: App<'_>, key: MessageKey) -> Result<(), Error> {
    app.message_cancel(key).await
}

/// Deletes a message here.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_delete(app: App<'_>, key: MessageKey) -> Result<(), Error> {
    app.message_delete(key).await
}

/// Does something to a message, for both sides.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_amend(
    app: App<'_>,
    key: MessageKey,
    request: AmendRequest,
) -> Result<(), Error> {
    app.message_amend(key, request).await
}

/// What that would cost; nothing when nothing has to be sent.
#[tauri::command]
#[specta::specta]
pub(crate) async fn message_amend_quote(
    app: App<'_>,
    key: MessageKey,
    request: AmendRequest,
) -> Result<Option<QuoteView>, Error> {
    app.message_amend_quote(key, request).await
}

/// What a send would cost now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn quote(app: App<'_>, request: SendRequest) -> Result<QuoteView, Error> {
    app.quote(request).await
}

/// Takes a held payment.
#[tauri::command]
#[specta::specta]
pub(crate) async fn payment_accept(app: App<'_>, key: MessageKey) -> Result<(), Error> {
    app.payment_accept(key).await
}

/// Returns a held payment.
#[tauri::command]
#[specta::specta]
pub(crate) async fn payment_refuse(app: App<'_>, key: MessageKey) -> Result<(), Error> {
    app.payment_refuse(key).await
}

/// What paying back a settled payment would cost.
#[tauri::command]
#[specta::specta]
pub(crate) async fn payback_quote(app: App<'_>, key: MessageKey) -> Result<QuoteView, Error> {
    app.payback_quote(key).await
}

/// Pays a settled payment back, in full, once.
#[tauri::command]
#[specta::specta]
pub(crate) async fn payment_pay_back(
    app: App<'_>,
    key: MessageKey,
    fee_limit: Option<Msat>,
) -> Result<MessageKey, Error> {
    app.payment_pay_back(key, fee_limit).await
}

/// Totals: in all, by contact, by month.
#[tauri::command]
#[specta::specta]
pub(crate) async fn costs(app: App<'_>) -> Result<CostsView, Error> {
    app.costs().await
}

/// Totals of one conversation.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conversation_costs(
    app: App<'_>,
    id: ConversationId,
) -> Result<ContactTotals, Error> {
    app.conversation_costs(id).await
}

/// Messages that contain all words of a text, the newest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search(
    app: App<'_>,
    text: String,
    conversation: Option<ConversationId>,
    before: Option<MessageKey>,
    limit: u32,
) -> Result<Vec<SearchHit>, Error> {
    app.search(text, conversation, before, limit).await
}

/// The settings of the open profile, else the defaults.
#[tauri::command]
#[specta::specta]
pub(crate) async fn settings_get(app: App<'_>) -> Result<Settings, Error> {
    app.settings_get().await
}

/// Writes the settings of the open profile.
#[tauri::command]
#[specta::specta]
pub(crate) async fn settings_set(app: App<'_>, settings: Settings) -> Result<(), Error> {
    app.settings_set(settings).await
}
