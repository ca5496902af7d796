//! Requests to an authority: [`Client`].

use std::{
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use enfilade_core::HostError;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use tokio::time::timeout;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::tls::files::certificates;

/// How long an authority may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer that is read, in bytes. A chain of certificates is some 10 KiB.
const LONGEST: usize = 1 << 20;

/// Speaks with an authority, over TLS alone, and remembers when it wants to be asked again.
#[derive(Clone)]
pub(super) struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, BodyWrapper<Bytes>>,
    retry_after: Arc<Mutex<Option<SystemTime>>>,
}

impl Client {
    /// `authorities`: whose certificates are believed, in place of those that the system believes.
    pub(super) fn new(authorities: Option<&Path>) -> Result<Client, HostError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                HostError::new("the cryptography here lacks TLS 1.2 or 1.3").because(error)
            })?;
        let config = match authorities {
            Some(path) => config.with_root_certificates(roots(path)?),
            None => config.try_with_platform_verifier().map_err(|error| {
                HostError::new("the system's own certificate authorities cannot be used")
                    .because(error)
            })?,
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config.with_no_client_auth())
            .https_only()
            .enable_http1()
            .build();
        Ok(Client {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            retry_after: Arc::default(),
        })
    }

    /// When the authority wants to be asked again, where its last refusal said so.
    pub(super) fn retry_after(&self) -> Option<SystemTime> {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SystemTime>> {
        let lock = self.retry_after.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let posts = *request.method() == Method::POST;
        let sent = self.pool.request(request).await;
        let response = sent.map_err(|error| Error::Other(Box::new(error)))?;
        let status = response.status();
        let fails = !status.is_success();
        if fails {
            *self.lock() = retry_after(response.headers());
        }
        let is_problem = is_problem(response.headers());
        let (parts, body) = collect(response).await?;
        if fails && !is_problem {
            return Err(Error::Other(format!("it answered {status}").into()));
        }
        if fails && !posts {
            // Nobody looks at the status of what was not posted.
            let problem: Problem = serde_json::from_slice(&body)?;
            return Err(Error::Api(problem));
        }
        Ok(BytesResponse {
            parts,
            body: Box::new(body),
        })
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let exchange = self.clone().exchange(request);
        Box::pin(async move {
            let answered = timeout(PATIENCE, exchange).await;
            answered.unwrap_or_else(|_| {
                let message = format!("it did not answer within {PATIENCE:?}");
                Err(Error::Other(message.into()))
            })
        })
    }
}

async fn collect(response: Response<Incoming>) -> Result<(http::response::Parts, Bytes), Error> {
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, LONGEST).collect().await;
    Ok((parts, body.map_err(Error::Other)?.to_bytes()))
}

fn is_problem(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/problem+json")
}

/// RFC 9110, section 10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<SystemTime> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => SystemTime::now().checked_add(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok(),
    }
}

fn roots(path: &Path) -> Result<RootCertStore, HostError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots.add(authority).map_err(|error| {
            let path = path.display();
            HostError::new(format!("a certificate in {path} cannot be an authority")).because(error)
        })?;
    }
    Ok(roots)
}
