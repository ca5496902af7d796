//! An authority of one's own: pebble, and a server of names that leads all of them to loopback.

use std::{
    collections::HashMap,
    fs::File,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tempfile::TempDir;

use crate::support::curl;

/// Where an authority will be, and what it needs. It does not run yet.
pub struct Authority {
    folder: TempDir,
    port: u16,
    management: u16,
    http: u16,
    tls: u16,
    external: Option<(&'static str, &'static str)>,
}

impl Authority {
    /// One that looks at these ports.
    pub fn looking_at(http: u16, tls: u16) -> Authority {
        let folder = tempfile::tempdir().expect("a directory");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["localhost".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .expect("a certificate");
        let authority = Authority {
            folder,
            port: free_port(),
            management: free_port(),
            http,
            tls,
            external: None,
        };
        authority.write("own.pem", &certificate.pem());
        authority.write("own.key", &key.serialize_pem());
        authority
    }

    /// It gives accounts to those alone whom it knows by this name and key.
    pub fn knowing(mut self, name: &'static str, key: &'static str) -> Authority {
        self.external = Some((name, key));
        self
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// What to believe in when the directory is asked.
    pub fn roots(&self) -> PathBuf {
        self.path("own.pem")
    }

    /// Starts it, with what it has in its environment. It forgets all when it is dropped.
    pub fn start(&self, environment: &[(&str, &str)]) -> Pebble<'_> {
        let dns = free_port();
        let names = Command::new("pebble-challtestsrv")
            .args(["-dns01", &format!("127.0.0.1:{dns}")])
            .args(["-management", &format!("127.0.0.1:{}", free_port())])
            .args(["-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .stdout(self.log("names.log"))
            .stderr(self.log("names.err"))
            .spawn()
            .expect("pebble-challtestsrv is there");
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": self.text("own.pem"),
            "privateKey": self.text("own.key"),
            "httpPort": self.http,
            "tlsPort": self.tls,
            "externalAccountBindingRequired": self.external.is_some(),
            "externalAccountMACKeys": self.external.iter().copied().collect::<HashMap<_, _>>(),
        }});
        self.write("config.json", &config.to_string());
        let authority = Command::new("pebble")
            .args(["-config", &self.text("config.json")])
            .args(["-dnsserver", &format!("127.0.0.1:{dns}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(self.log("pebble.log"))
            .stderr(self.log("pebble.err"))
            .spawn()
            .expect("pebble is there");
        let pebble = Pebble {
            authority: self,
            children: [names, authority],
        };
        let port = SocketAddr::from(([127, 0, 0, 1], self.management));
        assert!(
            soon(|| TcpStream::connect(port).is_ok()),
            "{}",
            pebble.said()
        );
        let root = curl(&[
            "--insecure",
            &format!("https://localhost:{}/roots/0", self.management),
        ]);
        self.write("root.pem", &root);
        pebble
    }

    fn log(&self, name: &str) -> File {
        File::create(self.path(name)).expect("it can be written")
    }
}

/// An authority that runs until it is dropped.
pub struct Pebble<'a> {
    authority: &'a Authority,
    children: [Child; 2],
}

impl Pebble<'_> {
    /// What curl says of `name` at `port`, where it believes this authority alone.
    pub fn curl(&self, name: &str, port: u16) -> String {
        let resolve = format!("{name}:{port}:127.0.0.1");
        let root = self.authority.text("root.pem");
        let url = format!("https://{name}:{port}/");
        curl(&["--cacert", &root, "--resolve", &resolve, &url])
    }

    pub fn said(&self) -> String {
        let read = |name| std::fs::read_to_string(self.authority.path(name)).expect("a log");
        format!("{}{}", read("pebble.log"), read("pebble.err"))
    }

    /// How many certificates it gave.
    pub fn given(&self) -> usize {
        self.said().matches("Issued certificate serial").count()
    }
}

impl Drop for Pebble<'_> {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().expect("it runs");
            child.wait().expect("it ended");
        }
    }
}

/// A port that is free for the moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Whether `holds` comes true within a minute: machines are slow at times.
pub fn soon(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Whether there is an authority to try things with, and a client to look with.
pub fn are_here() -> bool {
    for program in ["pebble", "pebble-challtestsrv", "openssl"] {
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|p| p.join(program).exists()));
        if !found {
            eprintln!("SKIP acme: {program} is not installed");
            return false;
        }
    }
    true
}
