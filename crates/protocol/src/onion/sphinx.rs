//! The packet: layers that each node of the path takes off, one each, and that never get thinner.

use secp256k1::PublicKey;

use super::OnionError;
use super::keys::{Link, Once, apply_stream, chain, mac, subkey};
use super::room::{Form, MAC, part_len};
use super::tlv;

const VERSION: u8 = 0;

/// Wraps the payloads of `hops` (blinded id, TLV stream), the first node's outermost.
pub(super) fn packet(
    session: &Once,
    hops: &[(PublicKey, Vec<u8>)],
    form: Form,
) -> Result<Vec<u8>, OnionError> {
    let len = form.data_len();
    let parts = hops.iter().map(|(_, payload)| part_len(payload.len()));
    if parts.fold(0, usize::saturating_add) > len {
        return Err(OnionError::NoRoom);
    }
    let links = chain(session, hops.iter().map(|(id, _)| *id))?;
    let first = links.first().ok_or(OnionError::NoPath)?.public;
    let filler = filler(&links, hops, len)?;

    let mut data = vec![0; len];
    apply_stream(&session.padding(), 0, &mut data);
    let mut next_mac = [0; MAC];
    let mut tail = Some(filler.as_slice());
    for (link, (_, payload)) in links.iter().zip(hops).rev() {
        let mut layer = Vec::with_capacity(part_len(payload.len()).saturating_add(len));
        tlv::put_number(&mut layer, payload.len() as u64);
        layer.extend_from_slice(payload);
        layer.extend_from_slice(&next_mac);
        layer.extend_from_slice(&data);
        layer.truncate(len);
        data = layer;
        apply_stream(&subkey(b"rho", &link.shared), 0, &mut data);
        // What the nodes before will have shifted in by then, so that the recipient's code is over the right bytes.
        if let Some(tail) = tail.take() {
            let start = len.checked_sub(tail.len()).ok_or(OnionError::NoRoom)?;
            data.truncate(start);
            data.extend_from_slice(tail);
        }
        next_mac = mac(&*subkey(b"mu", &link.shared), &data);
    }

    let mut packet = Vec::with_capacity(form.packet_len());
    packet.push(VERSION);
    packet.extend_from_slice(&first.serialize());
    packet.extend_from_slice(&data);
    packet.extend_from_slice(&next_mac);
    Ok(packet)
}

/// The end of the packet as the recipient gets it: zeros that each forwarder appends and runs its stream over.
fn filler(
    links: &[Link],
    hops: &[(PublicKey, Vec<u8>)],
    len: usize,
) -> Result<Vec<u8>, OnionError> {
    let (_, forwarders) = hops.split_last().ok_or(OnionError::NoPath)?;
    let mut filler = Vec::new();
    for (link, (_, payload)) in links.iter().zip(forwarders) {
        let before: usize = filler.len();
        let from = len.checked_sub(before).ok_or(OnionError::NoRoom)?;
        filler.resize(before.saturating_add(part_len(payload.len())), 0);
        apply_stream(&subkey(b"rho", &link.shared), from, &mut filler);
    }
    Ok(filler)
}
