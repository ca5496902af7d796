//! The fields of requests.

use crate::{
    Case, Feature,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = kept();
    cases.extend(withheld());
    cases
}

fn kept() -> Vec<Case> {
    vec![
        Case::new("fields-arrive", &["H17", "H35"]).check(async |trial| {
            let ask = trial.get("/").field("X-Mixed-Case", "Value");
            let ask = ask
                .field("accept", "text/html;q=0.5, */*")
                .field("user-agent", "kit (1)");
            let seen = trial.send(ask).await.seen()?;
            equal("x-mixed-case", seen.values("x-mixed-case"), ["Value"])?;
            equal("accept", seen.values("accept"), ["text/html;q=0.5, */*"])?;
            equal("user-agent", seen.values("user-agent"), ["kit (1)"])
        }),
        Case::new("host-arrives", &["H11"]).check(async |trial| {
            let seen = trial
                .send(trial.get("/").host("example.org:8080"))
                .await
                .seen()?;
            // By HTTP/2 it is in the target.
            let in_target = seen.original_target.starts_with("http://example.org:8080/")
                || seen
                    .original_target
                    .starts_with("https://example.org:8080/");
            that(
                seen.values("host") == ["example.org:8080"] || in_target,
                "the host example.org:8080",
                &seen.fields,
            )?;
            let url = seen.absolute_url;
            that(
                url.contains("//example.org:8080/"),
                "it in a URL of the app's",
                &url,
            )
        }),
        Case::new("repeated-fields-stay-in-order", &["H17"]).check(async |trial| {
            let ask = trial.get("/").field("x-a", "1").field("x-b", "2");
            let seen = trial.send(ask.field("x-a", "3")).await.seen()?;
            // CGI has one variable for them all, and a space in a list means nothing.
            let values = seen.values("x-a").join(",").replace(' ', "");
            equal("the values of x-a", values, "1,3")
        }),
        Case::new("repeated-fields-stay-apart", &["H17"])
            .needs(&[Feature::RepeatedFields])
            .check(async |trial| {
                let ask = trial.get("/").field("x-a", "1, 2").field("x-a", "3");
                let seen = trial.send(ask).await.seen()?;
                equal("the values of x-a", seen.values("x-a"), ["1, 2", "3"])
            }),
        Case::new("two-cookie-fields-are-one-list", &["H17"]).check(async |trial| {
            let ask = trial
                .get("/")
                .field("cookie", "a=1")
                .field("cookie", "b=2; c=3");
            let seen = trial.send(ask).await.seen()?;
            equal(
                "the cookies",
                seen.values("cookie").join("; "),
                "a=1; b=2; c=3",
            )
        }),
        Case::new("an-empty-value-is-empty-or-absent", &["H17"]).check(async |trial| {
            let seen = trial
                .send(trial.get("/").field("x-empty", ""))
                .await
                .seen()?;
            equal("the values of x-empty", seen.values("x-empty").concat(), "")
        }),
        Case::new("bytes-outside-of-ascii-arrive", &["H17"])
            .needs(&[Feature::AnyBytes])
            .check(async |trial| {
                let seen = trial
                    .send(trial.get("/").field("x-latin", b"caf\xe9 \xff"))
                    .await;
                let seen = seen.seen()?;
                equal(
                    "the values of x-latin",
                    seen.values("x-latin"),
                    ["caf\u{e9} \u{ff}"],
                )
            }),
        Case::new("a-long-value-arrives", &["H17"]).check(async |trial| {
            let value = "0123456789abcdef".repeat(400);
            let seen = trial
                .send(trial.get("/").field("x-long", &value))
                .await
                .seen()?;
            equal("the values of x-long", seen.values("x-long"), [value])
        }),
        Case::new("many-fields-arrive", &["H17"]).check(async |trial| {
            let ask = (0..70).fold(trial.get("/"), |ask, n| {
                ask.field(&format!("x-many-{n}"), n.to_string())
            });
            let seen = trial.send(ask).await.seen()?;
            for n in 0..70 {
                let values = seen.values(&format!("x-many-{n}"));
                equal("the values of a field of many", values, [n.to_string()])?;
            }
            Ok(())
        }),
        Case::new("authorization-arrives", &["H17"]).check(async |trial| {
            let ask = trial.get("/").field("authorization", "Basic YTpi");
            let seen = trial.send(ask).await.seen()?;
            equal(
                "authorization",
                seen.values("authorization"),
                ["Basic YTpi"],
            )
        }),
        Case::new("the-type-of-a-body-is-told-once", &["H14"]).check(async |trial| {
            let ask = trial
                .post("/")
                .field("content-type", "text/x-kit; a=1")
                .body("hello");
            let seen = trial.send(ask).await.seen()?;
            equal(
                "content-type",
                seen.values("content-type"),
                ["text/x-kit; a=1"],
            )?;
            equal("content-length", seen.values("content-length"), ["5"])
        }),
    ]
}

