//! The line to the node: TCP, TLS with the pinned certificate, HTTP/2. It connects when it is needed, and again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::credentials::{CertDer, Macaroon};
use crate::error::LinkFault;

/// Name, TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A line without a sign of life is asked; LND takes more than one question in 5 s amiss.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const HTTP2: &[u8] = b"h2";

/// Opens the channel. No connection is made before the first call, and a broken one is made anew by the next call.
/// Must be called inside a tokio runtime.
#[cfg_attr(
    not(feature = "test-world"),
    allow(unreachable_pub, reason = "public for tests only")
)]
pub fn channel(address: &str, cert: &CertDer) -> Channel {
    let dialer = Dialer {
        address: address.into(),
        tls: tls(cert),
    };
    // The address of the endpoint is only a name: the dialer knows where to go, and does TLS itself.
    Endpoint::from_static("http://lnd")
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .connect_with_connector_lazy(tower::service_fn(move |_| {
            let dialer = dialer.clone();
            async move { dialer.dial().await.map(TokioIo::new).map_err(DialError) }
        }))
}

/// Carries a fault through the layers of the channel to where errors are read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct DialError(pub(super) LinkFault);

#[derive(Clone)]
struct Dialer {
    address: Arc<str>,
    tls: Result<TlsConnector, LinkFault>,
}

impl Dialer {
    async fn dial(&self) -> Result<TlsStream<TcpStream>, LinkFault> {
        let tls = self.tls.clone()?;
        let (host, _) = self
            .address
            .rsplit_once(':')
            .ok_or(LinkFault::HostUnknown)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // The pin decides, not the name. A name that TLS cannot carry is left out by naming an address.
        let name = ServerName::try_from(host.to_owned())
            .unwrap_or_else(|_| ServerName::from(std::net::Ipv4Addr::LOCALHOST));
        let connect = async {
            let found = tokio::net::lookup_host(&*self.address).await;
            let found: Vec<_> = found.map_err(|_| LinkFault::HostUnknown)?.collect();
            let tcp = TcpStream::connect(found.as_slice())
                .await
                .map_err(|error| tcp_fault(&error))?;
            // Small calls wait for nobody.
            tcp.set_nodelay(true).map_err(|error| tcp_fault(&error))?;
            let stream = tls
                .connect(name, tcp)
                .await
                .map_err(|error| tls_fault(&error))?;
            if stream.get_ref().1.alpn_protocol() == Some(HTTP2) {
                Ok(stream)
            } else {
                // For example LND's own REST port, which shows the same certificate.
                Err(LinkFault::WrongPort)
            }
        };
        timeout(CONNECT_TIMEOUT, connect)
            .await
            .unwrap_or(Err(LinkFault::Timeout))
    }
}

fn tcp_fault(error: &io::Error) -> LinkFault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => LinkFault::Refused,
        io::ErrorKind::TimedOut => LinkFault::Timeout,
        _ => LinkFault::Broken(error.to_string()),
    }
}

fn tls_fault(error: &io::Error) -> LinkFault {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::InvalidCertificate(_)), _) => LinkFault::WrongCertificate,
        // Whoever answers like this or hangs up at the first words speaks another language.
        (Some(_), _)
        | (
            None,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => LinkFault::WrongPort,
        (None, _) => tcp_fault(error),
    }
}

fn tls(cert: &CertDer) -> Result<TlsConnector, LinkFault> {
    let provider = Arc::new(ring::default_provider());
    let pin = Pin {
        cert: cert.as_bytes().to_vec(),
        provider: Arc::clone(&provider),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| LinkFault::Broken(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pin))
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Takes exactly one certificate. LND's is its own authority and a leaf at the same time, which stock verifiers refuse;
/// a pin is also the stricter test. Names and dates do not matter: the owner imported this very certificate.
#[derive(Debug)]
struct Pin {
    cert: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.cert {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Shows the macaroon with every call.
#[derive(Clone)]
pub(super) struct MacaroonHeader(Option<MetadataValue<Ascii>>);

impl MacaroonHeader {
    pub(super) fn new(macaroon: &Macaroon) -> Self {
        let text = zeroize::Zeroizing::new(hex::encode(macaroon.expose()));
        let mut value = MetadataValue::try_from(text.as_str()).ok();
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        Self(value)
    }
}

impl Interceptor for MacaroonHeader {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("macaroon", value.clone());
        }
        Ok(request)
    }
}
