//! Who is shown which certificate, and who is let in.

use std::time::Duration;

use enfilade_core::{Request, RequestExt};
use enfilade_server::{Listen, Server, TlsConfig};
use quinn::TransportConfig;
use tokio::time::sleep;
use tokio_rustls::rustls::{
    ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};

use crate::{
    certificates::Certificates,
    client::{Client, start},
    support::Running,
};

async fn shown(request: Request) -> String {
    let tls = request.environ().connection().tls.clone();
    let tls = tls.expect("TLS was spoken");
    let name = tls.sni.as_deref().unwrap_or_default();
    format!("{name} {}", tls.client_certificates.len())
}

fn serve(tls: TlsConfig) -> Running {
    Running::at(Listen::at("127.0.0.1:0").with_tls(tls).with_http3(), shown)
}

async fn ask(server: &Running, certificates: &Certificates, name: &str, known: bool) -> String {
    let tls = certificates.client(known);
    let client = Client::with(server, name, tls, TransportConfig::default()).await;
    match client {
        Err(error) => format!("refused: {error}"),
        Ok(mut client) => {
            let request = client.request(http::Method::GET, "/");
            let Ok(mut stream) = client.sender.send_request(request).await else {
                return "refused later".to_owned();
            };
            let _ = stream.finish().await;
            match crate::client::try_receive(&mut stream).await {
                Ok(answer) => answer.text().to_owned(),
                Err(_) => "refused later".to_owned(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_has_its_own_certificate() {
    let files = Certificates::new();
    let tls = files.tls();
    let server = serve(tls.and_pem(files.path("other.pem"), files.path("other.key")));
    assert_eq!(
        ask(&server, &files, "localhost", false).await,
        "localhost 0"
    );
    assert_eq!(
        ask(&server, &files, "other.example", false).await,
        "other.example 0"
    );
    let unknown = ask(&server, &files, "unknown.example", false).await;
    assert!(unknown.starts_with("refused"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_mutual_tls_only_clients_with_a_certificate_come_in() {
    let files = Certificates::new();
    let authorities = files.path("authority.pem");
    let server = serve(files.tls().with_client_authorities(&authorities));
    assert_eq!(ask(&server, &files, "localhost", true).await, "localhost 1");
    let refused = ask(&server, &files, "localhost", false).await;
    assert!(refused.starts_with("refused"), "{refused}");
    let optional = files.tls().with_optional_client_authorities(&authorities);
    let server = serve(optional);
    assert_eq!(ask(&server, &files, "localhost", true).await, "localhost 1");
    assert_eq!(
        ask(&server, &files, "localhost", false).await,
        "localhost 0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_renewed_is_shown_to_the_next_and_those_before_go_on() {
    let (server, files) = start(shown);
    let mut before = Client::of(&server, &files).await;
    files.renew();
    let mut renewed = false;
    for _ in 0..300 {
        let answer = ask(&server, &files, "other.example", false).await;
        renewed = answer == "other.example 0";
        if renewed {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(renewed);
    assert_eq!(before.get("/").await.text(), "localhost 0");
}

/// A configuration of rustls's own.
fn ready(files: &Certificates, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let chain = CertificateDer::from_pem_file(files.path("server.pem")).expect("PEM");
    let key = PrivateKeyDer::from_pem_file(files.path("server.key")).expect("PEM");
    ServerConfig::builder_with_protocol_versions(versions)
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("they belong together")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_of_rustls_is_taken_where_it_has_tls_1_3() {
    let files = Certificates::new();
    let config = |versions: &[_]| TlsConfig::from_rustls(ready(&files, versions).into());
    let server = serve(config(&[&TLS13]));
    assert_eq!(
        ask(&server, &files, "localhost", false).await,
        "localhost 0"
    );
    let listen = Listen::at("127.0.0.1:0")
        .with_tls(config(&[&TLS12]))
        .with_http3();
    let error = Server::bind(listen).listen().expect_err("it cannot start");
    assert!(error.to_string().contains("it needs TLS 1.3"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn early_data_is_not_taken_also_where_tls_would() {
    let files = Certificates::new();
    let mut config = ready(&files, &[&TLS13]);
    config.max_early_data_size = u32::MAX;
    let server = serve(TlsConfig::from_rustls(config.into()));
    let mut tls = files.client(false);
    tls.enable_early_data = true;
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().expect("an address"));
    let mut endpoint = endpoint.expect("a socket");
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(tls).expect("TLS 1.3");
    endpoint.set_default_client_config(quinn::ClientConfig::new(std::sync::Arc::new(crypto)));
    let first = endpoint
        .connect(server.addr(), "localhost")
        .expect("it can begin");
    let first = first.await.expect("it is let in");
    let (mut send, mut receive) = first.open_bi().await.expect("room");
    send.write_all(crate::client::GET).await.expect("room");
    send.finish().expect("it is open");
    receive.read_to_end(1 << 16).await.expect("an answer");
    // By now it has a ticket, and could say something with the first packet.
    let second = endpoint
        .connect(server.addr(), "localhost")
        .expect("it can begin");
    assert!(second.into_0rtt().is_err());
}
