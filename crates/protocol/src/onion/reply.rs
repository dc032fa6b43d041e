//! Reply paths: blinded ways to ourselves that travel with a message, and those that came with one.

use std::fmt;

use domain::NodeId;
use rand::CryptoRng;
use secp256k1::PublicKey;

use super::blind::{BlindedHop, PATH_ID, blind, forward_to};
use super::keys::{Once, next_public};
use super::open::{OpenError, instructions};
use super::{OnionError, check, forwards, room, tlv};

/// Most hops of a reply path that came: twice what we use, for programs that add some to hide the length.
const HOPS_LIMIT: usize = 16;
/// Fewest and most bytes of sealed instructions.
const DATA_LEAST: usize = 16;
pub(super) const DATA_LIMIT: usize = 1_024;

/// What we put at the end of a reply path, and find again in the answer: 16 random bytes that only we and the ones
/// who were given the path know. Whose answer it is, and to what, is told by the letter in it, not by this.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PathId(pub(super) [u8; 16]);

impl fmt::Debug for PathId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathId(…)")
    }
}

/// Why a reply path that came cannot be used. Positions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyPathError {
    /// The introduction node is no point on the curve.
    #[error("the reply path does not name its first node")]
    Introduction,
    /// The blinding point is no point on the curve.
    #[error("the reply path has no valid key")]
    BlindingPoint,
    /// There is no hop.
    #[error("the reply path has no hops")]
    NoHops,
    /// There are more than 16 hops.
    #[error("the reply path has too many hops")]
    TooManyHops,
    /// The id of the hop at this position is no point on the curve.
    #[error("hop {0} of the reply path has no valid key")]
    BlindedNode(usize),
    /// The sealed instructions of the hop at this position have fewer than 16 or more than 1,024 bytes.
    #[error("the instructions for hop {0} of the reply path cannot be right")]
    Data(usize),
}

/// A blinded way to somebody who waits for an answer: to ourselves in what we send, to others in what came.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyPath {
    introduction: NodeId,
    blinding: PublicKey,
    hops: Vec<BlindedHop>,
}

impl ReplyPath {
    /// A path that ends at our own node, along `path` = `[introduction node, …, ourselves]`, and the id that an
    /// answer over it will show. Made for one message: whoever sees an id twice knows that it is the same sender.
    ///
    /// A path of ourselves alone names us to everybody who gets it. It must not begin with the node that an answer
    /// comes from: see [`OnionError::Repeats`].
    ///
    /// # Errors
    /// [`OnionError::NoPath`], [`OnionError::TooManyNodes`], [`OnionError::Repeats`], [`OnionError::Key`].
    pub fn to_ourselves(
        rng: &mut impl CryptoRng,
        path: &[NodeId],
    ) -> Result<(Self, PathId), OnionError> {
        check(path)?;
        let introduction = *path.first().ok_or(OnionError::NoPath)?;
        let mut id = PathId([0; 16]);
        rng.fill_bytes(&mut id.0);
        let mut plain: Vec<_> = forwards(path).map(|next| forward_to(next, None)).collect();
        let mut ours = Vec::new();
        tlv::put(&mut ours, PATH_ID, &id.0);
        plain.push(ours);
        let (blinding, hops) = blind(&Once::new(rng), path, &plain)?;
        let path = Self {
            introduction,
            blinding,
            hops,
        };
        Ok((path, id))
    }

