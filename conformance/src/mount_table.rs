//! The mount table, through a host: each row is a case.

use std::collections::BTreeMap;

use enfilade_core::{App, BoxApp, Mounts, Request, RequestExt};

use crate::{Case, Failure, Feature, Trial, cases::is_lost_decoded, failure::that};

mod rows;

use rows::{Outcome, ROWS, Row};

/// The field that asks for the site of a row in place of the app of a case.
pub(crate) const SITE: &str = "x-site";

/// The sites of all rows, by the mounts that make them.
#[derive(Clone)]
pub(crate) struct Sites(BTreeMap<String, BoxApp>);

impl Sites {
    pub(crate) fn new() -> Sites {
        let sites = ROWS.iter().map(|row| {
            let site = row
                .mounts
                .iter()
                .fold(Mounts::new(), |site, point| site.mount(point, here(point)));
            (row.mounts.join(" "), site.boxed())
        });
        Sites(sites.collect())
    }

    /// The site that a request asks for.
    pub(crate) fn asked_for(&self, request: &Request) -> Option<BoxApp> {
        let name = request.headers().get(SITE)?.to_str().ok()?;
        self.0.get(name).cloned()
    }
}

/// Says where it stands, in the field `x-here`.
fn here(point: &'static str) -> impl App + Clone {
    move |request: Request| async move {
        // In a field: an answer to CONNECT has no body.
        let here = format!("{point} {} {};", request.script_name(), request.path_info());
        ([("x-here", here)], "")
    }
}

pub(crate) fn cases() -> Vec<Case> {
    // What a host itself does wrong cannot be asked of one: a split that is none, or one that the
    // path leaves.
    let rows = ROWS.iter().filter(|row| match row.outcome {
        Outcome::Refused(500) => false,
        Outcome::Refused(400) => row.external.is_empty(),
        _ => true,
    });
    rows.enumerate()
        .map(|(number, row)| {
            let case = Case::new(
                format!("mount-table-{:03}", number + 1),
                &["H6", "H7", "M11"],
            );
            case.about(what(row))
                .needs(needs(row))
                .check(async move |trial| check(trial, row).await)
        })
        .collect()
}

/// The row, in a line.
fn what(row: &Row) -> String {
    let Row {
        method,
        target,
        host,
        external,
        ..
    } = row;
    let mut what = format!("{method} {target}");
    if *host != "localhost" {
        what.push_str(&format!(" at {host}"));
    }
    if !external.is_empty() {
        what.push_str(&format!(" below {external}"));
    }
    what + " to " + &row.mounts.join(" ")
}

fn needs(row: &Row) -> &'static [Feature] {
    let is_raw = !row.target.starts_with('/') || row.method == "CONNECT";
    let is_raw = is_raw || row.target.contains('\\');
    match (is_raw, is_odd(row), row.external.is_empty()) {
        (true, true, true) => &[Feature::AnyTarget, Feature::OddTarget],
        (true, true, false) => &[Feature::AnyTarget, Feature::OddTarget, Feature::ScriptName],
        (true, false, true) => &[Feature::AnyTarget],
        (true, false, false) => &[Feature::AnyTarget, Feature::ScriptName],
        (false, _, true) if is_lost_decoded(row.target) => &[Feature::SentPath],
        (false, _, true) => &[],
        (false, _, false) => &[Feature::ScriptName],
    }
}

/// Whether a target names another server than the row's `Host`, or, with CONNECT, none.
fn is_odd(row: &Row) -> bool {
    let authority = match row.target.strip_prefix("http://") {
        Some(rest) => rest.split('/').next().unwrap_or(rest),
        None if row.method == "CONNECT" => row.target,
        None => return false,
    };
    authority != row.host
}

/// The target below a prefix, and the prefix; none where the target has no path.
fn below<'a>(prefix: &'a str, target: &str) -> (String, &'a str) {
    if target.starts_with('/') {
        return (format!("{prefix}{target}"), prefix);
    }
    let Some(rest) = target
        .strip_prefix("http://")
        .filter(|_| !prefix.is_empty())
    else {
        return (target.to_owned(), "");
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    (format!("http://{authority}{prefix}{path}"), prefix)
}

fn climbs(target: &str) -> bool {
    target
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .contains("..")
}

async fn check(trial: &Trial<'_>, row: &Row) -> Result<(), Failure> {
    let (target, prefix) = below(trial.prefix(), row.target);
    if !prefix.is_empty() && climbs(row.target) && row.outcome == Outcome::Refused(400) {
        // What is above the prefix is for the web server to answer.
        return Ok(());
    }
    let ask = trial.ask_target(row.method, &target);
    let mut ask = ask.host(row.host).field(SITE, row.mounts.join(" "));
    ask.script_name = row.external.to_owned();
    let answer = trial.send(ask).await;
    let what = format!(
        "of {} {target} at {} to the mounts {:?}",
        row.method, row.host, row.mounts
    );
    match row.outcome {
        Outcome::Refused(status) => that(
            answer.status == status,
            format_args!("status {status} {what}"),
            answer.to_string(),
        ),
        Outcome::At {
            mount,
            script_name,
            path_info,
        } => {
            let expected = format!("{mount} {prefix}{script_name} {path_info};");
            that(
                answer.values("x-here") == [&*expected] && answer.status == 200,
                format_args!("{expected:?} {what}"),
                answer.to_string(),
            )
        }
    }
}
