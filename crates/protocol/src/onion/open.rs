//! Reading sealed instructions: those at the end of what arrived, and ours on a reply path that begins with us.

use domain::NodeId;
use secp256k1::PublicKey;

use super::blind::{NEXT_NODE, NEXT_PATH_KEY, PATH_ID, unseal};
use super::reply::{DATA_LIMIT, PathId, compressed};
use super::tlv::{Fields, Malformed};

/// Fields that BOLT 4 knows and that say nothing about where a message goes, or nothing that we use.
const SHORT_CHANNEL_ID: u64 = 2;
const PAYMENT_RELAY: u64 = 10;
const PAYMENT_CONSTRAINTS: u64 = 12;
const FEATURES: u64 = 14;

/// Why sealed instructions cannot be followed. The message is to be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// More than 1,024 bytes.
    #[error("the instructions are too long")]
    TooLong,
    /// Not sealed with this secret: changed on the way, or for another node.
    #[error("the instructions cannot be opened")]
    DoesNotOpen,
    /// No canonical TLV stream.
    #[error("the instructions are malformed")]
    Malformed,
    /// A field whose value cannot be right.
    #[error("field {0} of the instructions is malformed")]
    Field(u64),
    /// An even field that is not known here: it may not be ignored.
    #[error("the instructions need a newer program: field {0}")]
    Unknown(u64),
    /// Asks for features, of which there are none yet.
    #[error("the instructions need features that are not known here")]
    Features,
    /// Says where to pass the message on, though it arrived.
    #[error("the message is to be passed on")]
    NotForUs,
    /// Names an id that is none of ours: another length.
    #[error("the message came over a path that is not ours")]
    ForeignPath,
    /// Says not where to pass the message on, or only by a channel.
    #[error("the reply path leads nowhere")]
    NoNextNode,
    /// The key for the next node is none.
    #[error("a key of the reply path cannot be used")]
    Key,
}

impl From<Malformed> for OpenError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What a node of a blinded path is told.
#[derive(Debug)]
pub(super) struct Instructions {
    pub(super) next_node: Option<NodeId>,
    pub(super) next_path_key: Option<PublicKey>,
    pub(super) path_id: Option<Vec<u8>>,
}

/// Opens the sealed instructions of a message that arrived, with the secret that our node derives from its path key.
/// Returns the id that we put at the end of the reply path which it came over; `None` when it came over none of ours,
/// as a message that is no answer does.
///
/// # Errors
/// [`OpenError`].
pub fn open(data: &[u8], secret: &[u8; 32]) -> Result<Option<PathId>, OpenError> {
    let read = instructions(data, secret)?;
    if read.next_node.is_some() {
        return Err(OpenError::NotForUs);
    }
    let id = read.path_id.map(|id| id.as_slice().try_into());
    let id = id.transpose().map_err(|_| OpenError::ForeignPath)?;
    Ok(id.map(PathId))
}

pub(super) fn instructions(data: &[u8], secret: &[u8; 32]) -> Result<Instructions, OpenError> {
    if data.len() > DATA_LIMIT {
        return Err(OpenError::TooLong);
    }
    let plain = unseal(data, secret).ok_or(OpenError::DoesNotOpen)?;
    let mut read = Instructions {
        next_node: None,
        next_path_key: None,
        path_id: None,
    };
    for field in Fields::of(&plain) {
        let (kind, value) = field?;
        let wrong = OpenError::Field(kind);
        match kind {
            NEXT_NODE => read.next_node = Some(NodeId::from_bytes(value).map_err(|_| wrong)?),
            NEXT_PATH_KEY => read.next_path_key = Some(compressed(value).ok_or(wrong)?),
            PATH_ID => read.path_id = Some(value.to_vec()),
            FEATURES if value.iter().any(|byte| *byte != 0) => return Err(OpenError::Features),
            SHORT_CHANNEL_ID | PAYMENT_RELAY | PAYMENT_CONSTRAINTS | FEATURES => {}
            odd if odd % 2 == 1 => {}
            even => return Err(OpenError::Unknown(even)),
        }
    }
    Ok(read)
}
