//! Targets: what an app is asked for, and how much of it is left of its spelling.

use enfilade_core::{Request, RequestExt};

use crate::{
    Case, Feature,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = splits();
    cases.extend(spellings());
    cases.extend(refused());
    cases.extend(others());
    cases
}

fn splits() -> Vec<Case> {
    vec![
        Case::new(
            "script-name-and-path-info-are-the-path",
            &["H3", "H4", "H5", "H6", "M11"],
        )
        .check(async |trial| {
            for rest in ["", "/", "/a", "/a/", "/a/b;c=1"] {
                let seen = trial.send(trial.get(rest)).await.seen()?;
                equal("the script name", &*seen.script_name, trial.script_name())?;
                equal("the path info", &*seen.path_info, rest)?;
                equal("the path", seen.path, format!("{}{rest}", seen.script_name))?;
            }
            Ok(())
        }),
        Case::new("an-external-script-name-goes-in-front", &["H3", "H6"])
            .needs(&[Feature::ScriptName])
            .check(async |trial| {
                let mut ask = trial.ask_target("GET", &format!("/ext{}/a", trial.script_name()));
                ask.script_name = "/ext".to_owned();
                let seen = trial.send(ask).await.seen()?;
                let expected = format!("/ext{}", trial.script_name());
                equal("the script name", seen.script_name, expected)?;
                equal("the path info", seen.path_info, "/a")
            }),
        Case::new("a-script-name-of-one-slash-is-none", &["H3"])
            .needs(&[Feature::ScriptName])
            .check(async |trial| {
                let mut ask = trial.get("/a");
                ask.script_name = "/".to_owned();
                let seen = trial.send(ask).await.seen()?;
                equal("the script name", seen.script_name, trial.script_name())?;
                equal("the path info", seen.path_info, "/a")
            }),
        Case::new("a-prefix-ends-with-a-segment", &["H7"]).check(async |trial| {
            let is_sent = trial.target().lacks(Feature::SentPath).is_none();
            let longer = ["x", "%2Fa", ".", ";a=1", "%20"].into_iter();
            for longer in longer.filter(|longer| is_sent || !is_lost_decoded(longer)) {
                let answer = trial.send(trial.get(longer)).await;
                answer.has_status(404)?;
            }
            Ok(())
        }),
        Case::new("a-redirect-stays-below-its-mount", &["H6", "H11"])
            .app(async |request: Request| request.absolute_url_for("/next"))
            .check(async |trial| {
                let answer = trial.send(trial.get("/a").host("shop.example.org")).await;
                let scheme = if trial.target().is_tls() {
                    "https"
                } else {
                    "http"
                };
                let script_name = trial.script_name();
                answer.has_body(format!("{scheme}://shop.example.org{script_name}/next"))?;
                Ok(())
            }),
    ]
}

/// Each path info, as it is sent and as it arrives.
fn spellings() -> Vec<Case> {
    [
        ("repeated-slashes-arrive", "//a///b//", "//a///b//"),
        ("an-escaped-slash-splits-nothing", "/a%2Fb/c", "/a%2Fb/c"),
        (
            "escapes-have-upper-case-digits",
            "/a%2fb%c3%a9",
            "/a%2Fb%C3%A9",
        ),
        ("needless-escapes-are-undone", "/%7Eme/%61", "/~me/a"),
        (
            "an-escaped-percent-stays-escaped",
            "/a%2541/%25",
            "/a%2541/%25",
        ),
        ("dot-segments-are-resolved", "/a/./b/../c/.", "/a/c/"),
        (
            "escaped-dot-segments-are-resolved",
            "/a/%2e/b/%2E%2e/c",
            "/a/c",
        ),
        (
            "dots-that-are-no-segments-stay",
            "/..a/b../...",
            "/..a/b../...",
        ),
        (
            "an-escaped-question-mark-is-a-character",
            "/a%3Fb%23c",
            "/a%3Fb%23c",
        ),
        ("a-plus-is-a-plus", "/a+b", "/a+b"),
        ("an-escaped-space-stays", "/a%20b", "/a%20b"),
        (
            "delimiters-arrive",
            "/a;b=1,2:3@4!$&'()*",
            "/a;b=1,2:3@4!$&'()*",
        ),
        ("escaped-line-ends-stay-escaped", "/a%0D%0Ab", "/a%0D%0Ab"),
    ]
    .into_iter()
    .map(|(name, sent, path_info)| {
        let case = Case::new(name, &["H6", "H8"]).needs(needs(sent));
        case.check(async move |trial| {
            let ask = trial.get(sent);
            let target = ask.target.clone();
            let seen = trial.send(ask).await.seen()?;
            equal("the path info", seen.path_info, path_info)?;
            // By HTTP/2, and in the absolute form, the host stands in front.
            let is_sent = trial.target().lacks(Feature::SentPath).is_none();
            that(
                !is_sent || seen.original_target.ends_with(&target),
                format_args!("the original target {target:?}"),
                &seen.original_target,
            )
        })
    })
    .collect()
}

