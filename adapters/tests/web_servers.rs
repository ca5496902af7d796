//! What web servers really sent, replayed: whatever each makes of a request, the app gets the
//! request that the client wrote.
//!
//! `fixtures/web_servers/` has what was recorded, raw: behind `##` what it is about, behind `>` the lines of the
//! client, then either the web server's refusal behind `!`, or the variables as they came, and what
//! arrived of the body behind `<`.
#![cfg(all(unix, feature = "gateway"))]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use enfilade_adapters::gateway::{Import, Variables, content_length, request_from};
use enfilade_core::{Body, Connection, Peer, Request, RequestExt};

type Fields = BTreeMap<String, Vec<String>>;

/// One exchange of a fixture.
#[derive(Default)]
struct Exchange {
    title: String,
    sent: Vec<String>,
    refused: bool,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

/// What of a request is compared.
#[derive(Debug, PartialEq)]
struct Seen {
    line: String,
    script_name: String,
    fields: Fields,
}

fn fixtures() -> Vec<(String, Vec<Exchange>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/web_servers");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> (String, Vec<Exchange>) {
    let text = fs::read_to_string(file).expect("text");
    let mut exchanges: Vec<Exchange> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            exchanges.push(Exchange {
                title: title.to_owned(),
                ..Exchange::default()
            });
        }
        let Some(exchange) = exchanges.last_mut() else {
            continue;
        };
        match line.split_at_checked(2) {
            Some(("> ", line)) => exchange.sent.push(text_of(line)),
            Some(("! ", _)) => exchange.refused = true,
            Some(("< ", body)) => exchange.body = bytes_of(body),
            Some(("# " | "##", _)) | None => {}
            Some(_) => {
                let (name, value) = line.split_once('=').expect("a variable");
                exchange.variables.push((bytes_of(name), bytes_of(value)));
            }
        }
    }
    let name = file.file_stem().and_then(|name| name.to_str());
    (name.expect("a name").to_owned(), exchanges)
}

/// `\x0A` is a byte, `\\` a backslash, and all else itself.
fn bytes_of(line: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), line.as_bytes());
    loop {
        match rest {
            [] => return bytes,
            [b'\\', b'x', high, low, after @ ..] => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("digits"));
                rest = after;
            }
            [b'\\', b'\\', after @ ..] => {
                bytes.push(b'\\');
                rest = after;
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
}

fn text_of(line: &str) -> String {
    String::from_utf8(bytes_of(line)).expect("requests are UTF-8")
}

fn request(exchange: &Exchange, import: &Import) -> Request {
    let mut variables = Variables::new();
    for (name, value) in &exchange.variables {
        variables
            .push(name.clone(), value.clone())
            .expect("not too many");
    }
    request_from(variables, import, Connection::default(), Body::empty())
        .unwrap_or_else(|e| panic!("{}: {e}", exchange.title))
}

/// What belongs to the hop, to the framing or to the host's own facts is not compared.
/// `X-Hop` is what `Connection` names.
const APART: [&str; 4] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "expect",
];

fn seen(request: &Request) -> Seen {
    let mut fields = Fields::new();
    for (name, value) in request.headers() {
        if !APART.contains(&name.as_str()) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            fields.entry(name.to_string()).or_default().push(value);
        }
    }
    Seen {
        line: format!(
            "{} {} {:?}",
            request.method(),
            request.uri(),
            request.version()
        ),
        script_name: request.script_name().to_owned(),
        fields,
    }
}

