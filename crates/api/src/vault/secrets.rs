//! What a profile must not show.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::VaultError;

/// What opens the node and the database. Never shown in `Debug`, erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secrets {
    /// Opens the database. Made once, with the profile.
    pub database_key: [u8; 32],
    /// The node's `host:port`.
    pub address: String,
    /// The node's certificate, DER.
    pub certificate: Vec<u8>,
    /// The node's macaroon, raw.
    pub macaroon: Vec<u8>,
}

impl Secrets {
    /// As a vault keeps them.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let written = Written {
            version: 1,
            database_key: hex::encode(self.database_key),
            address: self.address.clone(),
            certificate: hex::encode(&self.certificate),
            macaroon: hex::encode(&self.macaroon),
        };
        // Four texts and a number always have a JSON form.
        Zeroizing::new(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// What [`Secrets::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let damaged = VaultError::Damaged;
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|_| damaged("not in the form that was written"))?;
        if written.version != 1 {
            return Err(damaged("written by a newer version of this program"));
        }
        let mut database_key = [0; 32];
        hex::decode_to_slice(&written.database_key, &mut database_key)
            .map_err(|_| damaged("the database key is not 32 bytes"))?;
        Ok(Self {
            database_key,
            address: written.address.clone(),
            certificate: hex::decode(&written.certificate).map_err(|_| damaged("certificate"))?,
            macaroon: hex::decode(&written.macaroon).map_err(|_| damaged("macaroon"))?,
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Written {
    version: u32,
    database_key: String,
    address: String,
    certificate: String,
    macaroon: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            database_key: [0xab; 32],
            address: "node.example:10009".into(),
            certificate: vec![0xcd; 500],
            macaroon: vec![0xef; 611],
        }
    }

    #[test]
    fn secrets_come_back_as_they_were() {
        assert_eq!(Secrets::from_bytes(&secrets().to_bytes()), Ok(secrets()));
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?} {:?}", secrets(), Some(&secrets())).to_lowercase();
        for part in ["ab", "cd", "ef", "node.example"] {
            assert!(!printed.contains(part), "{printed}");
        }
    }

    #[test]
    fn damage_is_noticed() {
        for bytes in [
            &b""[..],
            b"{}",
            br#"{"version":2,"database_key":"","address":"","certificate":"","macaroon":""}"#,
            br#"{"version":1,"database_key":"ab","address":"","certificate":"","macaroon":""}"#,
        ] {
            assert!(matches!(
                Secrets::from_bytes(bytes),
                Err(VaultError::Damaged(_))
            ));
        }
    }
}
