//! The one table of what we ask of LND: each method, what it is for, and whether we can do without it. The line that
//! bakes a macaroon, the check of a macaroon and the names in errors come from it.

use futures::future::join_all;

use crate::error::LightningError;
use crate::grpc::GrpcNode;

/// What a method is for. The window has words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Being connected at all: who the node is.
    Connect,
    /// Sending messages and payments.
    Send,
    /// Seeing what comes in.
    Receive,
    /// Accepting and refunding.
    Decide,
    /// Opening letters that are sealed to our node's key, and sealing with it. The app's own key needs no permission.
    Seal,
    /// Signing readable messages.
    Sign,
    /// Saying beforehand what it costs.
    Estimate,
    /// Names of other nodes, and whether they can be reached.
    Contacts,
    /// Messages without a payment.
    Free,
    /// Asking a contact's app for an invoice, and giving one: payments that a stock node can hold.
    Invoices,
    /// Vouching for the app's own key with the node's.
    KeyCard,
    /// What the channels hold.
    Balance,
    /// Whether the node takes and holds keysends.
    NodeConfig,
    /// What the node has paid and received before, and what other programs pay over it.
    History,
    /// Noticing a second Heliograph on the same node.
    SecondApp,
    /// Choosing the ways of messages and payments ourselves.
    Ways,
    /// Channels that are closing or closed, and what of a payment is caught in them.
    Channels,
    /// Removing invoices of ours that nobody paid.
    TidyUp,
    /// This very check.
    Check,
}

impl Purpose {
    /// Its key for the window and for logs, in snake case.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Decide => "decide",
            Self::Seal => "seal",
            Self::Sign => "sign",
            Self::Estimate => "estimate",
            Self::Contacts => "contacts",
            Self::Free => "free",
            Self::Invoices => "invoices",
            Self::KeyCard => "key_card",
            Self::Balance => "balance",
            Self::NodeConfig => "node_config",
            Self::History => "history",
            Self::SecondApp => "second_app",
            Self::Ways => "ways",
            Self::Channels => "channels",
            Self::TidyUp => "tidy_up",
            Self::Check => "check",
        }
    }
}

/// An entity of LND's permissions and what may be done with it.
pub type Grant = (&'static str, &'static str);

/// A method that we call, or that a later version will: users bake a macaroon once.
#[derive(Debug, PartialEq, Eq)]
pub struct Rpc {
    /// For example `/lnrpc.Lightning/GetInfo`.
    pub path: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether the purpose is lost without it.
    pub required: bool,
    /// What LND wants in a macaroon that names classes instead of methods: all of these.
    grants: &'static [Grant],
}

macro_rules! rpcs {
    ($($name:ident $path:literal $purpose:ident $required:literal [$($grant:expr),+];)+) => {
        $(
            #[allow(dead_code, reason = "some are for later versions")]
            pub(crate) const $name: &str = $path;
        )+

        /// All methods that we call or shall call, by service.
        pub const TABLE: &[Rpc] = &[$(Rpc {
            path: $path,
            purpose: Purpose::$purpose,
            required: $required,
            grants: &[$($grant),+],
        }),+];
    };
}

