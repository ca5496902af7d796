//! The connection to the runtime interface: [`Link`].

use bytes::Bytes;
use enfilade_core::{Body, BoxError, HostError};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// More than Lambda hands over: 6 MB, in base64 and JSON.
const LARGEST_EVENT: usize = 32 * 1024 * 1024;

/// One connection, which is opened when it is needed.
pub(super) struct Link {
    address: String,
    sender: Option<http1::SendRequest<Body>>,
}

impl Link {
    pub(super) fn to(address: &str) -> Link {
        Link {
            address: address.to_owned(),
            sender: None,
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request, and reads the answer whole.
    pub(super) async fn call(
        &mut self,
        request: http::Request<Body>,
    ) -> Result<(http::response::Parts, Bytes), HostError> {
        let broken = |error: BoxError| {
            HostError::new("the connection to Lambda's runtime interface broke off").because(error)
        };
        let sender = self.sender().await?;
        let response = sender.send_request(request).await;
        let (head, body) = response.map_err(|error| broken(error.into()))?.into_parts();
        let body = Limited::new(body, LARGEST_EVENT)
            .collect()
            .await
            .map_err(broken)?;
        Ok((head, body.to_bytes()))
    }

    /// The connection; a new one, where the last one has ended.
    async fn sender(&mut self) -> Result<&mut http1::SendRequest<Body>, HostError> {
        let mut kept = self.sender.take();
        let open = match &mut kept {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        let sender = match kept.filter(|_| open) {
            Some(sender) => sender,
            None => connect(&self.address).await?,
        };
        Ok(self.sender.insert(sender))
    }
}

async fn connect(address: &str) -> Result<http1::SendRequest<Body>, HostError> {
    let failed = |error: BoxError| {
        HostError::new(format!(
            "cannot reach Lambda's runtime interface at {address:?}; Lambda says where it is in \
             AWS_LAMBDA_RUNTIME_API, a host and a port"
        ))
        .because(error)
    };
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| failed(error.into()))?;
    stream
        .set_nodelay(true)
        .map_err(|error| failed(error.into()))?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.into()))?;
    // It ends with its sender; what goes wrong with it is told there.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