/// What a path has to be carried with.
fn needs(path: &str) -> &'static [Feature] {
    if is_lost_decoded(path) {
        &[Feature::SentPath]
    } else {
        &[]
    }
}

/// Whether a path that was decoded cannot be told from another: an escaped slash is one then, and
/// what was no escape may be one.
pub(crate) fn is_lost_decoded(path: &str) -> bool {
    let mut escapes = path.split('%').skip(1);
    escapes.any(|escape| {
        let digits = escape.get(..2).unwrap_or_default();
        u8::from_str_radix(digits, 16).map_or(true, |byte| byte == b'/')
    })
}

fn refused() -> Vec<Case> {
    [
        ("a-path-above-the-root-is-refused", "/../../../../x"),
        (
            "an-escaped-path-above-the-root-is-refused",
            "/%2e%2e/%2e%2e/%2e%2e/x",
        ),
        ("an-escaped-nul-is-refused", "/a%00b"),
        ("a-broken-escape-is-refused", "/a%zz"),
        ("a-cut-escape-is-refused", "/a%2"),
        ("an-escaped-backslash-is-refused", "/a%5Cb"),
    ]
    .into_iter()
    .map(|(name, rest)| {
        let case = Case::new(name, &["H4", "H6"]).needs(needs(rest));
        case.check(async move |trial| {
            trial.send(trial.get(rest)).await.has_status(400)?;
            Ok(())
        })
    })
    .collect()
}

fn others() -> Vec<Case> {
    vec![
        Case::new("a-query-arrives-as-it-is", &["H9"])
            .needs(&[Feature::SentQuery])
            .check(async |trial| {
                for query in ["a=%20+&b=%C3%A9;c=/?&&=", "=", "/../a", "a?b", "%zz"] {
                    let seen = trial.send(trial.get(&format!("/?{query}"))).await.seen()?;
                    equal("the query", seen.query.as_deref(), Some(query))?;
                    equal("the path info", seen.path_info, "/")?;
                }
                Ok(())
            }),
        Case::new("no-query-is-an-empty-one", &["H9"]).check(async |trial| {
            for rest in ["/", "/?"] {
                let seen = trial.send(trial.get(rest)).await.seen()?;
                let query = seen.query.unwrap_or_default();
                equal("the query", query, "")?;
            }
            Ok(())
        }),
        Case::new("a-long-target-arrives", &["H8", "H9"]).check(async |trial| {
            let (path, query) = ("/abcdefgh".repeat(200), ["q=1234"; 200].join("&"));
            let seen = trial
                .send(trial.get(&format!("{path}?{query}")))
                .await
                .seen()?;
            equal("the path info", seen.path_info, path)?;
            equal("the query", seen.query, Some(query))
        }),
        Case::new("the-absolute-form-is-the-path-in-it", &["H4", "H8"])
            .needs(&[Feature::AnyTarget])
            .check(async |trial| {
                let script_name = trial.script_name();
                let target = format!("http://localhost{script_name}/a?b");
                let seen = trial.send(trial.ask_target("GET", &target)).await.seen()?;
                equal("the script name", seen.script_name, script_name)?;
                equal("the path info", seen.path_info, "/a")?;
                equal("the query", seen.query.as_deref(), Some("b"))
            }),
    ]
}
