//! How much of a packet is left for the record.

use super::blind::BlindedHop;
use super::reply::ReplyPath;
use super::{DATA, OnionError, PATH_LIMIT, RECORD, REPLY_PATH, tlv};

/// Bytes of the authentication code behind each hop's payload.
pub(super) const MAC: usize = 32;
/// Version, one-time key and authentication code of a packet.
const HEADER: usize = 1 + KEY + MAC;
const KEY: usize = 33;
/// Bytes that sealing adds to instructions.
const TAG: usize = 16;
/// Sealed instructions: to a node that forwards, to one that goes over to another path key, to the recipient.
const FORWARD: usize = 2 + KEY + TAG;
const OVERRIDE: usize = 2 + KEY + FORWARD;
const RECIPIENT: usize = TAG;
/// Sealed instructions to ourselves at the end of a reply path: a path id.
const OURSELVES: usize = 2 + 16 + TAG;

/// The two sizes of a packet that do not stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 1,366 bytes, like the onion of a payment.
    Small,
    /// 32,834 bytes.
    Large,
}

impl Form {
    /// Bytes of the whole packet.
    #[must_use]
    pub const fn packet_len(self) -> usize {
        self.data_len().saturating_add(HEADER)
    }

    /// Bytes that the hops share.
    pub(super) const fn data_len(self) -> usize {
        match self {
            Self::Small => 1_300,
            Self::Large => 32_768,
        }
    }
}

/// Bytes that a record may have in this form on a path with so many `nodes` (the recipient included), when the reply
/// path has `reply_path` bytes, 0 for none. `None` when not even an empty record fits, or the path is none or too long.
#[must_use]
pub fn room(form: Form, nodes: usize, reply_path: usize) -> Option<usize> {
    let forwarders = nodes.checked_sub(1).filter(|_| nodes <= PATH_LIMIT)?;
    let forwarders = std::iter::repeat_n(FORWARD, forwarders);
    left(form, forwarders, RECIPIENT, reply_path)
}

/// The same for an answer along a reply path, to whose introduction node our own path has so many `nodes`.
#[must_use]
pub fn room_along(form: Form, nodes: usize, along: &ReplyPath, reply_path: usize) -> Option<usize> {
    let own = nodes.checked_sub(1).filter(|_| nodes <= PATH_LIMIT)?;
    let own = (0..own).rev().map(|after| match after {
        0 => OVERRIDE,
        _ => FORWARD,
    });
    let (last, forwarders) = along.hops().split_last()?;
    let given = forwarders.iter().map(|hop| hop.data.len());
    left(form, own.chain(given), last.data.len(), reply_path)
}

/// Bytes of a reply path of our own with so many `nodes`, ourselves included. 0 for none.
#[must_use]
pub const fn reply_path_len(nodes: usize) -> usize {
    let Some(forwarders) = nodes.checked_sub(1) else {
        return 0;
    };
    encoded_len(
        nodes,
        forwarders.saturating_mul(FORWARD).saturating_add(OURSELVES),
    )
}

/// Bytes of a blinded path whose sealed instructions have `data` bytes together.
pub(super) const fn encoded_len(nodes: usize, data: usize) -> usize {
    let fixed = nodes.saturating_mul(KEY + 2);
    fixed.saturating_add(2 * KEY + 1).saturating_add(data)
}

/// The smaller form that has room for a record of `len` bytes.
pub(super) fn form_for(
    hops: &[BlindedHop],
    reply_path: usize,
    len: usize,
) -> Result<Form, OnionError> {
    let (last, forwarders) = hops.split_last().ok_or(OnionError::NoPath)?;
    let room = |form| {
        let forwarders = forwarders.iter().map(|hop| hop.data.len());
        left(form, forwarders, last.data.len(), reply_path)
    };
    if room(Form::Small).is_some_and(|room| room >= len) {
        return Ok(Form::Small);
    }
    match room(Form::Large) {
        Some(room) if room >= len => Ok(Form::Large),
        Some(room) => Err(OnionError::TooLong { len, room }),
        None => Err(OnionError::NoRoom),
    }
}

/// Room for the record, from the lengths of sealed instructions.
fn left(
    form: Form,
    forwarders: impl Iterator<Item = usize>,
    recipient: usize,
    reply_path: usize,
) -> Option<usize> {
    let mut left = form.data_len();
    for data in forwarders {
        left = left.checked_sub(part_len(tlv::field_len(DATA, data)))?;
    }
    let mut fixed = tlv::field_len(DATA, recipient);
    if reply_path > 0 {
        fixed = fixed.saturating_add(tlv::field_len(REPLY_PATH, reply_path));
    }
    let with = |record| part_len(fixed.saturating_add(tlv::field_len(RECORD, record)));
    // The numbers before the record grow with it: the greatest that fits is a few bytes below this.
    let most = left.checked_sub(fixed)?;
    (0..=most).rev().find(|record| with(*record) <= left)
}

/// Bytes of a hop's part of the packet.
pub(super) const fn part_len(payload: usize) -> usize {
    tlv::number_len(payload)
        .saturating_add(payload)
        .saturating_add(MAC)
}
