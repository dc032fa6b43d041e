//! JSON-RPC over HTTPS, as btcd speaks it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// `dev:dev`, as HTTP wants it.
const BASIC: &str = "Basic ZGV2OmRldg==";
/// As many questions go into one request.
const BATCH: usize = 100;

/// A client of one btcd.
#[derive(Debug)]
pub(super) struct JsonRpc {
    address: String,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl JsonRpc {
    /// A client that trusts this certificate only.
    pub(super) fn new(port: u16, certificate: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate)?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1();
        let http = Client::builder(TokioExecutor::new()).build(https.build());
        Ok(Self {
            address: format!("https://localhost:{port}/"),
            http,
        })
    }

    /// Asks one thing.
    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value> {
        let mut answers = self.call_all(method, vec![params]).await?;
        answers.pop().context("no answer")
    }

    /// Asks the same with each of these parameters, in order.
    pub(super) async fn call_all(&self, method: &str, all: Vec<Value>) -> Result<Vec<Value>> {
        let mut answers = Vec::with_capacity(all.len());
        for some in all.chunks(BATCH) {
            let batch: Vec<_> = some
                .iter()
                .enumerate()
                .map(|(id, params)| {
                    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
                })
                .collect();
            let replies = self.post(Value::Array(batch)).await?;
            let Value::Array(replies) = replies else {
                return Err(anyhow!("{method}: {replies}"));
            };
            ensure!(replies.len() == some.len(), "{method}: answers are missing");
            for mut reply in replies {
                match reply["error"].take() {
                    Value::Null => answers.push(reply["result"].take()),
                    error => return Err(anyhow!("{method}: {error}")),
                }
            }
        }
        Ok(answers)
    }

    async fn post(&self, body: Value) -> Result<Value> {
        let request = Request::post(&self.address)
            .header(AUTHORIZATION, BASIC)
            .body(Full::new(Bytes::from(body.to_string())))?;
        let bytes = self
            .http
            .request(request)
            .await?
            .into_body()
            .collect()
            .await?
            .to_bytes();
        serde_json::from_slice(&bytes).with_context(|| String::from_utf8_lossy(&bytes).into_owned())
    }
}