/// What the client wrote, as the app is to see it.
fn wanted(exchange: &Exchange, is_mounted: bool) -> Seen {
    let mut fields = Fields::new();
    let lines = exchange.sent.iter().skip(1);
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').expect("a field");
        let name = name.to_ascii_lowercase();
        // `_` and `.` have no place in a name: `X_Foo` would be the variable of `X-Foo`.
        if !APART.contains(&&*name)
            && !name.contains(['_', '.'])
            && !matches!(&*name, "proxy" | "x-hop")
        {
            fields
                .entry(name)
                .or_default()
                .push(value.trim().to_owned());
        }
    }
    if let Some(cookies) = fields.get_mut("cookie") {
        *cookies = vec![cookies.join("; ")];
    }
    let target = exchange.sent[0].split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let below = ["/ext", "/%65xt"].into_iter().find(|prefix| {
        let rest = path.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    // `/ext/../x` is not below `/ext`.
    let below = below.filter(|_| is_mounted && !path.contains("/../x"));
    Seen {
        line: exchange.sent[0].clone(),
        script_name: below.unwrap_or_default().to_owned(),
        fields,
    }
}

/// What the web server makes of it before the host gets it.
fn altered(door: &str, title: &str, mut seen: Seen) -> Seen {
    let server = door.split('-').next().unwrap_or_default();
    let mut set = |name: &str, values: &[&str]| {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        seen.fields.insert(name.to_owned(), values);
    };
    match (server, title) {
        // Without `Connection`, nothing tells that the field is the connection's.
        (_, "a field of the connection") if matches!(door, "apache-fcgid" | "haproxy-fastcgi") => {
            set("x-hop", &["1"]);
        }
        // Repeated fields are joined, by Apache as if cookies were a list.
        ("apache", "fields that come twice") => {
            set("x-foo", &["one, two"]);
            set("cookie", &["a=1, b=2"]);
        }
        ("lighttpd", "fields that come twice") => set("x-foo", &["one, two"]),
        // lighttpd takes `_` and `.` for `-`, like CGI, so twins of names get through.
        ("lighttpd", "names with twins") => {
            set("x-forwarded-for", &["192.0.2.1", "192.0.2.2"]);
            set("x-under", &["u"]);
            set("x-dot", &["d"]);
        }
        ("lighttpd", "values") => drop(seen.fields.remove("x-empty")),
        // nginx splits the absolute form, and has no variable for its port.
        ("nginx", "the absolute form") => {
            set("host", &["other.test"]);
            seen.line = seen.line.replace("http://other.test:99", "");
        }
        (_, "the absolute form") => set("host", &["other.test:99"]),
        ("nginx", "HTTP/1.0 without a host") => set("host", &["localhost"]),
        _ => {}
    }
    seen
}

#[test]
fn the_app_gets_what_the_client_wrote() {
    for (door, exchanges) in fixtures() {
        assert!(exchanges.len() > 20, "{door}");
        for exchange in exchanges.iter().filter(|exchange| !exchange.refused) {
            for (import, is_mounted) in [
                (Import::new(), false),
                (Import::new().with_mount("/ext"), true),
            ] {
                let wanted = altered(&door, &exchange.title, wanted(exchange, is_mounted));
                let got = seen(&request(exchange, &import));
                assert_eq!(got, wanted, "{door}: {}", exchange.title);
            }
        }
    }
}

#[test]
fn a_script_name_that_is_a_prefix_can_be_trusted() {
    for (door, exchanges) in fixtures() {
        // Apache says the whole path by SCGI.
        for exchange in exchanges
            .iter()
            .filter(|e| !e.refused && door != "apache-scgi")
        {
            let import = Import::new().with_script_name();
            let script_name = request(exchange, &import).script_name().to_owned();
            let mut expected = wanted(exchange, true).script_name;
            if door == "haproxy-fastcgi" && exchange.title == "the prefix, escaped" {
                // It compares with the path as it is spelled.
                expected.clear();
            }
            assert_eq!(script_name, expected, "{door}: {}", exchange.title);
        }
    }
}

#[test]
fn the_facts_of_the_connection_are_known() {
    for (door, exchanges) in fixtures() {
        for exchange in exchanges.iter().filter(|exchange| !exchange.refused) {
            let request = request(exchange, &Import::new());
            let facts = request.environ().connection();
            let title = &exchange.title;
            assert_eq!(
                *request.peer(),
                Peer::Inet(([127, 0, 0, 1], 40000).into()),
                "{door}: {title}"
            );
            assert_eq!(&*facts.server_name, "localhost", "{door}: {title}");
            let port = facts.server_port;
            assert!((8010..8050).contains(&port), "{door}: {title}: {port}");
        }
    }
}

#[test]
fn a_length_is_that_of_the_body() {
    for (door, exchanges) in fixtures() {
        for exchange in exchanges.iter().filter(|exchange| !exchange.refused) {
            let mut variables = Variables::new();
            for (name, value) in &exchange.variables {
                variables
                    .push(name.clone(), value.clone())
                    .expect("not too many");
            }
            let length = content_length(&variables).expect("a length");
            let body = exchange.body.len() as u64;
            let title = &exchange.title;
            assert!(
                length == Some(body) || length.is_none(),
                "{door}: {title}: {length:?}"
            );
            if title.starts_with("a body") || title.starts_with("a length") {
                assert_eq!(exchange.body, b"hello", "{door}: {title}");
            }
        }
    }
}