fn withheld() -> Vec<Case> {
    vec![
        Case::new("fields-of-the-connection-are-withheld", &["H16"])
            .needs(&[Feature::HopByHop])
            .check(async |trial| {
                let ask = trial.get("/").field("connection", "keep-alive, x-hop");
                let ask = ask.field("x-hop", "1").field("keep-alive", "timeout=5");
                let ask = ask.field("te", "gzip").field("proxy-connection", "close");
                let seen = trial.send(ask.field("x-end-to-end", "1")).await.seen()?;
                for name in [
                    "connection",
                    "x-hop",
                    "keep-alive",
                    "te",
                    "proxy-connection",
                ] {
                    equal(name, seen.values(name), [""; 0])?;
                }
                equal("x-end-to-end", seen.values("x-end-to-end"), ["1"])
            }),
        Case::new("an-underscore-is-no-hyphen", &["H18"])
            .needs(&[Feature::UnderscoredFields])
            .check(async |trial| {
                let ask = trial
                    .get("/")
                    .field("x_user", "mallory")
                    .field("x-user", "ann");
                let answer = trial.send(ask.field("x_user", "mallory")).await;
                // A host that still sees both may refuse them, for the sake of those behind it.
                if answer.status == 400 {
                    return Ok(());
                }
                let seen = answer.seen()?;
                equal("the values of x-user", seen.values("x-user"), ["ann"])
            }),
        Case::new("a-field-is-no-variable", &["H18", "H41"]).check(async |trial| {
            let ask = trial.get("/").field("proxy", "http://evil.example.org");
            let ask = ask
                .field("script-name", "/evil")
                .field("remote-addr", "192.0.2.66");
            let ask = ask.field("https", "on").field("request-uri", "/evil");
            let seen = trial.send(ask).await.seen()?;
            equal("the script name", seen.script_name, trial.script_name())?;
            equal("the path info", seen.path_info, "/")?;
            let scheme = if trial.target().is_tls() {
                "https"
            } else {
                "http"
            };
            equal("the scheme", seen.scheme, scheme)?;
            that(
                !seen.peer.contains("192.0.2.66"),
                "another peer",
                &seen.peer,
            )?;
            let is_cgi = ["cgi", "fastcgi", "scgi", "uwsgi"].contains(&&*seen.host);
            let proxy = seen.fields.iter().any(|(name, _)| name == "proxy");
            that(
                !(is_cgi && proxy),
                "no field `proxy`, which is HTTP_PROXY in CGI",
                "one",
            )
        }),
        Case::new("forwarded-fields-are-believed-of-nobody", &["H12", "M12"]).check(
            async |trial| {
                let scheme = if trial.target().is_tls() {
                    "https"
                } else {
                    "http"
                };
                let other = if trial.target().is_tls() {
                    "http"
                } else {
                    "https"
                };
                let ask = trial.get("/").field("x-forwarded-proto", other);
                let ask = ask.field("x-forwarded-prefix", "//evil.example.org");
                let ask = ask.field("x-forwarded-host", "evil.example.org");
                let ask = ask.field("x-forwarded-for", "192.0.2.66");
                let ask = ask.field("forwarded", "for=192.0.2.66;host=evil.example.org");
                let seen = trial.send(ask).await.seen()?;
                equal("the scheme", seen.scheme, scheme)?;
                equal("the script name", seen.script_name, trial.script_name())?;
                that(
                    !seen.peer.contains("192.0.2.66"),
                    "another peer",
                    &seen.peer,
                )?;
                let url = seen.absolute_url;
                that(
                    !url.contains("evil"),
                    "a URL of the host that was asked",
                    url,
                )
            },
        ),
    ]
}
