//! hyper's side: its service trait, and its way to take a connection over.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::hyper::{
    body::Incoming,
    rt::{Read, ReadBuf, Write},
    service::Service,
    upgrade::{OnUpgrade, Upgraded},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::runtime::Handle;

use super::{Answer, AppService};
use crate::{App, Body, Connection, Duplex, Io, Request, RequestExt, Response, Upgrade, Upgrading};

impl<A: App + 'static> Service<http::Request<Incoming>> for AppService<A> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: http::Request<Incoming>) -> Answer {
        self.answer(request.map(Body::new))
    }
}

/// A connection that the app may take over: hyper's `OnUpgrade` as the environ's [`Upgrade`].
///
/// It also stays in the extensions, for services that look for it there.
pub(super) struct Takeover(Option<Offered>);

struct Offered {
    upgrade: OnUpgrade,
    connection: std::sync::Arc<Connection>,
}

impl Takeover {
    pub(super) const POSSIBLE: bool = true;

    /// Offers it, where hyper and the client do and no host has done so.
    pub(super) fn offer(request: &mut Request) -> Takeover {
        let environ = request.environ();
        let offered = (|| {
            if environ.upgrade().is_some() {
                return None;
            }
            let protocol = requested_protocol(request.headers())?.clone();
            let upgrade = request.extensions().get::<OnUpgrade>()?.clone();
            let connection = environ.connection_shared();
            Some((
                protocol,
                Offered {
                    upgrade,
                    connection,
                },
            ))
        })();
        let Some((protocol, offered)) = offered else {
            return Takeover(None);
        };
        let environ = request.environ_mut();
        environ.set_upgrade(Upgrade::new(protocol));
        Takeover(Some(offered))
    }

    /// Runs the app's handler, where it accepted, once the connection is free.
    pub(super) fn begin(self, response: &Response) {
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        let upgrading = response.extensions().get::<Upgrading>().cloned();
        let (
            Some(Offered {
                upgrade,
                connection,
            }),
            Some(upgrading),
        ) = (self.0, upgrading)
        else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            let line = "a connection cannot be taken over outside of a tokio runtime";
            return connection.errors.report(line);
        };
        runtime.spawn(async move {
            match upgrade.await {
                Ok(upgraded) => upgrading.run(Io::new(Taken(upgraded))).await,
                Err(error) => {
                    let line = format!("a connection could not be taken over: {error}");
                    connection.errors.report(&line);
                }
            }
        });
    }
}

/// What the client wants to speak, where `Connection` says so as well (RFC 9110, section 7.8).
fn requested_protocol(headers: &HeaderMap) -> Option<&HeaderValue> {
    let upgrade = headers.get(header::UPGRADE)?;
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
        .then_some(upgrade)
}

/// A connection that hyper gave away.
struct Taken(Upgraded);

impl Duplex for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, buffer.unfilled()))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_requested_where_the_connection_field_says_so_too() {
        for (connection, requested) in [
            (Some("Upgrade"), true),
            (Some("keep-alive, upgrade"), true),
            (Some("keep-alive"), false),
            (Some("upgraded"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            if let Some(connection) = connection {
                headers.insert(header::CONNECTION, HeaderValue::from_static(connection));
            }
            let found = requested_protocol(&headers);
            assert_eq!(found.is_some(), requested, "{connection:?}");
        }
    }
}
