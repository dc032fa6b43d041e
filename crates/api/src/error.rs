//! What can go wrong, as the window gets it: a closed code for its own words, and plain words for the log.

use std::fmt;

use serde::Serialize;
use specta::Type;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type, thiserror::Error)]
#[serde(rename = "ApiError")]
#[error("{message}")]
pub struct Error {
    /// The window chooses its words by this.
    pub code: Code,
    /// In English, for the log and the command line. Never holds a text, a name or a secret.
    pub message: String,
    /// What the words of the code need: see there.
    pub detail: Option<String>,
}

impl Error {
    /// With the code's own words.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            message: code.to_string(),
            detail: None,
        }
    }

    /// With words that say more than the code.
    #[must_use]
    pub fn because(code: Code, reason: impl fmt::Display) -> Self {
        Self {
            code,
            message: reason.to_string(),
            detail: None,
        }
    }

    /// With what the words of the code need.
    #[must_use]
    pub fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $words:literal,)*) => {
        /// Every reason for which a command is not carried out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Type)]
        #[serde(rename = "ErrorCode", rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl fmt::Display for Code {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $words,)* })
            }
        }
    };
}

codes! {
    /// No profile is open.
    NoProfile => "no profile is open",
    /// There is no such profile.
    UnknownProfile => "there is no such profile",
    /// This node has a profile already. `detail`: its id.
    ProfileExists => "this node has a profile already",
    /// The profile has to be opened first.
    ProfileClosed => "open this profile first",
    /// There is no keyring: a passphrase has to be chosen.
    PassphraseNeeded => "a passphrase is needed",
    /// The passphrase is not the one that was chosen.
    PassphraseWrong => "this is not the passphrase",
    /// The passphrase has fewer than eight characters.
    PassphraseShort => "a passphrase has at least eight characters",
    /// The keyring is locked or does not answer. `detail`: what it says.
    KeyringLocked => "the keyring is locked or does not answer",
    /// The keyring has no entry for a profile that has a database: its messages cannot be read without that key.
    KeyMissing => "the keyring does not hold the key of this profile",
    /// The file with the profile's secrets is missing or damaged. `detail`: which file, and what is wrong with it.
    SecretsDamaged => "the file with the keys of this profile is missing or damaged",
    /// Payments to invoices of this profile wait for its keys, or it cannot be read whether any do. `detail`: how many.
    PaymentsWait => "payments wait for the keys of this profile, or it cannot be read whether any do",
    /// Another program runs with this folder.
    HomeInUse => "Heliograph runs already with this folder",
    /// The folder cannot be used. `detail`: what the system says.
    HomeUnusable => "the folder for profiles cannot be used",
    /// The messages were written by a newer version of this program.
    DatabaseNewer => "the messages were written by a newer version of this program",
    /// The database does not open with the profile's key.
    DatabaseKeyWrong => "the database does not open with the key of this profile",
    /// The file with the messages is gone. `detail`: which file. It can be put back, or the profile starts without messages.
    DatabaseMissing => "the file with the messages of this profile is missing",
    /// The database is damaged, or the disk is full. `detail`: what the database says.
    DatabaseBroken => "the database cannot be read or written",

    /// The text is no `lndconnect://` link. `detail`: what is wrong with it.
    LinkInvalid => "this is not an lndconnect link",
    /// The address of the node is not `host:port`.
    AddressInvalid => "the address is not host:port",
    /// The certificate cannot be read. `detail`: what is wrong with it.
    CertificateInvalid => "the certificate cannot be read",
    /// The macaroon cannot be read. `detail`: what is wrong with it.
    MacaroonInvalid => "the macaroon cannot be read",
    /// A file cannot be read. `detail`: what the system says.
    FileUnreadable => "the file cannot be read",

    /// The name has no address.
    HostUnknown => "host unknown",
    /// Nobody listens there.
    Refused => "connection refused",
    /// No answer.
    Timeout => "no answer",
    /// Something listens that is no gRPC port.
    WrongPort => "something else listens on this port",
    /// The node shows another certificate.
    WrongCertificate => "the node shows another certificate",
    /// The macaroon is of another node, malformed or revoked.
    WrongMacaroon => "the node does not take this macaroon",
    /// The macaroon lacks what is needed. `detail`: the command that makes a right one.
    MissingPermission => "the macaroon does not allow what is needed",
    /// The wallet waits for its password.
    WalletLocked => "the wallet of the node is locked",
    /// The node is starting.
    Starting => "the node is starting",
    /// It is another node than the profile's.
    OtherNode => "this is another node",
    /// Broken in another way. `detail`: in the words of whoever said so.
    Broken => "the connection is broken",
    /// There is no connection to the node now.
    Offline => "there is no connection to the node",
    /// The node refused. `detail`: in its words.
    Node => "the node refused",

    /// The text is no public key of a node, or no `pubkey@host`. `detail`: what is wrong with it.
    ContactInvalid => "this is not a node's public key",
    /// Our node could not connect to that one; nothing was saved. `detail`: what our node says.
    PeerUnreachable => "the node cannot be reached at this address",
    /// The user's own node.
    ToSelf => "this is your own node",
    /// The contact is blocked.
    Blocked => "this contact is blocked",
    /// It does not exist, or not any more.
    NotFound => "it does not exist any more",
    /// A payment waits for a decision or is on its way: it cannot be deleted now.
    Busy => "a payment is under way; this can be done when it has ended",
    /// The name is too long. `detail`: how many characters are allowed.
    NameTooLong => "the name is too long",
    /// The note is too long. `detail`: how many characters are allowed.
    NoteTooLong => "the note is too long",

    /// The text does not fit into a payment. `detail`: by how many bytes.
    TooLong => "the text is too long",
    /// There is nothing to send.
    Empty => "there is nothing to send",
    /// A payment is at least one satoshi.
    BelowMinimum => "a payment is at least one sat",
    /// The recipient's node does not take keysends.
    NoKeysend => "the recipient's node does not take keysends",
    /// No way that the user allows leads there now: free, direct or routed only; or no free one at all.
    NoWay => "no way that is allowed leads there now",
    /// The safety number is that of another key than the one in use.
    KeyChanged => "the contact's key is another one now",
    /// No path with enough money within the fee limit.
    NoRoute => "no route within the fee limit",
    /// The user's channels hold too little.
    InsufficientBalance => "not enough balance in the channels",
    /// It has gone on, and this makes no sense any more. `detail`: where it is.
    NotNow => "this is not possible any more",
    /// It has been paid back already, or is being paid back.
    AlreadyRefunded => "it has been paid back already",
    /// It cannot be paid back: its sender is not verified, it has not settled, or it is a pay-back itself.
    NotRefundable => "this payment cannot be paid back",
    /// The contact's program reads no letters: nothing can be done to a message there.
    NoLetters => "the contact's program reads no letters",
    /// Not the user's own, taken back already, or a message that has no name on the other side.
    NotAmendable => "this cannot be done to this message",
    /// A setting out of its range.
    SettingInvalid => "this setting is not possible",
    /// A fault of this program. `detail`: where.
    Internal => "a fault in this program",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_code_and_words() {
        let error = Error::new(Code::TooLong).with_detail(12);
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["code"], "too_long");
        assert_eq!(json["message"], "the text is too long");
        assert_eq!(json["detail"], "12");
        assert_eq!(error.to_string(), "the text is too long");
    }
}
