//! What opens a node: where it is, the certificate that it must show, and the macaroon that it wants to see.
//!
//! Everything here comes out of a clipboard or a file dialog, so each mistake has words for the person who made it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::server::ParsedCertificate;
use url::{Host, Url};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// LND's gRPC port, where nothing else is said.
const DEFAULT_PORT: u16 = 10009;
/// No macaroon and no certificate of a node comes near this size.
const LARGEST: usize = 65_536;
/// The first byte of a macaroon in its second format, the only one that LND writes.
const MACAROON_V2: u8 = 2;
/// Version, identifier and a 32-byte signature.
const SMALLEST_MACAROON: usize = 38;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is needed to speak with a node. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `host:port`, as [`address`] writes it.
    pub address: String,
    /// The certificate that the node shows; no other is taken.
    pub cert: CertDer,
    /// What we may do there.
    pub macaroon: Macaroon,
}

impl Credentials {
    /// Reads `lndconnect://host:port?cert=…&macaroon=…`.
    ///
    /// # Errors
    /// The mistake, in words for the person who pasted it.
    pub fn from_link(link: &str) -> Result<Self, CredentialsError> {
        let link = link.trim();
        if link.len() > LARGEST {
            return Err(CredentialsError::TooLong);
        }
        let scheme_ok = link
            .get(..SCHEME.len())
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
        if !scheme_ok {
            return Err(CredentialsError::NotALink);
        }
        let url = Url::parse(link).map_err(|error| match error {
            url::ParseError::InvalidPort => CredentialsError::Port,
            url::ParseError::EmptyHost => CredentialsError::NoHost,
            _ => CredentialsError::Host,
        })?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(CredentialsError::NoHost)?;
        let address = match url.port() {
            Some(port) => address(&format!("{host}:{port}"))?,
            None => address(host)?,
        };
        // Form decoding turns the `+` of standard base64 into a space.
        let value = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found
                .map(|(_, value)| Zeroizing::new(value.replace(' ', "+")))
                .filter(|value| !value.is_empty())
        };
        let macaroon = value("macaroon")
            .ok_or(CredentialsError::NoMacaroon)?
            .parse()?;
        let cert = value("cert")
            .ok_or(CredentialsError::NoCertificate)?
            .parse()?;
        Ok(Self {
            address,
            cert,
            macaroon,
        })
    }
}

const SCHEME: &str = "lndconnect://";

/// Checks `host` or `host:port` and writes it as `host:port`, IPv6 in brackets; the port is 10009 unless it is given.
///
/// # Errors
/// [`CredentialsError::Host`], [`CredentialsError::NoHost`] or [`CredentialsError::Port`].
pub fn address(text: &str) -> Result<String, CredentialsError> {
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        // An IPv6 address without brackets has no room for a port; one in brackets may end without.
        Some((head, _)) if head.contains(':') && !text.starts_with('[') => (text, None),
        Some(_) if text.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if host.is_empty() {
        return Err(CredentialsError::NoHost);
    }
    let host = match host.parse() {
        Ok(ip) => Host::Ipv6(ip),
        Err(_) => Host::parse(host).map_err(|_| CredentialsError::Host)?,
    };
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port
            .parse()
            .ok()
            .filter(|&port| port != 0)
            .ok_or(CredentialsError::Port)?,
        Some(_) => return Err(CredentialsError::Port),
    };
    Ok(format!("{host}:{port}"))
}

/// An X.509 certificate in DER. Not a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CertDer(Vec<u8>);

