//! What an app sees of a request's head.

use crate::{
    Case, Feature,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("methods-arrive-as-they-are", &["H2"]).check(async |trial| {
            for method in ["GET", "DELETE", "PROPFIND", "M-SEARCH", "get"] {
                let seen = trial.send(trial.ask(method, "/")).await.seen()?;
                equal("the method", seen.method, method)?;
            }
            Ok(())
        }),
        Case::new("a-query-arrives-as-it-is", &["H9"]).check(async |trial| {
            let query = "a=%20+&b=%C3%A9;c=/?&&=";
            let seen = trial.send(trial.get(&format!("/?{query}"))).await.seen()?;
            equal("the query", seen.query.as_deref(), Some(query))
        }),
        Case::new("no-query-is-no-query", &["H9"]).check(async |trial| {
            let seen = trial.send(trial.get("/")).await.seen()?;
            that(
                seen.query.as_deref().unwrap_or_default().is_empty(),
                "no query",
                seen.query,
            )
        }),
        Case::new(
            "script-name-and-path-info-are-the-path",
            &["H3", "H4", "H5", "H6"],
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
        Case::new("repeated-slashes-arrive", &["H6", "H8"]).check(async |trial| {
            let seen = trial.send(trial.get("//a///b//")).await.seen()?;
            equal("the path info", seen.path_info, "//a///b//")
        }),
        Case::new("an-escaped-slash-splits-nothing", &["H7"]).check(async |trial| {
            let seen = trial.send(trial.get("/a%2Fb/c")).await.seen()?;
            equal("the path info", seen.path_info, "/a%2Fb/c")
        }),
        Case::new("the-original-target-is-kept", &["H8"]).check(async |trial| {
            let rest = "/%7ea/./b/../%c3%a9?x=%7E";
            let ask = trial.get(rest);
            let target = ask.target.clone();
            let seen = trial.send(ask).await.seen()?;
            // By HTTP/2 and in the absolute form, it has the host in front.
            that(
                seen.original_target.ends_with(&target),
                format_args!("the original target {target:?}"),
                &seen.original_target,
            )?;
            equal("the path info", seen.path_info, "/~a/%C3%A9")
        }),
        Case::new("repeated-fields-stay-in-order", &["H17"])
            .needs(&[Feature::RepeatedFields])
            .check(async |trial| {
                let ask = trial.get("/").field("x-a", "1").field("x-b", "2");
                let seen = trial.send(ask.field("x-a", "3")).await.seen()?;
                equal("the values of x-a", seen.values("x-a"), ["1", "3"])
            }),
        Case::new("a-long-value-arrives", &["H17"]).check(async |trial| {
            let value = "0123456789abcdef".repeat(300);
            let seen = trial
                .send(trial.get("/").field("x-long", &value))
                .await
                .seen()?;
            equal("the values of x-long", seen.values("x-long"), [value])
        }),
        Case::new("many-fields-arrive", &["H17"]).check(async |trial| {
            let ask = (0..60).fold(trial.get("/"), |ask, n| {
                ask.field(&format!("x-many-{n}"), n.to_string())
            });
            let seen = trial.send(ask).await.seen()?;
            for n in 0..60 {
                equal(
                    "the field",
                    seen.values(&format!("x-many-{n}")),
                    [n.to_string()],
                )?;
            }
            Ok(())
        }),
    ]
}
