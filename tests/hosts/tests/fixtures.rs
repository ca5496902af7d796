//! What the web servers send is what the fixtures say that they send, from which the hosts are
//! tested without any web server.
//!
//! With `ENFILADE_RECORD=1`, the fixtures are written anew.

use std::{env, fs, path::PathBuf};

use enfilade_fronts::{Front, Protocol, WEB_SERVERS, dump, record::record};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../adapters/tests/fixtures/web_servers")
}

fn check(name: &str) {
    let server = WEB_SERVERS.iter().find(|server| server.name == name);
    let server = server.expect("there is such a web server");
    let Some(front) = Front::start_or_skip(server, env!("CARGO_BIN_EXE_dump")) else {
        return;
    };
    for protocol in [Protocol::FastCgi, Protocol::Scgi, Protocol::Uwsgi] {
        if let Some(place) = front.place(protocol) {
            dump::serve(protocol, &place).expect("it can be bound");
        }
    }
    for door in server.doors {
        if door.protocol == Protocol::Http {
            continue;
        }
        let got = record(&front, door).unwrap_or_else(|e| panic!("{e}\n{}", front.log()));
        settle(door.name, &got);
    }
}

fn settle(name: &str, got: &str) {
    let path = fixtures().join(format!("{name}.txt"));
    if env::var_os("ENFILADE_RECORD").is_some() {
        fs::create_dir_all(fixtures()).expect("the folder can be made");
        fs::write(&path, got).expect("the fixture can be written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (recorded, installed) = (version(&kept), version(got));
    // Some tell their version in `SERVER_SOFTWARE`.
    let expected = kept.replace(recorded, installed);
    if recorded == installed || env::var_os("CI").is_some() {
        assert_eq!(
            expected, got,
            "{name} sends something else: ENFILADE_RECORD=1 records it"
        );
    } else if expected != got {
        eprintln!("SKIP {name}: {installed} sends something else than {recorded}, its fixture's");
    }
}

/// The version of the web server, which ends the first line of a record.
fn version(record: &str) -> &str {
    let line = record.lines().next().unwrap_or_default();
    line.rsplit(' ').next().expect("even no text is a piece")
}

#[test]
fn nginx_sends_what_its_fixtures_say() {
    check("nginx");
}

#[test]
fn apache_sends_what_its_fixtures_say() {
    check("apache");
}

#[test]
fn lighttpd_sends_what_its_fixtures_say() {
    check("lighttpd");
}

#[test]
fn haproxy_sends_what_its_fixtures_say() {
    check("haproxy");
}
