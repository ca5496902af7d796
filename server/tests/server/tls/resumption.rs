//! Sessions that go on are those of the same name and the same listener alone.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, HandshakeKind, NamedGroup, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};

use super::{Files, Running, serve};

/// Takes up whatever session it has, whomever it was begun with.
#[derive(Debug, Default)]
struct Careless {
    old: Mutex<Option<Tls12ClientSessionValue>>,
    new: Mutex<Vec<Tls13ClientSessionValue>>,
}

impl ClientSessionStore for Careless {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, session: Tls12ClientSessionValue) {
        *self.old.lock().expect("a lock") = Some(session);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.old.lock().expect("a lock").clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.new.lock().expect("a lock").push(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.new.lock().expect("a lock").pop()
    }
}

/// A client with a certificate, which it shows to whoever asks.
fn client(files: &Files, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(files.path("authority.pem"));
    roots.add(authority.expect("PEM")).expect("an authority");
    let chain = CertificateDer::from_pem_file(files.path("client.pem")).expect("PEM");
    let key = PrivateKeyDer::from_pem_file(files.path("client.key")).expect("PEM");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![chain], key)
        .expect("a client's certificate");
    config.resumption = Resumption::store(Arc::new(Careless::default()));
    Arc::new(config)
}

/// Asks `server`, by `name`, and tells how TLS was agreed on.
fn ask(server: &Running, config: &Arc<ClientConfig>, name: &'static str) -> HandshakeKind {
    let name = ServerName::try_from(name).expect("a name");
    let tls = ClientConnection::new(Arc::clone(config), name).expect("a client");
    let stream = TcpStream::connect(server.addr()).expect("a connection");
    let mut stream = StreamOwned::new(tls, stream);
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stream.conn.handshake_kind().expect("a handshake")
}

#[test]
fn a_session_goes_on_for_its_own_name_and_for_no_other() {
    let files = Files::new();
    let other = (files.path("other.pem"), files.path("other.key"));
    let server = serve(files.config().and_pem(other.0, other.1));
    for version in [&TLS12, &TLS13] {
        let config = client(&files, version);
        let ask = |name| ask(&server, &config, name);
        assert_eq!(ask("localhost"), HandshakeKind::Full);
        assert_eq!(ask("localhost"), HandshakeKind::Resumed, "{version:?}");
        assert_eq!(ask("other.example"), HandshakeKind::Full, "{version:?}");
        assert_eq!(ask("a.other.example"), HandshakeKind::Full, "{version:?}");
    }
}

#[test]
fn a_session_of_a_listener_that_asks_for_no_certificate_opens_no_other() {
    let files = Files::new();
    let open = serve(files.config());
    let strict = files
        .config()
        .with_client_authorities(files.path("authority.pem"));
    let strict = serve(strict);
    for version in [&TLS12, &TLS13] {
        let config = client(&files, version);
        assert_eq!(ask(&open, &config, "localhost"), HandshakeKind::Full);
        assert_eq!(
            ask(&strict, &config, "localhost"),
            HandshakeKind::Full,
            "{version:?}"
        );
    }
}
