//! What of the configurations is another in a test: [`Settings`].

use std::{
    io,
    net::TcpListener,
    path::PathBuf,
    sync::atomic::{AtomicU16, Ordering},
};

use crate::WebServer;

/// Ports that are free, and a folder.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Below which everything is that the configurations have in `/run/enfilade` and `/srv/enfilade`.
    pub(crate) folder: PathBuf,
    /// Ports of the configurations, and those in place of them.
    ports: Vec<(u16, u16)>,
}

impl Settings {
    /// Settings for `server`, with ports that nobody listens at.
    pub(crate) fn new(server: &WebServer, folder: PathBuf) -> io::Result<Settings> {
        let own = server.ports();
        let free = free_ports(own.len())?;
        Ok(Settings {
            folder,
            ports: own.into_iter().zip(free).collect(),
        })
    }

    /// The port in place of one of the configuration's.
    pub(crate) fn port(&self, own: u16) -> u16 {
        let port = self.ports.iter().find(|(port, _)| *port == own);
        port.map_or(own, |(_, port)| *port)
    }

    /// A text of the configuration's.
    pub(crate) fn apply(&self, text: &str) -> String {
        let folder = self.folder.display().to_string();
        let text = text
            .replace("/run/enfilade", &folder)
            .replace("/srv/enfilade", &folder);
        // Each port once, so that none is taken for one that was put in.
        let mut applied = String::new();
        let mut rest = &*text;
        while let Some(at) = rest.find("80") {
            let (before, from) = rest.split_at(at);
            applied += before;
            let number = from.get(..4).and_then(|digits| digits.parse().ok());
            let port = number.filter(|own| self.ports.iter().any(|(port, _)| port == own));
            let length = if port.is_some() { 4 } else { 2 };
            match port {
                Some(port) => applied += &self.port(port).to_string(),
                None => applied += &from[..length],
            }
            rest = &from[length..];
        }
        applied + rest
    }

    /// The other way round: what a web server or an app wrote, in the configuration's words.
    pub(crate) fn undo(&self, text: &str) -> String {
        let folder = self.folder.display().to_string();
        let mut text = text.replace(&folder, "/srv/enfilade");
        for (own, port) in &self.ports {
            text = text.replace(&port.to_string(), &own.to_string());
        }
        text
    }
}

/// Ports that nobody listens at, below those that the system gives to connections.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).unwrap_or_default();
    let mut ports = Vec::with_capacity(count);
    for _ in 0..2000 {
        let port = 10_000 + own * 40 + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            ports.push(port);
        }
        if ports.len() == count {
            return Ok(ports);
        }
    }
    Err(io::Error::other("no free ports"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WEB_SERVERS;

    #[test]
    fn every_configuration_has_its_ports_and_its_folder_and_nothing_of_it_is_left() {
        for server in WEB_SERVERS {
            let settings = Settings::new(server, "/tmp/x".into()).expect("ports");
            let text = settings.apply(server.config);
            for door in server.doors.iter().chain(&server.files) {
                assert!(
                    server.config.contains(&door.port.to_string()),
                    "{}",
                    door.name
                );
                assert!(!text.contains(&format!(":{}", door.port)), "{}", door.name);
            }
            let commands = text
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'));
            assert!(
                commands.clone().all(|line| !line.contains("/enfilade")),
                "{}",
                server.name
            );
            assert_eq!(settings.apply("80"), "80");
        }
    }
}
