//! What came of all cases on all targets: [`Matrix`].

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

use crate::{Report, Verdict, cases};

/// Reports side by side, printed as a table in Markdown.
#[derive(Clone, Debug)]
pub struct Matrix {
    reports: Vec<Report>,
}

impl Matrix {
    /// These reports, in this order.
    #[must_use]
    pub fn new(reports: impl IntoIterator<Item = Report>) -> Matrix {
        Matrix {
            reports: reports.into_iter().collect(),
        }
    }

    /// All reports that were saved in `folder`, in the order of their names.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn read(folder: &Path) -> io::Result<Matrix> {
        let mut reports = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let report: Report = serde_json::from_slice(&fs::read(path)?)?;
                reports.push(report);
            }
        }
        reports.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(Matrix { reports })
    }

    /// The cell of a case and a report, with the notes so far: each reason is told once.
    fn cell(verdict: Option<&Verdict>, notes: &mut Vec<String>) -> String {
        let (mark, reason) = match verdict {
            Some(Verdict::Pass) => return "pass".to_owned(),
            None => return " ".to_owned(),
            Some(Verdict::Fail { .. }) => return "**FAIL**".to_owned(),
            Some(Verdict::Deviates { reason }) => ("deviates", reason),
            Some(Verdict::NotApplicable { reason }) => ("n/a", reason),
        };
        let known = notes.iter().position(|note| note == reason);
        let number = known.unwrap_or_else(|| {
            notes.push(reason.clone());
            notes.len() - 1
        });
        format!("{mark} [{}]", number + 1)
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reports: Vec<(&str, BTreeMap<&str, &Verdict>)> = self
            .reports
            .iter()
            .map(|report| {
                let verdicts = report.verdicts.iter();
                let verdicts = verdicts.map(|(case, verdict)| (&**case, verdict));
                (&*report.target, verdicts.collect())
            })
            .collect();
        write!(f, "| case | rules |")?;
        for (target, _) in &reports {
            write!(f, " {target} |")?;
        }
        writeln!(f, "\n|---|---|{}", "---|".repeat(reports.len()))?;
        let mut notes = Vec::new();
        for case in cases::all() {
            write!(f, "| {}", case.name())?;
            if let Some(what) = case.what() {
                write!(f, " `{what}`")?;
            }
            write!(f, " | {} |", case.rules().join(" "))?;
            for (_, verdicts) in &reports {
                let verdict = verdicts.get(case.name()).copied();
                write!(f, " {} |", Matrix::cell(verdict, &mut notes))?;
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        for (number, note) in notes.iter().enumerate() {
            writeln!(f, "{}. {note}", number + 1)?;
        }
        Ok(())
    }
}
