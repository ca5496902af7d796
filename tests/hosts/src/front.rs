//! A web server that runs: [`Front`].

use std::{
    fmt, fs, io,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{Door, Protocol, WebServer};

/// A web server in the foreground, as a child of this process, on loopback ports that were free. It
/// is stopped when this is dropped.
///
/// The app is expected at the sockets [`Front::socket`], and need not be there yet.
#[derive(Debug)]
pub struct Front {
    server: &'static WebServer,
    child: Child,
    ports: Vec<u16>,
    // Dropped last: the child still writes there.
    folder: TempDir,
}

impl Front {
    /// Starts `server`, and waits until it answers. `program` is what CGI and mod_fcgid start; by
    /// default nothing is there.
    ///
    /// # Errors
    ///
    /// If the web server is not installed, or ends, or does not answer within 20 seconds; with what
    /// it wrote.
    pub fn start(server: &'static WebServer, program: Option<&Path>) -> Result<Front, NotStarted> {
        let path = server.path().ok_or(NotStarted::NotInstalled(server))?;
        let folder = prepare(program).map_err(NotStarted::Prepare)?;
        // Somebody else may take a port between the choice and the start.
        let mut tries = 3;
        loop {
            let ports = free_ports(server.doors.len()).map_err(NotStarted::Prepare)?;
            let mut child =
                spawn(server, &path, folder.path(), &ports).map_err(NotStarted::Prepare)?;
            match wait(&mut child, &ports) {
                Ok(()) => {
                    return Ok(Front {
                        server,
                        child,
                        ports,
                        folder,
                    });
                }
                Err(why) => {
                    stop(&mut child);
                    tries -= 1;
                    if tries == 0 {
                        return Err(NotStarted::Silent {
                            server,
                            why,
                            log: log(folder.path()),
                        });
                    }
                }
            }
        }
    }

    /// The web server.
    #[must_use]
    pub const fn server(&self) -> &'static WebServer {
        self.server
    }

    /// Where a door of it is reached.
    ///
    /// # Panics
    ///
    /// If it is the door of another web server.
    #[must_use]
    pub fn address(&self, door: &Door) -> SocketAddr {
        let at = self
            .server
            .doors
            .iter()
            .position(|own| own.name == door.name);
        let at = at.expect("the door is one of this web server's");
        SocketAddr::from(([127, 0, 0, 1], self.ports[at]))
    }

    /// Where it expects the app. Whoever listens there must let everybody connect, as web servers
    /// have workers of another user: see [`open_to_all`](Front::open_to_all).
    #[must_use]
    pub fn socket(&self, protocol: Protocol) -> Option<PathBuf> {
        Some(self.folder.path().join(protocol.socket()?))
    }

    /// Lets everybody connect to a socket.
    ///
    /// # Errors
    ///
    /// If its permissions cannot be changed.
    pub fn open_to_all(&self, protocol: Protocol) -> io::Result<()> {
        match self.socket(protocol) {
            Some(path) => fs::set_permissions(path, fs::Permissions::from_mode(0o666)),
            None => Ok(()),
        }
    }

    /// The folder of its files and sockets.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote so far, for the message of a failure.
    #[must_use]
    pub fn log(&self) -> String {
        log(self.folder.path())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Why a web server does not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotStarted {
    /// Its program was not found.
    NotInstalled(&'static WebServer),
    /// Its folder, its ports or its process could not be had.
    Prepare(io::Error),
    /// It ended, or did not answer.
    Silent {
        /// Which.
        server: &'static WebServer,
        /// What was seen.
        why: String,
        /// What it wrote.
        log: String,
    },
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotStarted::NotInstalled(server) => write!(f, "{} is not installed", server.program),
            NotStarted::Prepare(error) => write!(f, "cannot prepare a web server: {error}"),
            NotStarted::Silent { server, why, log } => write!(f, "{} {why}\n{log}", server.name),
        }
    }
}

impl std::error::Error for NotStarted {}

/// A folder that workers of other users can look into, with the program in it.
fn prepare(program: Option<&Path>) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("front").tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
    if let Some(program) = program {
        fs::copy(program, folder.path().join("app"))?;
    }
    Ok(folder)
}

/// Ports that nobody listens at, below those that the system gives to connections.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + (std::process::id() % 500) as u16 * 40;
    let mut ports = Vec::with_capacity(count);
    for _ in 0..2000 {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            ports.push(port);
        }
        if ports.len() == count {
            return Ok(ports);
        }
    }
    Err(io::Error::other("no free ports"))
}

fn spawn(server: &WebServer, path: &Path, folder: &Path, ports: &[u16]) -> io::Result<Child> {
    let own = |port| {
        let at = server.doors.iter().position(|door| door.port == port);
        at.map_or(port, |at| ports[at])
    };
    let config = folder.join("web-server.conf");
    fs::write(&config, server.configuration(folder, own))?;
    let output = fs::File::create(folder.join("output.log"))?;
    Command::new(path)
        .args(server.arguments)
        .arg(&config)
        // Apache hands its own environment on to the app.
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        // Its workers are reached by one signal, and the terminal's signals reach none of them.
        .process_group(0)
        .spawn()
}

/// Until every port answers.
fn wait(child: &mut Child, ports: &[u16]) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(20);
    for port in ports {
        while TcpStream::connect(("127.0.0.1", *port)).is_err() {
            match child.try_wait() {
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(20)),
                Ok(None) => return Err("does not answer within 20 seconds".to_owned()),
                Ok(Some(status)) => return Err(format!("ended: {status}")),
                Err(error) => return Err(format!("cannot be waited for: {error}")),
            }
        }
    }
    Ok(())
}

/// Asks it to end, then its whole group less kindly.
fn stop(child: &mut Child) {
    let process = child.id().to_string();
    signal("-TERM", &process);
    let until = Instant::now() + Duration::from_secs(5);
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        sleep(Duration::from_millis(10));
    }
    // What is left of the group is what it has started: workers, CGI programs.
    signal("-KILL", &format!("-{process}"));
    // There is nothing to do about a child that cannot be waited for.
    let _ = child.wait();
}

fn signal(name: &str, process: &str) {
    // That nobody is left to get it is the usual case.
    let _ = Command::new("kill")
        .args([name, "--", process])
        .stderr(Stdio::null())
        .status();
}

fn log(folder: &Path) -> String {
    ["output.log", "error.log"]
        .iter()
        .filter_map(|name| fs::read(folder.join(name)).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}