impl CertDer {
    /// Reads the bytes of a file or of a text field: PEM, DER, hexadecimal or base64 of either alphabet.
    ///
    /// # Errors
    /// The mistake, in words for the person who made it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CredentialsError> {
        if bytes.len() > LARGEST {
            return Err(CredentialsError::TooLong);
        }
        let der = match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("PRIVATE KEY-----") => {
                return Err(CredentialsError::PrivateKey);
            }
            Ok(text) if text.contains("-----BEGIN") => CertificateDer::from_pem_slice(bytes)
                .map_err(|_| CredentialsError::NotACertificate)?
                .to_vec(),
            Ok(text) => decode(text)
                .ok_or(CredentialsError::CertificateEncoding)?
                .to_vec(),
            Err(_) => bytes.to_vec(),
        };
        let parsed = CertificateDer::from(der.as_slice());
        if ParsedCertificate::try_from(&parsed).is_err() {
            return Err(CredentialsError::NotACertificate);
        }
        Ok(Self(der))
    }

    /// The certificate itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 in hexadecimal, to compare by eye with what the node's owner sees.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }
}

impl FromStr for CertDer {
    type Err = CredentialsError;

    fn from_str(text: &str) -> Result<Self, CredentialsError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Debug for CertDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertDer(SHA-256 {})", self.fingerprint())
    }
}

/// What LND wants to see with every call. Never shown in `Debug`, erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Macaroon(Vec<u8>);

impl Macaroon {
    /// Reads the bytes of a file or of a text field: raw, hexadecimal or base64 of either alphabet.
    ///
    /// # Errors
    /// The mistake, in words for the person who made it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CredentialsError> {
        if bytes.len() > LARGEST {
            return Err(CredentialsError::TooLong);
        }
        let macaroon = if bytes.first() == Some(&MACAROON_V2) {
            Self(bytes.to_vec())
        } else {
            let text = std::str::from_utf8(bytes).map_err(|_| CredentialsError::NotAMacaroon)?;
            Self(
                decode(text)
                    .ok_or(CredentialsError::MacaroonEncoding)?
                    .to_vec(),
            )
        };
        if macaroon.0.first() != Some(&MACAROON_V2) || macaroon.0.len() < SMALLEST_MACAROON {
            return Err(CredentialsError::NotAMacaroon);
        }
        Ok(macaroon)
    }

    /// The secret itself, to store it in the vault or to send it to the node.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Macaroon {
    type Err = CredentialsError;

    fn from_str(text: &str) -> Result<Self, CredentialsError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Debug for Macaroon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Macaroon(…)")
    }
}

/// Hexadecimal or base64, with line breaks and padding as they come.
fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(
        text.chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                '+' => '-',
                '/' => '_',
                other => other,
            }),
    );
    if plain.is_empty() {
        return None;
    }
    let bytes = hex::decode(plain.as_bytes()).ok();
    bytes
        .or_else(|| BASE64.decode(plain.as_bytes()).ok())
        .map(Zeroizing::new)
}

/// Why a link, an address, a certificate or a macaroon cannot be used. The words are for the person who gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Another scheme.
    #[error("a link to a node begins with lndconnect://")]
    NotALink,
    /// Over 64 KiB.
    #[error("this is too long for a link, a certificate or a macaroon")]
    TooLong,
    /// Nothing before the port.
    #[error("the node's host is missing")]
    NoHost,
    /// Neither a name nor an IP address.
    #[error(
        "the host is neither a name nor an IP address: write host:port, for example node.example:10009"
    )]
    Host,
    /// No number from 1 to 65535.
    #[error("the port is a number from 1 to 65535; LND's is 10009")]
    Port,
    /// The link lacks it.
    #[error("the link contains no macaroon")]
    NoMacaroon,
    /// The link lacks it.
    #[error("the link contains no certificate: make one that does, or give the file tls.cert")]
    NoCertificate,
    /// Text that is none of what we read.
    #[error("the certificate is neither PEM nor base64 nor hexadecimal")]
    CertificateEncoding,
    /// Bytes that are something else.
    #[error("this is not a certificate: LND keeps its own in the file tls.cert")]
    NotACertificate,
    /// The most likely wrong file.
    #[error("this is a private key: keep it secret, and choose tls.cert instead")]
    PrivateKey,
    /// Text that is none of what we read.
    #[error("the macaroon is neither base64 nor hexadecimal")]
    MacaroonEncoding,
    /// Bytes that are something else.
    #[error("this is not a macaroon")]
    NotAMacaroon,
}

#[cfg(test)]
mod tests;