    /// Checks the parts of a reply path as our node lists them: keys as compressed points, hops as (blinded id,
    /// sealed instructions). `None` when the introduction node is empty, which is how a node says that there is no
    /// reply path.
    ///
    /// # Errors
    /// [`ReplyPathError`]. The message itself may be good all the same; it cannot be answered.
    pub fn parse<'a>(
        introduction: &[u8],
        blinding: &[u8],
        hops: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Result<Option<Self>, ReplyPathError> {
        if introduction.is_empty() {
            return Ok(None);
        }
        let introduction =
            NodeId::from_bytes(introduction).map_err(|_| ReplyPathError::Introduction)?;
        let blinding = compressed(blinding).ok_or(ReplyPathError::BlindingPoint)?;
        let mut taken = Vec::new();
        for (position, (id, data)) in hops.into_iter().enumerate() {
            if position >= HOPS_LIMIT {
                return Err(ReplyPathError::TooManyHops);
            }
            if !(DATA_LEAST..=DATA_LIMIT).contains(&data.len()) {
                return Err(ReplyPathError::Data(position));
            }
            taken.push(BlindedHop {
                id: compressed(id).ok_or(ReplyPathError::BlindedNode(position))?,
                data: data.to_vec(),
            });
        }
        if taken.is_empty() {
            return Err(ReplyPathError::NoHops);
        }
        Ok(Some(Self {
            introduction,
            blinding,
            hops: taken,
        }))
    }

    /// The node that takes an answer in: where our own path has to lead.
    #[must_use]
    pub const fn introduction(&self) -> NodeId {
        self.introduction
    }

    /// Bytes that it takes in a message: for [`super::room`].
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let data = self.hops.iter().map(|hop| hop.data.len());
        room::encoded_len(self.hops.len(), data.fold(0, usize::saturating_add))
    }

    /// Where an answer enters the path, seen from `our_node`.
    #[must_use]
    pub fn enter(self, our_node: NodeId) -> Entrance {
        if self.introduction == our_node {
            Entrance::Ours(OurHop { path: self })
        } else {
            Entrance::Elsewhere(self)
        }
    }

    pub(super) const fn blinding(&self) -> &PublicKey {
        &self.blinding
    }

    pub(super) fn hops(&self) -> &[BlindedHop] {
        &self.hops
    }

    /// As BOLT 4 writes it. Counts and lengths are bounded far below what their one and two bytes hold.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        out.extend_from_slice(self.introduction.as_bytes());
        out.extend_from_slice(&self.blinding.serialize());
        let [.., count] = self.hops.len().to_be_bytes();
        out.push(count);
        for hop in &self.hops {
            let [.., high, low] = hop.data.len().to_be_bytes();
            out.extend_from_slice(&hop.id.serialize());
            out.extend_from_slice(&[high, low]);
            out.extend_from_slice(&hop.data);
        }
        out
    }
}

impl fmt::Debug for ReplyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyPath({} hops)", self.hops.len())
    }
}

/// Where an answer enters a reply path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// At another node: ready for [`super::answer`].
    Elsewhere(ReplyPath),
    /// At our own node, which a message of ours does not pass: we do its part first.
    Ours(OurHop),
}

/// A reply path that begins at our own node and waits for a secret of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurHop {
    path: ReplyPath,
}

impl OurHop {
    /// The key to ask our node for the shared secret with. Used once: not worth remembering.
    #[must_use]
    pub fn point(&self) -> NodeId {
        self.path.blinding.into()
    }

    /// Reads our instructions, and returns the rest of the path: it begins at the node after ours.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::NoNextNode`] when the path ends here, or leads back to ourselves.
    pub fn with_secret(self, secret: &[u8; 32]) -> Result<ReplyPath, OpenError> {
        let ReplyPath {
            introduction: our_node,
            blinding,
            mut hops,
        } = self.path;
        let ours = hops.first().ok_or(OpenError::NoNextNode)?;
        let read = instructions(&ours.data, secret)?;
        let introduction = read.next_node.filter(|next| *next != our_node);
        let introduction = introduction.ok_or(OpenError::NoNextNode)?;
        let blinding = match read.next_path_key {
            Some(key) => key,
            None => next_public(&blinding, secret).map_err(|_| OpenError::Key)?,
        };
        hops.remove(0);
        if hops.is_empty() {
            return Err(OpenError::NoNextNode);
        }
        Ok(ReplyPath {
            introduction,
            blinding,
            hops,
        })
    }
}

pub(super) fn compressed(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::from_byte_array_compressed(bytes.try_into().ok()?).ok()
}
