//! The other side: what a node does with a packet, after BOLT 4 and as strict as LND, written on its own in the slow
//! way of the specification. Each person is a node.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use domain::NodeId;
use hmac::{Hmac, Mac};
use secp256k1::ecdh::SharedSecret;
use secp256k1::{PublicKey, Scalar, SecretKey};
use sha2::{Digest, Sha256};

use crate::onion::OnionMessage;
use crate::people::{Person, person};

/// What goes from peer to peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) path_key: [u8; 33],
    pub(super) onion: Vec<u8>,
}

/// What a node's subscribers are told.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) at: NodeId,
    pub(super) forwarded_by: Vec<NodeId>,
    pub(super) path_key: [u8; 33],
    pub(super) data: Vec<u8>,
    pub(super) reply_path: Option<Vec<u8>>,
    pub(super) records: Vec<(u64, Vec<u8>)>,
}

#[derive(Debug)]
pub(super) enum Peeled {
    Forward(NodeId, Packet),
    Last {
        data: Vec<u8>,
        fields: Vec<(u64, Vec<u8>)>,
    },
}

type Refused = &'static str;

/// Brings a message from `sender` to where it ends.
pub(super) fn deliver(sender: &Person, message: &OnionMessage) -> Result<Arrived, Refused> {
    let mut from = sender.node;
    let mut at = message.first_hop;
    let mut forwarded_by = Vec::new();
    let mut packet = Packet {
        path_key: message.path_key,
        onion: message.onion.clone(),
    };
    loop {
        let node = whose(at);
        match peel(&node.secret, &packet)? {
            Peeled::Forward(next, _) if next == from || next == at => return Err("cyclic"),
            Peeled::Forward(next, passed_on) => {
                assert_eq!(passed_on.onion.len(), packet.onion.len());
                forwarded_by.push(at);
                (from, at, packet) = (at, next, passed_on);
            }
            Peeled::Last { data, fields } => {
                let reply_path = fields.iter().find(|(kind, _)| *kind == 2);
                return Ok(Arrived {
                    at,
                    forwarded_by,
                    path_key: packet.path_key,
                    data,
                    reply_path: reply_path.map(|(_, value)| value.clone()),
                    records: fields.into_iter().filter(|(kind, _)| *kind >= 64).collect(),
                });
            }
        }
    }
}

fn whose(node: NodeId) -> Person {
    let mut people = (1..=0x66).map(person);
    people.find(|person| person.node == node).unwrap()
}

pub(super) fn peel(secret: &SecretKey, packet: &Packet) -> Result<Peeled, Refused> {
    let path_key = PublicKey::from_slice(&packet.path_key).map_err(|_| "path key")?;
    let [0, key @ ..] = packet.onion.as_slice() else {
        return Err("version");
    };
    let (key, rest) = key.split_at(33);
    let (body, code) = rest.split_last_chunk::<32>().unwrap();
    let key = PublicKey::from_slice(key).map_err(|_| "key")?;

    let blinding = ecdh(&path_key, secret);
    let tweak = scalar(hmac(b"blinded_node_id", &blinding));
    let shared = ecdh(&key.mul_tweak(&tweak).unwrap(), secret);
    if hmac(&hmac(b"mu", &shared), body) != *code {
        return Err("code");
    }
    let mut open = [body, &vec![0; body.len()]].concat();
    ChaCha20::new(&hmac(b"rho", &shared).into(), &[0; 12].into()).apply_keystream(&mut open);
    let mut rest = open.as_slice();
    let len = bigsize(&mut rest).ok_or("length")?;
    let (payload, rest) = rest.split_at_checked(len as usize).ok_or("payload")?;
    let (next_code, rest) = rest.split_at_checked(32).ok_or("next code")?;
    let next_body = rest.get(..body.len()).ok_or("too long a payload")?;

    let fields = fields(payload)?;
    let last = next_code == [0; 32];
    for (kind, _) in &fields {
        match kind {
            2 | 4 => {}
            even if even % 2 == 0 => return Err("unknown even field"),
            _ => {}
        }
    }
    if fields.iter().filter(|(kind, _)| *kind >= 64).count() > 1 {
        return Err("more than one final hop payload field");
    }
    let data = fields.iter().find(|(kind, _)| *kind == 4);
    let data = data.ok_or("no instructions")?.1.clone();
    let plain = instructions(&data, &blinding)?;
    if last {
        return Ok(Peeled::Last { data, fields });
    }
    if fields.len() > 1 || plain.iter().any(|(kind, _)| *kind == 6) {
        return Err("too much for a forwarder");
    }
    let find = |wanted| plain.iter().find(|(kind, _)| *kind == wanted);
    let (_, next) = find(4).ok_or("no next node")?;
    let next_path_key = match find(8) {
        Some((_, key)) => PublicKey::from_slice(key).map_err(|_| "override")?,
        None => step(&path_key, &blinding),
    };
    let next_key = step(&key, &shared).serialize();
    Ok(Peeled::Forward(
        NodeId::from_bytes(next).map_err(|_| "next node")?,
        Packet {
            path_key: next_path_key.serialize(),
            onion: [&[0], next_key.as_slice(), next_body, next_code].concat(),
        },
    ))
}

