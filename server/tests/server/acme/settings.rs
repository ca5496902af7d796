//! What is found out before anybody is asked.

use std::{os::unix::fs::PermissionsExt, path::Path};

use enfilade_core::Request;
use enfilade_server::{Acme, Challenge, Listen, Server, TlsConfig};

/// Why a server with `acme` does not start.
fn refused(acme: Acme) -> String {
    let tls = TlsConfig::from_acme(acme);
    let error = Server::bind(Listen::at("127.0.0.1:0").with_tls(tls))
        // One that starts ends at once.
        .with_shutdown(async {})
        .run(async |_: Request| "hello")
        .expect_err("it cannot start");
    format!("{error:?}")
}

fn acme(storage: &Path) -> Acme {
    Acme::new(["example.test"], storage)
        .with_directory("https://localhost:9/dir")
        .with_terms_agreed()
}

#[test]
fn what_cannot_work_is_told_at_start() {
    let folder = tempfile::tempdir().expect("a directory");
    let storage = folder.path().join("acme");
    let named = |name: &str| Acme::new([name], &storage).with_terms_agreed();
    for (acme, says) in [
        (Acme::new(["example.test"], &storage), "with_terms_agreed"),
        (named("*.example.test"), "a wildcard is proven by DNS alone"),
        (named("192.0.2.1"), "it is an address"),
        (
            Acme::new(Vec::<String>::new(), &storage).with_terms_agreed(),
            "a certificate is for a name",
        ),
        (acme(&storage).with_directory("http://x/dir"), "by https"),
        (acme(&storage).with_directory("a b"), "is no URL"),
        (acme(&storage).with_contact("me@x"), "write mailto:me@x"),
        (
            acme(&storage).with_external_account("me", "+/+/"),
            "the external account \"me\" is not written in base64url",
        ),
        (
            acme(&storage).with_directory_authorities("/missing.pem"),
            "cannot read the certificate in /missing.pem",
        ),
        (
            acme(&storage).with_challenge(Challenge::Http01),
            "bind a listener for it, too",
        ),
    ] {
        let message = refused(acme);
        assert!(message.contains(says), "{says:?} is not in: {message}");
    }
}

#[test]
fn a_storage_that_others_may_read_or_that_cannot_be_used_is_told_at_start() {
    let folder = tempfile::tempdir().expect("a directory");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
    };
    let storage = folder.path().join("acme");
    let inner = storage.join("localhost_9_dir");
    std::fs::create_dir_all(&inner).expect("it can be made");
    set(&inner, 0o700);
    let check = |says: &str| {
        let message = refused(acme(&storage));
        assert!(message.contains(says), "{says:?} is not in: {message}");
    };

    set(&storage, 0o750);
    check(&format!("chmod 700 {}", storage.display()));
    set(&storage, 0o700);

    let pem = inner.join("example.test.pem");
    std::fs::write(&pem, "nothing").expect("it can be written");
    set(&pem, 0o644);
    check(&format!("chmod 600 {}", pem.display()));
    set(&pem, 0o600);
    check(&format!("cannot use {}", pem.display()));
    std::fs::remove_file(&pem).expect("it is there");

    let account = inner.join("account.json");
    std::fs::write(&account, "{}").expect("it can be written");
    set(&account, 0o600);
    check("is not an account at https://localhost:9/dir");

    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("it can be written");
    let message = refused(acme(&file));
    assert!(message.contains("cannot make the folder"), "{message}");
}

#[test]
fn the_key_of_an_external_account_is_not_shown() {
    let acme = acme(Path::new("/nowhere")).with_external_account("me", "c2VjcmV0");
    let shown = format!("{acme:?}");
    assert!(shown.contains("\"me\""), "{shown}");
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
}
