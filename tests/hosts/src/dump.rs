//! Apps that answer with what the web server sent them, raw: one `NAME=value` a line.
//!
//! They read the protocols by themselves, as simply as can be: what Enfilade's hosts make of it is
//! checked with what these write. They trust the web server, and are for tests alone.

mod fastcgi;
mod scgi;
mod uwsgi;

use std::{
    env, fs,
    io::{self, Read, Write},
    net::TcpListener,
    os::{
        fd::AsFd,
        unix::{ffi::OsStringExt, fs::PermissionsExt, net::UnixListener},
    },
    thread,
};

use crate::Protocol;

/// What arrived.
#[derive(Debug, Default)]
struct Arrived {
    /// What else the protocol says, such as the role that is asked for.
    note: Option<String>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

/// A connection.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

type Answer = fn(&mut dyn Stream) -> io::Result<()>;

/// Serves at `place`, in threads that end with the process.
///
/// # Errors
///
/// If nothing can be bound there, or the protocol has none of its own here.
pub fn serve(protocol: Protocol, place: &str) -> io::Result<()> {
    let answer = match protocol {
        Protocol::FastCgi => fastcgi::answer,
        Protocol::Scgi => scgi::answer,
        Protocol::Uwsgi => uwsgi::answer,
        Protocol::Http | Protocol::Cgi | Protocol::FastCgiSpawned => {
            return Err(io::ErrorKind::Unsupported.into());
        }
    };
    if let Some(path) = place.strip_prefix("unix:") {
        let listener = UnixListener::bind(path)?;
        // Web servers have workers of another user.
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        thread::spawn(move || listener.incoming().for_each(|stream| each(stream, answer)));
    } else {
        let listener = TcpListener::bind(place)?;
        thread::spawn(move || listener.incoming().for_each(|stream| each(stream, answer)));
    }
    Ok(())
}

/// The program for CGI, and for FastCGI with a listening socket as standard input.
///
/// # Errors
///
/// If standard input or output cannot be used.
pub fn program() -> io::Result<()> {
    if env::var_os("GATEWAY_INTERFACE").is_some() {
        return cgi();
    }
    let listener = UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let answer: Answer = fastcgi::answer;
    listener.incoming().for_each(|stream| each(stream, answer));
    Ok(())
}

fn each(stream: io::Result<impl Stream + Send + 'static>, answer: Answer) {
    if let Ok(mut stream) = stream {
        // A client that is not understood gets no answer, and the record says so.
        thread::spawn(move || answer(&mut stream));
    }
}

fn cgi() -> io::Result<()> {
    let mut arrived = Arrived {
        variables: env::vars_os()
            .map(|(name, value)| (name.into_vec(), value.into_vec()))
            .collect(),
        ..Arrived::default()
    };
    // Without a length, the body ends with the stream.
    let limit = length(&arrived.variables).unwrap_or(u64::MAX);
    io::stdin().take(limit).read_to_end(&mut arrived.body)?;
    io::stdout().write_all(&arrived.response("Status:"))
}

fn length(variables: &[(Vec<u8>, Vec<u8>)]) -> Option<u64> {
    let (_, value) = variables
        .iter()
        .find(|(name, _)| name == b"CONTENT_LENGTH")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Reads exactly as many bytes.
fn exactly(stream: &mut dyn Stream, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

impl Arrived {
    /// The answer: sorted, for what has an order in no protocol; variables that come twice stay in
    /// theirs.
    fn response(mut self, status: &str) -> Vec<u8> {
        self.variables.sort_by(|a, b| a.0.cmp(&b.0));
        let mut text: String = self.note.iter().map(|note| format!("# {note}\n")).collect();
        for (name, value) in &self.variables {
            text += &format!("{}={}\n", escaped(name), escaped(value));
        }
        if !self.body.is_empty() {
            text += &format!("< {}\n", escaped(&self.body));
        }
        let length = text.len();
        format!(
            "{status} 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}"
        )
        .into_bytes()
    }
}

/// Printable ASCII as it is, and the rest as `\x0A`; a backslash is two.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text += &format!("\\x{byte:02X}"),
        }
    }
    text
}
