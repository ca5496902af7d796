use std::process::Command;

use super::*;

/// What `htpasswd -nb FLAGS user password` prints, or nothing where the program is not installed.
fn htpasswd(flags: &[&str], user: &str, password: &str) -> Option<String> {
    let output = Command::new("htpasswd")
        .arg("-nb")
        .args(flags)
        .args([user, password])
        .output();
    let Ok(output) = output else {
        eprintln!("SKIP htpasswd: not installed");
        return None;
    };
    assert!(output.status.success(), "htpasswd {flags:?}");
    Some(String::from_utf8(output.stdout).expect("a line of text"))
}

fn right(file: &File, user: &str, password: &str) -> bool {
    file.verify(user, |hash| hash.matches(password.as_bytes()))
}

#[test]
fn files_with_a_line_that_is_no_account_are_refused_by_line() {
    let sha = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
    for (text, line, problem) in [
        ("alice".to_owned(), 1, "no colon"),
        (format!("\n#\n:{sha}"), 3, "name"),
        (format!("a\u{1b}[2J:{sha}"), 1, "name"),
        (format!("alice:{sha}\nalice:{sha}"), 2, "already"),
        (format!("alice:{sha}:comment"), 1, "malformed"),
        (format!("alice:{sha}\r\nbob:hunter2\r\n"), 2, "plain text"),
    ] {
        let refused = Htpasswd::parse(&text).expect_err(&text);
        assert_eq!(refused.line(), Some(line), "{text:?}");
        let message = refused.to_string();
        assert!(message.contains(problem), "{text:?}: {message}");
        assert!(!message.contains("hunter2") && !message.contains("alice"));
        assert!(!format!("{refused:?}").contains("hunter2"));
    }
}

#[test]
fn an_error_names_the_file() {
    let refused = Htpasswd::read("/does/not/exist").expect_err("no such file");
    assert_eq!(
        refused.to_string(),
        "/does/not/exist: cannot read the accounts"
    );
    let file = std::env::temp_dir().join(format!("enfilade-htpasswd-{}", std::process::id()));
    std::fs::write(
        &file,
        "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nbob:plain\n",
    )
    .expect("written");
    let refused = Htpasswd::read(&file)
        .expect_err("a plain password")
        .to_string();
    std::fs::remove_file(&file).expect("removed");
    let expected = format!("{}: line 2: a password in plain text", file.display());
    assert!(refused.starts_with(&expected), "{refused}");
}

#[test]
fn the_program_htpasswd_and_this_agree() {
    let long = "x".repeat(100);
    for password in [
        "secret",
        "Grüße, 世界",
        "a b\"c$d:e",
        "0123456789abcdef",
        &long,
    ] {
        for flags in [&["-B", "-C", "4"][..], &["-m"], &["-s"]] {
            let Some(line) = htpasswd(flags, "alice", password) else {
                return;
            };
            let file = File::parse(&line).expect("what htpasswd makes");
            assert!(right(&file, "alice", password), "{flags:?} {password}");
            for wrong in ["", "Secret", &format!("!{password}")] {
                assert!(!right(&file, "alice", wrong), "{flags:?} {wrong}");
            }
            assert!(!right(&file, "bob", password), "{flags:?}");
        }
    }
}

#[test]
fn what_htpasswd_makes_and_warns_of_is_refused() {
    for flags in [["-p"], ["-d"], ["-2"], ["-5"]] {
        let Some(line) = htpasswd(&flags, "alice", "secret") else {
            return;
        };
        let refused = Htpasswd::parse(&line).expect_err(flags[0]);
        assert_eq!(refused.line(), Some(1), "{flags:?}");
    }
}

/// Made by `argon2 somesalt -id -m 12 -t 3 -p 2 -e` of the reference implementation.
const ARGON2: &str =
    "$argon2id$v=19$m=4096,t=3,p=2$c29tZXNhbHQ$LpPABDeb1KgKypkPHbjfNPxMj3dnGUCphtUM0xpkh/U";

const MIXED: &str = "# a kind each, and one twice\n\
    sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n\
    four:$2y$04$06r1kTmLAriM57gJWqtrseqOxQ5NOiy9vYFTLjn2gzmv76vYg21VC\n\
    five:$2y$05$c4wUFdGJaz.qGLnSWmxOpe0Aq5wHJoIBJg8XWvd3kNn0pWn2C0M7q\n\
    again:$2y$04$06r1kTmLAriM57gJWqtrseqOxQ5NOiy9vYFTLjn2gzmv76vYg21VC\n\
    apr1:$apr1$8k7sghWn$LwPULNfIIf4A4N3erhJOj.\n";

#[test]
fn argon2_of_the_reference_implementation_is_verified() {
    let file = File::parse(&format!("alice:{ARGON2}")).expect("an account");
    assert!(right(&file, "alice", "password"));
    assert!(!right(&file, "alice", "passwort"));
    assert!(!right(&file, "bob", "password"));
}

#[test]
fn every_login_computes_the_same_hashes_whether_the_user_exists_or_not() {
    let text = format!("{MIXED}argon2:{ARGON2}\n");
    let file = File::parse(&text).expect("accounts");
    let kinds = |user, outcome| {
        let mut kinds = Vec::new();
        let good = file.verify(user, |hash| {
            kinds.push(hash.kind());
            outcome
        });
        (kinds, good)
    };
    let (unknown, good) = kinds("nobody", false);
    assert_eq!(unknown.len(), 5, "one hash of each kind: {unknown:?}");
    assert!(!good);
    // A made-up hash that matched would still let nobody in.
    assert_eq!(kinds("nobody", true), (unknown.clone(), false));
    for user in ["sha", "four", "five", "again", "apr1", "argon2"] {
        assert_eq!(kinds(user, true), (unknown.clone(), true), "{user}");
        assert_eq!(kinds(user, false), (unknown.clone(), false), "{user}");
    }
}

#[tokio::test]
async fn a_file_without_accounts_lets_nobody_in() {
    let empty = Htpasswd::parse("# nobody yet\n").expect("accounts");
    assert!(!empty.verify("", String::new()).await.expect("not busy"));
    assert!(!empty.verify("alice", "a".into()).await.expect("not busy"));
}

#[tokio::test]
async fn a_password_that_was_right_is_remembered_and_a_wrong_one_is_not() {
    let users = Htpasswd::parse(MIXED).expect("accounts");
    let recent = users.recent.clone().expect("a memory");
    let knows = |user, password| {
        let fingerprint = recent.fingerprint(user, password);
        recent.knows(&fingerprint, Instant::now())
    };
    for (password, good) in [("secret", true), ("wrong", false)] {
        let verified = users.verify("four", password.into()).await;
        assert_eq!(verified.expect("not busy"), good);
        assert_eq!(knows("four", password), good);
    }
    assert!(!knows("again", "secret"));

    // Without places for hashing, only what is remembered gets through.
    let mut busy = users.clone();
    busy.hashing = Hashing::without_threads();
    assert!(
        busy.verify("four", "secret".into())
            .await
            .expect("remembered")
    );
    busy.verify("again", "secret".into())
        .await
        .expect_err("busy");
    let busy = busy.without_memory();
    busy.verify("four", "secret".into())
        .await
        .expect_err("busy");
}

#[test]
fn no_hash_shows_in_debug() {
    let users = Htpasswd::parse(MIXED).expect("accounts");
    let shown = format!("{users:?}");
    assert!(shown.starts_with("Htpasswd { accounts: 5"), "{shown}");
    assert!(
        !shown.contains("$2y$") && !shown.contains("four"),
        "{shown}"
    );
}
