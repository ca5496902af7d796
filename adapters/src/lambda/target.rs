//! Which path the client asked for, and how much of it is the function's prefix: [`Target`].

use super::{EventContext, escape, event::Event};

/// A path as the client sent it, as far as the event tells, and the bytes of it that stand in front
/// of what the function answers: the stage of an API, or the base path of a custom domain.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    pub(super) path: String,
    pub(super) script_name: usize,
}

impl Target {
    /// That of an event; `base` is what the function's owner says that clients see in front.
    pub(super) fn of(event: &Event, base: Option<&str>) -> Target {
        let (prefix, path) = match &event.context {
            EventContext::ApiGatewayV1(context) => {
                let stage = context.stage.as_deref();
                let domain = context.domain_name.as_deref();
                let whole = context.path.as_deref().filter(|path| path.starts_with('/'));
                v1(event, whole, stage, domain)
            }
            EventContext::ApiGatewayV2(context) => {
                let stage = context.stage.as_deref();
                v2(event, stage, context.domain_name.as_deref())
            }
            EventContext::FunctionUrl(_) | EventContext::LoadBalancer(_) => {
                (String::new(), event.path().to_owned())
            }
        };
        let prefix = base.map_or(prefix, str::to_owned);
        let path = match (base, below(&path, &prefix)) {
            // A balancer leaves the prefix in the path, a custom domain takes it out.
            (Some(_), Some(rest)) => rest,
            _ => &path,
        };
        // HTTP APIs decode the path; the others leave it as the client sent it.
        let is_decoded = match &event.context {
            EventContext::ApiGatewayV1(_) => event.is_http_api(),
            EventContext::ApiGatewayV2(_) => true,
            EventContext::FunctionUrl(_) | EventContext::LoadBalancer(_) => false,
        };
        Target::joined(
            &escape::path(&prefix, is_decoded),
            &escape::path(path, is_decoded),
        )
    }

    /// The path info is empty, or begins with `/`.
    fn joined(prefix: &str, path_info: &str) -> Target {
        let slash = match (prefix.is_empty(), path_info) {
            (false, "") => "",
            (_, path_info) if path_info.starts_with('/') => "",
            _ => "/",
        };
        Target {
            path: format!("{prefix}{slash}{path_info}"),
            script_name: prefix.len(),
        }
    }
}

/// REST APIs give the path below the stage, and the whole one in the context; on a custom domain
/// both begin with the base path instead.
fn v1(
    event: &Event,
    whole: Option<&str>,
    stage: Option<&str>,
    domain: Option<&str>,
) -> (String, String) {
    let path = event.path();
    let split = |at: usize, path: &str| {
        // A slash too many is the client's, and no part of a prefix.
        let at = path[..at].trim_end_matches('/').len();
        (path[..at].to_owned(), path[at..].to_owned())
    };
    let staged = stage.map(|stage| format!("/{stage}"));
    match whole {
        Some(whole) if staged.as_deref() == Some(whole) && path == "/" => {
            return split(whole.len(), whole);
        }
        Some(whole) if path.starts_with('/') && whole.len() > path.len() => {
            if let Some(prefix) = whole.strip_suffix(path) {
                return split(prefix.len(), whole);
            }
        }
        _ => {}
    }
    if let Some(at) = above_resource(event) {
        return split(at, path);
    }
    match staged {
        Some(prefix) if whole.is_none() && is_own_domain(event, domain) => {
            (prefix, path.to_owned())
        }
        _ => (String::new(), path.to_owned()),
    }
}

/// HTTP APIs have the stage in the path, also on a custom domain, where the client did not send it.
fn v2(event: &Event, stage: Option<&str>, domain: Option<&str>) -> (String, String) {
    let path = event.path();
    let Some(prefix) = stage.filter(|stage| *stage != "$default") else {
        return (String::new(), path.to_owned());
    };
    let prefix = format!("/{prefix}");
    let rest = below(path, &prefix).unwrap_or(path).to_owned();
    if is_own_domain(event, domain) {
        (prefix, rest)
    } else {
        (String::new(), rest)
    }
}

/// Where in the path that begins which the API's own route speaks of, if there is something in
/// front of it: `/base/users/1` for the route `/users/{id}`.
fn above_resource(event: &Event) -> Option<usize> {
    let resource = event.resource()?.strip_prefix('/')?;
    let mut rest = event.path().trim_end_matches('/');
    for template in resource.rsplit('/').filter(|segment| !segment.is_empty()) {
        let name = template
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        let greedy = name.and_then(|name| name.strip_suffix('+'));
        let count = match greedy {
            Some(name) => event
                .path_parameter(name)?
                .trim_end_matches('/')
                .split('/')
                .count(),
            None => 1,
        };
        for _ in 0..count {
            let (above, segment) = rest.rsplit_once('/')?;
            if name.is_none() && segment != template {
                return None;
            }
            rest = above;
        }
    }
    (!rest.is_empty() && rest.starts_with('/')).then_some(rest.len())
}

/// Whether the client used the domain that AWS gives an API, where the stage is in the path.
fn is_own_domain(event: &Event, domain: Option<&str>) -> bool {
    let domain = domain.or_else(|| event.header("host"));
    domain.is_some_and(|domain| domain.contains(".execute-api."))
}

