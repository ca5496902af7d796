//! A web server that runs: [`Front`].

use std::{
    env, fmt, fs, io,
    net::{SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{Door, Protocol, WebServer, settings::Settings};

/// A web server in the foreground, as a child of this process, on loopback ports that were free. It
/// is stopped when this is dropped.
///
/// The app is expected at [`Front::place`], and need not be there yet.
#[derive(Debug)]
pub struct Front {
    server: &'static WebServer,
    child: Child,
    settings: Settings,
    // Dropped last: the child still writes there.
    _folder: TempDir,
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
            let settings = Settings::new(server, folder.path().to_owned());
            let settings = settings.map_err(NotStarted::Prepare)?;
            let mut child = spawn(server, &path, &settings).map_err(NotStarted::Prepare)?;
            let ports = server.doors.iter().map(|door| settings.port(door.port));
            let Err(why) = wait(&mut child, ports) else {
                return Ok(Front {
                    server,
                    child,
                    settings,
                    _folder: folder,
                });
            };
            stop(&mut child);
            tries -= 1;
            if tries == 0 {
                let log = log(folder.path());
                return Err(NotStarted::Silent { server, why, log });
            }
        }
    }

    /// The same for a test: where the web server is not installed, it says so, and there is none. In
    /// CI nothing is skipped.
    ///
    /// # Panics
    ///
    /// If it does not start; with what it wrote.
    #[must_use]
    pub fn start_or_skip(server: &'static WebServer, program: &str) -> Option<Front> {
        match Front::start(server, Some(Path::new(program))) {
            Ok(front) => Some(front),
            Err(why @ NotStarted::NotInstalled(_)) if env::var_os("CI").is_none() => {
                eprintln!("SKIP {}: {why}", server.name);
                None
            }
            Err(why) => panic!("{why}"),
        }
    }

    /// The web server.
    #[must_use]
    pub const fn server(&self) -> &'static WebServer {
        self.server
    }

    /// Where a door of it is reached.
    #[must_use]
    pub fn address(&self, door: &Door) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.settings.port(door.port)))
    }

    /// Where it expects the app, such as `unix:/run/site.sock`. Whoever listens at a Unix socket must
    /// let everybody connect, as web servers have workers of another user.
    #[must_use]
    pub fn place(&self, protocol: Protocol) -> Option<String> {
        Some(self.settings.apply(protocol.place()?))
    }

    /// Where apps behind it write down what no answer tells: beside the program that it starts.
    #[must_use]
    pub fn notes(&self) -> PathBuf {
        self.settings.folder.join("notes")
    }

    /// What it, or an app behind it, wrote, with the ports and folders of the configuration.
    #[must_use]
    pub fn settled(&self, text: &str) -> String {
        self.settings.undo(text)
    }

    /// What it wrote so far, for the message of a failure.
    #[must_use]
    pub fn log(&self) -> String {
        log(&self.settings.folder)
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
    let notes = folder.path().join("notes");
    fs::create_dir(&notes)?;
    for folder in [folder.path(), &notes] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777))?;
    }
    if let Some(program) = program {
        fs::copy(program, folder.path().join("app"))?;
    }
    Ok(folder)
}

fn spawn(server: &WebServer, path: &Path, settings: &Settings) -> io::Result<Child> {
    let config = settings.folder.join("web-server.conf");
    fs::write(&config, settings.apply(server.config))?;
    let output = fs::File::create(settings.folder.join("output.log"))?;
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
fn wait(child: &mut Child, ports: impl Iterator<Item = u16>) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(20);
    for port in ports {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
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
