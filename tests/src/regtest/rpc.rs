//! The generated clients, and a channel to a node whose certificate is pinned.

use std::path::Path;

use anyhow::{Context, Result};
use lnd::CertDer;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Room for the whole graph.
pub(super) const LARGEST_ANSWER: usize = 64 << 20;

macro_rules! generated {
    ($name:ident, $package:tt) => {
        #[allow(missing_docs, clippy::all, reason = "generated")]
        pub mod $name {
            tonic::include_proto!($package);
        }
    };
}
generated!(lnrpc, "lnrpc");
generated!(routerrpc, "routerrpc");
generated!(invoicesrpc, "invoicesrpc");
generated!(signrpc, "signrpc");

/// A connection with a macaroon.
pub type Connection = InterceptedService<Channel, Macaroon>;

/// Shows the macaroon with each call.
#[derive(Clone)]
pub struct Macaroon(Option<AsciiMetadataValue>);

impl Interceptor for Macaroon {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(macaroon) = &self.0 {
            request.metadata_mut().insert("macaroon", macaroon.clone());
        }
        Ok(request)
    }
}

/// A connection that is made at the first call; `macaroon` is a file, `None` for the calls that need none.
pub(super) fn connection(
    address: &str,
    certificate: &Path,
    macaroon: Option<&Path>,
) -> Result<Connection> {
    let cert = CertDer::from_bytes(&std::fs::read(certificate)?).context("the certificate")?;
    let channel = lnd::grpc::channel(address, &cert);
    let macaroon = macaroon
        .map(|file| -> Result<_> {
            Ok(AsciiMetadataValue::try_from(hex::encode(std::fs::read(
                file,
            )?))?)
        })
        .transpose()
        .context("the node's macaroon")?;
    Ok(InterceptedService::new(channel, Macaroon(macaroon)))
}
