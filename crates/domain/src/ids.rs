//! Names of things: row numbers of our own database, and the identities that travel.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id! {
    /// A conversation in our own database. Means nothing to anybody else.
    ConversationId
}
row_id! {
    /// A message in our own database. Means nothing to anybody else; see [`MessageId`].
    MessageKey
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// `None` unless there are exactly as many bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = hex::FromHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

bytes_id! {
    /// What a sender calls a message. Unique only together with the sender's [`crate::NodeId`].
    MessageId, 16
}
bytes_id! {
    /// SHA-256 of a [`Preimage`]: the identity of one attempt, and of one incoming payment.
    PaymentHash, 32
}

impl PaymentHash {
    /// The message id of a text whose program has none: the first half of its payment hash.
    #[must_use]
    pub const fn message_id(&self) -> MessageId {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.0;
        MessageId([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// What the books call a message that no payment brought: SHA-256 of its sender and its name. Nothing is ever paid to it.
    #[must_use]
    pub fn of_message(sender: &crate::NodeId, id: MessageId) -> Self {
        let digest = Sha256::new()
            .chain_update(sender.as_bytes())
            .chain_update(id.0)
            .finalize();
        Self(digest.into())
    }

    /// The identity of one of several payments to this hash: SHA-256 of it and of what tells them apart.
    #[must_use]
    pub fn one_of_several(&self, which: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"heliograph/payment/1")
            .chain_update(self.0)
            .chain_update(which)
            .finalize();
        Self(digest.into())
    }
}

/// The secret that settles a payment. Never shown in `Debug`, erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Preimage([u8; 32]);

impl Preimage {
    /// Random bytes, from the caller's source of randomness or from the node.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself, to give it to the node or to the database.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What this preimage settles.
    #[must_use]
    pub fn payment_hash(&self) -> PaymentHash {
        PaymentHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Preimage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preimage(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preimage_is_not_printed() {
        let secret = Preimage::new([0xab; 32]);
        let printed = format!("{secret:?} {:?}", Some(&secret));
        assert!(!printed.to_lowercase().contains("ab"), "{printed}");
    }

    #[test]
    fn ids_travel_as_hex() {
        let id = MessageId([7; 16]);
        let json = format!("\"{id}\"");
        assert_eq!(json, "\"07070707070707070707070707070707\"");
        assert_eq!(MessageId::from_slice(&[7; 16]), Some(id));
        assert_eq!(MessageId::from_slice(&[7; 15]), None);
    }
}