/// What of `path` is below `prefix`, whole segments.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn target(event: &Value, base: Option<&str>) -> (String, String) {
        let event = Event::read(event.to_string().as_bytes()).expect("an event");
        let Target { path, script_name } = Target::of(&event, base);
        (
            path[..script_name].to_owned(),
            path[script_name..].to_owned(),
        )
    }

    fn split(script_name: &str, path_info: &str) -> (String, String) {
        (script_name.to_owned(), path_info.to_owned())
    }

    #[test]
    fn a_rest_api_has_its_stage_or_its_base_path_in_front() {
        let own = "x.execute-api.eu-west-1.amazonaws.com";
        for (path, whole, resource, proxy, domain, expected) in [
            (
                "/a/b",
                Some("/Prod/a/b"),
                "/{proxy+}",
                "a/b",
                own,
                ("/Prod", "/a/b"),
            ),
            ("/", Some("/Prod/"), "/", "", own, ("/Prod", "/")),
            ("/", Some("/Prod"), "/", "", own, ("/Prod", "")),
            ("/a", None, "/{proxy+}", "a", own, ("/Prod", "/a")),
            (
                "/a%2Fb",
                Some("/Prod/a%2Fb"),
                "/{proxy+}",
                "a%2Fb",
                own,
                ("/Prod", "/a%2Fb"),
            ),
            (
                "/v1/a/b",
                Some("/v1/a/b"),
                "/{proxy+}",
                "a/b",
                "api.example.org",
                ("/v1", "/a/b"),
            ),
            (
                "/v1/x/a",
                Some("/v1/x/a"),
                "/x/{id}",
                "",
                "api.example.org",
                ("/v1", "/x/a"),
            ),
            (
                "/v1//x/a",
                Some("/v1//x/a"),
                "/x/{id}",
                "",
                "api.example.org",
                ("/v1", "//x/a"),
            ),
            ("/a", Some("//a"), "/{proxy+}", "a", own, ("", "//a")),
            ("/v1", Some("/v1"), "/", "", "api.example.org", ("/v1", "")),
            (
                "/v1/",
                Some("/v1/"),
                "/",
                "",
                "api.example.org",
                ("/v1", "/"),
            ),
            (
                "/a/b",
                Some("/a/b"),
                "/{proxy+}",
                "a/b",
                "api.example.org",
                ("", "/a/b"),
            ),
            (
                "/y/a",
                Some("/y/a"),
                "/x/{id}",
                "",
                "api.example.org",
                ("", "/y/a"),
            ),
            ("/a", Some("/elsewhere"), "/{proxy+}", "a", own, ("", "/a")),
        ] {
            let event = json!({
                "httpMethod": "GET", "path": path, "resource": resource,
                "pathParameters": {"proxy": proxy},
                "requestContext": {
                    "httpMethod": "GET", "stage": "Prod", "path": whole, "domainName": domain,
                },
            });
            assert_eq!(
                target(&event, None),
                split(expected.0, expected.1),
                "{path} {whole:?}"
            );
        }
    }

    fn http_api(path: &str, stage: &str, domain: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path,
            "requestContext": {
                "stage": stage, "domainName": domain, "timeEpoch": 1, "http": {"method": "GET"},
            },
        })
    }

    #[test]
    fn an_http_api_has_its_stage_in_front_on_its_own_domain_alone() {
        let own = "x.execute-api.eu-west-1.amazonaws.com";
        for (path, stage, domain, expected) in [
            ("/a", "$default", own, ("", "/a")),
            ("/dev/a", "dev", own, ("/dev", "/a")),
            ("/dev", "dev", own, ("/dev", "")),
            ("/a", "dev", own, ("/dev", "/a")),
            ("/device", "dev", own, ("/dev", "/device")),
            ("/dev/a", "dev", "api.example.org", ("", "/a")),
            ("/a b/100%", "$default", own, ("", "/a%20b/100%25")),
            ("", "$default", own, ("", "/")),
        ] {
            let event = http_api(path, stage, domain);
            assert_eq!(
                target(&event, None),
                split(expected.0, expected.1),
                "{path} {stage}"
            );
        }
    }

    #[test]
    fn a_base_path_that_is_told_is_in_front_whether_the_event_has_it_or_not() {
        let balancer =
            |path: &str| json!({"httpMethod": "GET", "path": path, "requestContext": {"elb": {}}});
        for (event, expected) in [
            (balancer("/app/a%20b"), ("/app", "/a%20b")),
            (balancer("/app"), ("/app", "")),
            (balancer("/apple"), ("/app", "/apple")),
            (
                http_api("/a", "$default", "api.example.org"),
                ("/app", "/a"),
            ),
        ] {
            assert_eq!(
                target(&event, Some("/app")),
                split(expected.0, expected.1),
                "{event}"
            );
        }
        assert_eq!(
            target(&balancer("//a%20b/../c"), None),
            split("", "//a%20b/../c")
        );
    }

    /// Slashes, dots and escapes where they hurt.
    const PART: &str = "(/|a|Prod|%2F|%|\\.\\.|\\{id\\}|\\{proxy\\+\\}|\u{e9}){0,6}";

    proptest::proptest! {
        #[test]
        fn whatever_an_event_tells_the_split_is_between_segments(
            path in PART, whole in proptest::option::of(PART), resource in PART, proxy in PART,
            stage in "(Prod|a|\\$default)", own in proptest::bool::ANY,
        ) {
            let domain = if own { "x.execute-api.eu-west-1.amazonaws.com" } else { "example.org" };
            let rest = json!({
                "httpMethod": "GET", "path": path, "resource": resource,
                "pathParameters": {"proxy": proxy},
                "requestContext": {
                    "httpMethod": "GET", "stage": stage, "path": whole, "domainName": domain,
                },
            });
            for event in [rest, http_api(&path, &stage, domain)] {
                let (script_name, path_info) = target(&event, None);
                let is_empty = script_name.is_empty();
                assert!(is_empty || script_name.starts_with('/') && !script_name.ends_with('/'));
                assert!(path_info.starts_with('/') || path_info.is_empty() && !is_empty);
            }
        }
    }
}