rpcs! {
    GET_INFO "/lnrpc.Lightning/GetInfo" Connect true [("info", "read")];
    GET_DEBUG_INFO "/lnrpc.Lightning/GetDebugInfo" NodeConfig false
        [("info", "read"), ("offchain", "read"), ("onchain", "read"), ("peers", "read")];
    CHANNEL_BALANCE "/lnrpc.Lightning/ChannelBalance" Balance false [("offchain", "read")];
    GET_NODE_INFO "/lnrpc.Lightning/GetNodeInfo" Contacts true [("info", "read")];
    LIST_PEERS "/lnrpc.Lightning/ListPeers" Contacts false [("peers", "read")];
    LIST_CHANNELS "/lnrpc.Lightning/ListChannels" Contacts false [("offchain", "read")];
    CONNECT_PEER "/lnrpc.Lightning/ConnectPeer" Contacts false [("peers", "write")];
    QUERY_ROUTES "/lnrpc.Lightning/QueryRoutes" Estimate true [("info", "read")];
    LIST_INVOICES "/lnrpc.Lightning/ListInvoices" Receive true [("invoices", "read")];
    SUBSCRIBE_INVOICES "/lnrpc.Lightning/SubscribeInvoices" Receive true [("invoices", "read")];
    CHECK_PERMISSIONS "/lnrpc.Lightning/CheckMacaroonPermissions" Check false [("macaroon", "read")];
    SUBSCRIBE_PEER_EVENTS "/lnrpc.Lightning/SubscribePeerEvents" Contacts false [("peers", "read")];
    SUBSCRIBE_CHANNEL_EVENTS "/lnrpc.Lightning/SubscribeChannelEvents" Contacts false [("offchain", "read")];
    SUBSCRIBE_CHANNEL_GRAPH "/lnrpc.Lightning/SubscribeChannelGraph" Contacts false [("info", "read")];
    SEND_CUSTOM_MESSAGE "/lnrpc.Lightning/SendCustomMessage" Free false [("offchain", "write")];
    SUBSCRIBE_CUSTOM_MESSAGES "/lnrpc.Lightning/SubscribeCustomMessages" Free false [("offchain", "read")];
    SEND_ONION_MESSAGE "/lnrpc.Lightning/SendOnionMessage" Free false [("offchain", "write")];
    SUBSCRIBE_ONION_MESSAGES "/lnrpc.Lightning/SubscribeOnionMessages" Free false [("offchain", "read")];
    SIGN_TEXT "/lnrpc.Lightning/SignMessage" KeyCard false [("message", "write")];
    DECODE_INVOICE "/lnrpc.Lightning/DecodePayReq" Invoices false [("offchain", "read")];
    ADD_INVOICE "/lnrpc.Lightning/AddInvoice" SecondApp false [("invoices", "write")];
    LIST_PAYMENTS "/lnrpc.Lightning/ListPayments" History false [("offchain", "read")];
    DELETE_CANCELED_INVOICE "/lnrpc.Lightning/DeleteCanceledInvoice" TidyUp false [("invoices", "write")];
    DESCRIBE_GRAPH "/lnrpc.Lightning/DescribeGraph" Ways false [("info", "read")];
    GET_CHANNEL_INFO "/lnrpc.Lightning/GetChanInfo" Ways false [("info", "read")];
    PENDING_CHANNELS "/lnrpc.Lightning/PendingChannels" Channels false [("offchain", "read")];
    CLOSED_CHANNELS "/lnrpc.Lightning/ClosedChannels" Channels false [("offchain", "read")];
    SEND_PAYMENT "/routerrpc.Router/SendPaymentV2" Send true [("offchain", "write")];
    TRACK_PAYMENT "/routerrpc.Router/TrackPaymentV2" Send true [("offchain", "read")];
    SEND_TO_ROUTE "/routerrpc.Router/SendToRouteV2" Send true [("offchain", "write")];
    TRACK_PAYMENTS "/routerrpc.Router/TrackPayments" SecondApp false [("offchain", "read")];
    BUILD_ROUTE "/routerrpc.Router/BuildRoute" Ways false [("offchain", "read")];
    QUERY_MISSION_CONTROL "/routerrpc.Router/QueryMissionControl" Ways false [("offchain", "read")];
    QUERY_PROBABILITY "/routerrpc.Router/QueryProbability" Ways false [("offchain", "read")];
    WATCH_INVOICE "/invoicesrpc.Invoices/SubscribeSingleInvoice" Receive true [("invoices", "read")];
    LOOKUP_INVOICE "/invoicesrpc.Invoices/LookupInvoiceV2" Receive true [("invoices", "write")];
    SETTLE_INVOICE "/invoicesrpc.Invoices/SettleInvoice" Decide true [("invoices", "write")];
    CANCEL_INVOICE "/invoicesrpc.Invoices/CancelInvoice" Decide true [("invoices", "write")];
    ADD_HOLD_INVOICE "/invoicesrpc.Invoices/AddHoldInvoice" Invoices false [("invoices", "write")];
    DERIVE_SHARED_KEY "/signrpc.Signer/DeriveSharedKey" Seal false [("signer", "generate")];
    SIGN_MESSAGE "/signrpc.Signer/SignMessage" Sign true [("signer", "generate")];
}

