//! From what the user gave to what opens a node, and back from the vault.

use std::path::{Path, PathBuf};

use lnd::{CertDer, Credentials, CredentialsError, Macaroon};
use rand::RngCore;
use zeroize::Zeroizing;

use crate::vault::{Secrets, VaultError};
use crate::view::ConnectionInput;
use crate::{Code, Error};

/// Reads what the user gave. Files are read here, never by the window.
pub(crate) async fn read(input: ConnectionInput) -> Result<Credentials, Error> {
    match input {
        ConnectionInput::Link { link } => Credentials::from_link(&Zeroizing::new(link))
            .map_err(|error| mistake(Code::LinkInvalid, error)),
        ConnectionInput::Files {
            address,
            cert_path,
            macaroon_path,
        } => {
            let (cert, macaroon) = (file(cert_path).await?, file(macaroon_path).await?);
            from_parts(&address, &cert, &macaroon)
        }
        ConnectionInput::Text {
            address,
            cert,
            macaroon,
        } => {
            let macaroon = Zeroizing::new(macaroon);
            from_parts(&address, cert.as_bytes(), macaroon.as_bytes())
        }
    }
}

fn from_parts(address: &str, cert: &[u8], macaroon: &[u8]) -> Result<Credentials, Error> {
    Ok(Credentials {
        address: lnd::address(address).map_err(|error| mistake(Code::AddressInvalid, error))?,
        cert: CertDer::from_bytes(cert)
            .map_err(|error| mistake(Code::CertificateInvalid, error))?,
        macaroon: Macaroon::from_bytes(macaroon)
            .map_err(|error| mistake(Code::MacaroonInvalid, error))?,
    })
}

fn mistake(code: Code, error: CredentialsError) -> Error {
    Error::because(code, error).with_detail(error)
}

/// Larger files than any certificate or macaroon are not read: `lnd` says so by the length.
async fn file(path: String) -> Result<Zeroizing<Vec<u8>>, Error> {
    use tokio::io::AsyncReadExt;

    let unreadable = |error: std::io::Error| {
        Error::because(
            Code::FileUnreadable,
            format!("the file cannot be read: {error}"),
        )
        .with_detail(format!("{path}: {error}"))
    };
    let home = directories::BaseDirs::new();
    let place = from_home(path.trim(), home.as_ref().map(|home| home.home_dir()));
    let file = tokio::fs::File::open(place).await.map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(100_000)
        .read_to_end(&mut bytes)
        .await
        .map_err(unreadable)?;
    Ok(bytes)
}

/// No shell reads what is typed into a field: a leading `~/` means the user's home here too.
fn from_home(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// For the vault, with a new key for a database that does not exist yet.
pub(crate) fn new_secrets(credentials: &Credentials, rng: &mut impl RngCore) -> Secrets {
    let mut database_key = [0; 32];
    rng.fill_bytes(&mut database_key);
    with_key(credentials, database_key)
}

/// For the vault, with the key of the database that there is.
pub(crate) fn with_key(credentials: &Credentials, database_key: [u8; 32]) -> Secrets {
    Secrets {
        database_key,
        address: credentials.address.clone(),
        certificate: credentials.cert.as_bytes().to_vec(),
        macaroon: credentials.macaroon.expose().to_vec(),
    }
}

/// From the vault.
pub(crate) fn kept(secrets: &Secrets) -> Result<Credentials, VaultError> {
    Ok(Credentials {
        address: secrets.address.clone(),
        cert: CertDer::from_bytes(&secrets.certificate)
            .map_err(|_| VaultError::Damaged("certificate"))?,
        macaroon: Macaroon::from_bytes(&secrets.macaroon)
            .map_err(|_| VaultError::Damaged("macaroon"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_tilde_is_the_home_of_the_user() {
        let home = Some(Path::new("/home/alice"));
        let read = |path| from_home(path, home);
        assert_eq!(
            read("~/.lnd/tls.cert"),
            Path::new("/home/alice/.lnd/tls.cert")
        );
        for plain in ["/etc/tls.cert", "tls.cert", "~bob/tls.cert", "a/~/b"] {
            assert_eq!(read(plain), Path::new(plain));
        }
        assert_eq!(from_home("~/tls.cert", None), Path::new("~/tls.cert"));
    }
}
