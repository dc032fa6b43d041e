//! `lndconnect` links, as a node's owner makes them.

use anyhow::{Context, Result};
use data_encoding::{BASE64_MIME, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use lnd::permission;

use crate::regtest::Lnd;

/// Address, certificate and a macaroon that may do what Heliograph needs and no more.
///
/// # Errors
/// When the node does not answer.
pub async fn lndconnect(node: &Lnd) -> Result<String> {
    with(node, &node.address(), node).await
}

/// The same with another address.
///
/// # Errors
/// When the node does not answer.
pub async fn with_address(node: &Lnd, address: &str) -> Result<String> {
    with(node, address, node).await
}

/// The same with the certificate of another node.
///
/// # Errors
/// When the node does not answer.
pub async fn with_certificate_of(node: &Lnd, other: &Lnd) -> Result<String> {
    with(node, &node.address(), other).await
}

async fn with(node: &Lnd, address: &str, shown: &Lnd) -> Result<String> {
    let macaroon = node
        .bake(permission::TABLE.iter().map(|rpc| rpc.path))
        .await?;
    let macaroon = HEXLOWER_PERMISSIVE.decode(macaroon.as_bytes())?;
    let pem = std::fs::read_to_string(shown.certificate()).context("the certificate")?;
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    let certificate = BASE64_MIME.decode(body.as_bytes())?;
    Ok(format!(
        "lndconnect://{address}?cert={}&macaroon={}",
        BASE64URL_NOPAD.encode(&certificate),
        BASE64URL_NOPAD.encode(&macaroon)
    ))
}