/// Methods that a messenger must not be able to call, and what each wants: any of them shows a macaroon that spends on the
/// chain, opens channels or makes more macaroons.
const DANGERS: [(&str, &[Grant]); 3] = [
    ("/lnrpc.Lightning/SendCoins", &[("onchain", "write")]),
    (
        "/lnrpc.Lightning/OpenChannelSync",
        &[("onchain", "write"), ("offchain", "write")],
    ),
    ("/lnrpc.Lightning/BakeMacaroon", &[("macaroon", "generate")]),
];

/// The root key of our macaroons ("HELI" in ASCII): its owner can revoke them without touching any other.
const ROOT_KEY_ID: u64 = 0x4845_4c49;

/// Entity of a permission that names a method.
const URI: &str = "uri";

/// The permissions to bake, as entity and action.
pub fn permissions() -> impl Iterator<Item = Grant> {
    TABLE.iter().map(|rpc| (URI, rpc.path))
}

/// The line that makes a fitting macaroon and prints it in hexadecimal; every shell takes it as it is.
#[must_use]
pub fn bake_command() -> String {
    // A node that is older than one of the methods would refuse the whole line because of its name.
    let mut line =
        format!("lncli bakemacaroon --root_key_id {ROOT_KEY_ID} --allow_external_permissions");
    for (entity, action) in permissions() {
        line.push_str(&format!(" {entity}:{action}"));
    }
    line
}

/// What a macaroon lacks and what it has too much of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionReport {
    /// Without these, their purpose is lost.
    pub missing: Vec<&'static Rpc>,
    /// Nice to have.
    pub missing_optional: Vec<&'static Rpc>,
    /// Methods that could spend, or make more macaroons, and that we never call.
    pub too_powerful: Vec<&'static str>,
}

/// Whether our macaroon lets us make hold invoices; `false` when it does not even allow this question. All else that they
/// need is needed for keysends as well.
pub(crate) async fn may_issue_invoices(node: &GrpcNode) -> Result<bool, LightningError> {
    for rpc in TABLE.iter().filter(|rpc| rpc.path == ADD_HOLD_INVOICE) {
        match node.allows(rpc.path, rpc.grants).await {
            Ok(true) => {}
            Ok(false) | Err(LightningError::Permission(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Asks the node what our macaroon may do; `None` when the macaroon does not even allow this question.
///
/// # Errors
/// When the node cannot be asked.
pub async fn check(node: &GrpcNode) -> Result<Option<PermissionReport>, LightningError> {
    let mut report = PermissionReport::default();
    // All at once: on a slow line forty questions in turn would take half a minute.
    let answers = join_all(TABLE.iter().map(|rpc| node.allows(rpc.path, rpc.grants))).await;
    for (rpc, answer) in TABLE.iter().zip(answers) {
        match answer {
            Ok(true) => {}
            Ok(false) if rpc.required => report.missing.push(rpc),
            Ok(false) => report.missing_optional.push(rpc),
            Err(LightningError::Permission(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let answers = join_all(DANGERS.map(|(path, grants)| node.allows(path, grants))).await;
    for ((path, _), answer) in DANGERS.iter().zip(answers) {
        if answer? {
            report.too_powerful.push(path);
        }
    }
    Ok(Some(report))
}

#[cfg(test)]
mod tests;
