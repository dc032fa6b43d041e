//! Who a person is: the public key of their node.

use std::fmt;
use std::str::FromStr;

use secp256k1::PublicKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A Lightning node's public key: a valid compressed secp256k1 point, 33 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 33]);

impl NodeId {
    /// Checks that `bytes` is a point on the curve.
    ///
    /// # Errors
    /// [`NodeIdError::NotAPoint`] when it is not, [`NodeIdError::Length`] when it is not 33 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NodeIdError> {
        let array: [u8; 33] = bytes
            .try_into()
            .map_err(|_| NodeIdError::Length(bytes.len()))?;
        PublicKey::from_slice(&array).map_err(|_| NodeIdError::NotAPoint)?;
        Ok(Self(array))
    }

    /// The 33 bytes of the compressed point.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// First and last characters, to recognise a key by: `02ab12…9f03`. Never for comparing.
    #[must_use]
    pub fn short(&self) -> String {
        let text = self.to_string();
        match (text.get(..6), text.get(62..)) {
            (Some(head), Some(tail)) => format!("{head}…{tail}"),
            _ => text,
        }
    }
}

impl From<PublicKey> for NodeId {
    fn from(key: PublicKey) -> Self {
        Self(key.serialize())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({})", self.short())
    }
}

/// Why a text or bytes are not a node's public key. The words are for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeIdError {
    /// A character that is not hexadecimal; its position counts from 1.
    #[error(
        "a node's public key has only the characters 0-9 and a-f; character {0} is another one"
    )]
    NotHex(usize),
    /// So many characters instead of 66.
    #[error("a node's public key has 66 characters, this has {0}")]
    Characters(usize),
    /// So many bytes instead of 33.
    #[error("a node's public key has 33 bytes, this has {0}")]
    Length(usize),
    /// Does not begin with 02 or 03.
    #[error("a node's public key begins with 02 or 03")]
    Prefix,
    /// Well formed, yet no point on the curve: usually one mistyped character.
    #[error("this is not a valid public key: probably a character is mistyped")]
    NotAPoint,
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let text = text.trim();
        if let Some(at) = text.chars().position(|c| !c.is_ascii_hexdigit()) {
            return Err(NodeIdError::NotHex(at.saturating_add(1)));
        }
        if text.len() != 66 {
            return Err(NodeIdError::Characters(text.len()));
        }
        if !text.starts_with("02") && !text.starts_with("03") {
            return Err(NodeIdError::Prefix);
        }
        let bytes = hex::decode(text).map_err(|_| NodeIdError::NotAPoint)?;
        Self::from_bytes(&bytes)
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a node can be reached, as people pass it on: `pubkey` or `pubkey@host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddress {
    /// Who.
    pub node: NodeId,
    /// Host and optional port, as written.
    pub host: Option<String>,
}

/// Why a text is not a node address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeAddressError {
    /// The part before the `@`.
    #[error(transparent)]
    Node(#[from] NodeIdError),
    /// The part after the `@`.
    #[error("after the @ comes a host, for example 203.0.113.7:9735 or node.example:9735")]
    Host,
}

impl FromStr for NodeAddress {
    type Err = NodeAddressError;

    fn from_str(text: &str) -> Result<Self, NodeAddressError> {
        let text = text.trim();
        let text = text.strip_prefix("lightning:").unwrap_or(text);
        let Some((node, host)) = text.split_once('@') else {
            return Ok(Self {
                node: text.parse()?,
                host: None,
            });
        };
        let node = node.parse()?;
        let bad =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '/' | '?' | '#');
        let port_ok = |port: &str| port.parse::<u16>().is_ok_and(|port| port != 0);
        let valid = !host.is_empty()
            && host.len() <= 255
            && !host.contains(bad)
            && match host.rsplit_once(':') {
                Some((name, _)) if name.contains(':') && !name.starts_with('[') => true,
                Some((name, port)) => !name.is_empty() && port_ok(port),
                None => true,
            };
        if !valid {
            return Err(NodeAddressError::Host);
        }
        Ok(Self {
            node,
            host: Some(host.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
