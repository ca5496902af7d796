//! The web servers that there are: [`WebServer`].

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// A web server, and its configuration in this package.
#[derive(Debug)]
pub struct WebServer {
    /// `nginx`, `apache`, `lighttpd`, `haproxy`.
    pub name: &'static str,
    /// The program, to be found in `PATH` or in `/usr/sbin`.
    pub program: &'static str,
    /// A file that it needs beside its program.
    module: Option<&'static str>,
    /// What takes it into the foreground, before the path of its configuration.
    pub(crate) arguments: &'static [&'static str],
    /// Asks for the version.
    version: &'static str,
    pub(crate) config: &'static str,
    /// What it listens for, one port each.
    pub doors: &'static [Door],
    /// Where it has files of its own, for which it asks an app who may have them, by FastCGI.
    pub files: Option<Door>,
}

/// A port of a web server, and how it hands on what comes there.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Names the pair of web server and protocol, such as `nginx-fastcgi`.
    pub name: &'static str,
    /// The same, where the app is below a prefix.
    pub below: &'static str,
    /// As the configuration says it.
    pub(crate) port: u16,
    /// How it reaches the app.
    pub protocol: Protocol,
}

/// How a web server reaches the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// As a client of HTTP/1.1.
    Http,
    /// By starting a program for each request.
    Cgi,
    /// By starting a program that gets a listening socket as its standard input.
    FastCgiSpawned,
    /// As a client of FastCGI.
    FastCgi,
    /// As a client of SCGI.
    Scgi,
    /// As a client of the uwsgi protocol.
    Uwsgi,
}

impl Protocol {
    /// Where the configurations expect the app, as `ENFILADE_LISTEN` has it; nowhere where the web
    /// server starts it.
    pub(crate) const fn place(self) -> Option<&'static str> {
        match self {
            Protocol::Http => Some("unix:/run/enfilade/http.sock"),
            Protocol::FastCgi => Some("127.0.0.1:8051"),
            Protocol::Scgi => Some("127.0.0.1:8052"),
            Protocol::Uwsgi => Some("127.0.0.1:8053"),
            Protocol::Cgi | Protocol::FastCgiSpawned => None,
        }
    }
}

/// A door, with its two names.
macro_rules! door {
    ($name:literal, $port:literal, $protocol:ident) => {
        Door {
            name: $name,
            below: concat!($name, "-ext"),
            port: $port,
            protocol: Protocol::$protocol,
        }
    };
}

impl Door {
    /// Its port as the configuration says it.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// All of them.
pub const WEB_SERVERS: &[WebServer] = &[
    WebServer {
        name: "nginx",
        program: "nginx",
        module: None,
        arguments: &["-c"],
        version: "-v",
        config: include_str!("../nginx.conf"),
        doors: &[
            door!("nginx-http", 8010, Http),
            door!("nginx-fastcgi", 8011, FastCgi),
            door!("nginx-scgi", 8012, Scgi),
            door!("nginx-uwsgi", 8013, Uwsgi),
        ],
        files: None,
    },
    WebServer {
        name: "apache",
        program: "apache2",
        module: Some("/usr/lib/apache2/modules/mod_fcgid.so"),
        arguments: &["-DFOREGROUND", "-f"],
        version: "-v",
        config: include_str!("../apache.conf"),
        doors: &[
            door!("apache-http", 8020, Http),
            door!("apache-cgi", 8021, Cgi),
            door!("apache-fcgid", 8022, FastCgiSpawned),
            door!("apache-fastcgi", 8023, FastCgi),
            door!("apache-scgi", 8024, Scgi),
            door!("apache-uwsgi", 8025, Uwsgi),
        ],
        files: None,
    },
    WebServer {
        name: "lighttpd",
        program: "lighttpd",
        module: None,
        arguments: &["-D", "-f"],
        version: "-v",
        config: include_str!("../lighttpd.conf"),
        doors: &[
            door!("lighttpd-http", 8030, Http),
            door!("lighttpd-cgi", 8031, Cgi),
            door!("lighttpd-fastcgi", 8032, FastCgi),
            door!("lighttpd-scgi", 8033, Scgi),
            door!("lighttpd-uwsgi", 8034, Uwsgi),
        ],
        files: Some(door!("lighttpd-authorizer", 8035, FastCgi)),
    },
    WebServer {
        name: "haproxy",
        program: "haproxy",
        module: None,
        arguments: &["-db", "-f"],
        version: "-v",
        config: include_str!("../haproxy.cfg"),
        doors: &[
            door!("haproxy-http", 8040, Http),
            door!("haproxy-fastcgi", 8041, FastCgi),
        ],
        files: None,
    },
];

impl WebServer {
    /// The web server that has the door of this name, and the door.
    #[must_use]
    pub fn with_door(name: &str) -> Option<(&'static WebServer, &'static Door)> {
        WEB_SERVERS
            .iter()
            .flat_map(|server| server.doors.iter().map(move |door| (server, door)))
            .find(|(_, door)| door.name == name)
    }

    /// Where its program is, if it is installed with all that it needs.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        if self
            .module
            .is_some_and(|module| !Path::new(module).exists())
        {
            return None;
        }
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders)
            .chain([PathBuf::from("/usr/sbin")])
            .map(|folder| folder.join(self.program))
            .find(|path| path.is_file())
    }

    /// What it says of its version: the number alone, such as `1.22.1`.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let said = Command::new(self.path()?).arg(self.version).output().ok()?;
        let said = [said.stdout, said.stderr].concat();
        number(&String::from_utf8_lossy(&said))
    }

    /// The ports of its configuration: those that it listens at, then those of apps.
    pub(crate) fn ports(&self) -> Vec<u16> {
        self.doors
            .iter()
            .chain(&self.files)
            .map(|door| door.port)
            .chain([8051, 8052, 8053])
            .collect()
    }
}

/// The first number with a dot in it.
fn number(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_number_with_a_dot() {
        for (said, version) in [
            ("nginx version: nginx/1.22.1\n", "1.22.1"),
            ("Server version: Apache/2.4.71 (Debian)\n", "2.4.71"),
            (
                "lighttpd/1.4.69 (ssl) - a light and fast webserver\n",
                "1.4.69",
            ),
            ("HAProxy version 2.6.12-1+deb12u4 2026/01/01 -\n", "2.6.12"),
        ] {
            assert_eq!(number(said).as_deref(), Some(version));
        }
    }
}