/// Sealed instructions in the open.
pub(super) fn instructions(
    data: &[u8],
    blinding: &[u8; 32],
) -> Result<Vec<(u64, Vec<u8>)>, Refused> {
    let plain = ChaCha20Poly1305::new(&hmac(b"rho", blinding).into())
        .decrypt(&[0; 12].into(), data)
        .map_err(|_| "instructions")?;
    let fields = fields(&plain)?;
    let known = |kind: u64| kind % 2 == 1 || [2, 4, 6, 8, 10, 12, 14].contains(&kind);
    match fields.iter().all(|(kind, _)| known(*kind)) {
        true => Ok(fields),
        false => Err("unknown even instruction"),
    }
}

/// What our node answers when it is asked for the secret with this point.
pub(super) fn ecdh(point: &PublicKey, secret: &SecretKey) -> [u8; 32] {
    SharedSecret::new(point, secret).to_secret_bytes()
}

pub(super) fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, Refused> {
    let mut fields: Vec<(u64, Vec<u8>)> = Vec::new();
    while !bytes.is_empty() {
        let kind = bigsize(&mut bytes).ok_or("kind")?;
        let len = bigsize(&mut bytes).ok_or("field length")?;
        let (value, rest) = bytes.split_at_checked(len as usize).ok_or("value")?;
        if fields.last().is_some_and(|(before, _)| *before >= kind) {
            return Err("tlv stream is not canonical");
        }
        fields.push((kind, value.to_vec()));
        bytes = rest;
    }
    Ok(fields)
}

/// The parts of a reply path, as a node lists them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) introduction: Vec<u8>,
    pub(super) blinding: Vec<u8>,
    pub(super) hops: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(super) fn listed(bytes: &[u8]) -> Listed {
    let (introduction, rest) = bytes.split_at(33);
    let (blinding, rest) = rest.split_at(33);
    let (count, mut rest) = rest.split_first().unwrap();
    let mut hops = Vec::new();
    for _ in 0..*count {
        let (id, after) = rest.split_at(33);
        let (len, after) = after.split_first_chunk().unwrap();
        let (data, after) = after.split_at(u16::from_be_bytes(*len).into());
        hops.push((id.to_vec(), data.to_vec()));
        rest = after;
    }
    assert!(rest.is_empty());
    Listed {
        introduction: introduction.to_vec(),
        blinding: blinding.to_vec(),
        hops,
    }
}

fn bigsize(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    let (len, least) = match first {
        0xfd => (2, 0xfd),
        0xfe => (4, 0x1_0000),
        0xff => (8, 0x1_0000_0000),
        small => {
            *bytes = rest;
            return Some(small.into());
        }
    };
    let (number, rest) = rest.split_at_checked(len)?;
    *bytes = rest;
    let number = number
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    (number >= least).then_some(number)
}

fn step(public: &PublicKey, shared: &[u8; 32]) -> PublicKey {
    let hash = Sha256::digest([public.serialize().as_slice(), shared].concat());
    public.mul_tweak(&scalar(hash.into())).unwrap()
}

fn scalar(bytes: [u8; 32]) -> Scalar {
    Scalar::from_be_bytes(bytes).unwrap()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}
