//! A response that was read to its end: [`TestResponse`].

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{Extensions, HeaderMap, StatusCode, response::Parts};
use http_body_util::BodyExt;

use super::request::Reports;
use crate::{
    Body, Response,
    lint::{Finding, Findings, Severity},
};

/// A response that was read to its end, with assertions that can be chained.
///
/// Each says what was expected, and shows the whole response.
///
/// ```
/// use enfilade_core::{Redirect, Request, testing};
///
/// # async fn check() {
/// testing::get("/old")
///     .on(&async |_: Request| Redirect::permanent("/new"))
///     .await
///     .assert_status(308)
///     .assert_header("location", "/new")
///     .assert_no_header("content-type")
///     .assert_empty();
/// # }
/// ```
pub struct TestResponse {
    head: Parts,
    body: Bytes,
    trailers: Option<HeaderMap>,
    early_hints: Vec<HeaderMap>,
    broken_off: Option<String>,
    reports: Vec<String>,
    findings: Vec<Finding>,
}

impl TestResponse {
    pub(super) async fn read(
        response: Response,
        reports: &Reports,
        findings: &Findings,
    ) -> TestResponse {
        let (head, mut body) = response.into_parts();
        let mut read = TestResponse {
            head,
            body: Bytes::new(),
            trailers: None,
            early_hints: Vec::new(),
            broken_off: None,
            reports: Vec::new(),
            findings: Vec::new(),
        };
        read.read_body(&mut body).await;
        drop(body);
        read.reports = reports.take();
        read.findings = findings.take();
        let mut found = read.findings.iter();
        if let Some(breach) = found.find(|found| found.severity() == Severity::Breach) {
            read.fail(format_args!("{breach}"));
        }
        read
    }

    pub(super) fn with_early_hints(mut self, hints: Vec<HeaderMap>) -> TestResponse {
        self.early_hints = hints;
        self
    }

    async fn read_body(&mut self, body: &mut Body) {
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(frame)) => self.trailers = frame.into_trailers().ok(),
                Err(error) => {
                    let cause = std::error::Error::source(&error);
                    let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
                    self.broken_off = Some(cause);
                    break;
                }
            }
        }
        self.body = bytes.freeze();
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.head.status
    }

    /// All fields.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The first value of a field, where it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// What the app and the middleware left for the host.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions {
        &self.head.extensions
    }

    /// The body.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.body) {
            Ok(text) => text,
            Err(error) => self.fail(format_args!("a body of UTF-8 was expected: {error}")),
        }
    }

    /// The trailers, where the body had some.
    #[must_use]
    pub const fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// What the app hinted before it answered, in the order in which it did.
    #[must_use]
    pub fn early_hints(&self) -> &[HeaderMap] {
        &self.early_hints
    }

    /// What was written to the host's error stream.
    #[must_use]
    pub fn reports(&self) -> &[String] {
        &self.reports
    }

    /// What a lint in front of the app warns of.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.findings
    }

    /// Expects this status.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        self.expect(
            self.head.status.as_u16() == status,
            format_args!("status {status} was expected"),
        )
    }

    /// Expects this field, once and with this value.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        let mut values = self.head.headers.get_all(name).iter();
        self.expect(
            values.next().is_some_and(|given| given == value) && values.next().is_none(),
            format_args!("`{name}: {value}` was expected"),
        )
    }

    /// Expects no field of this name.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Self {
        self.expect(
            !self.head.headers.contains_key(name),
            format_args!("no `{name}` was expected"),
        )
    }

    /// Expects exactly this text as the whole body.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_text(&self, text: &str) -> &Self {
        self.assert_bytes(text)
    }

    /// Expects a text with `part` in it as the body.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_text_contains(&self, part: &str) -> &Self {
        self.expect(
            self.text().contains(part),
            format_args!("{part:?} was expected in the body"),
        )
    }

    /// Expects exactly these bytes as the whole body.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_bytes(&self, bytes: impl AsRef<[u8]>) -> &Self {
        let bytes = bytes.as_ref();
        self.expect(
            self.broken_off.is_none() && self.body == bytes,
            format_args!("the body {:?} was expected", String::from_utf8_lossy(bytes)),
        )
    }

    /// Expects an empty body.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_empty(&self) -> &Self {
        self.assert_bytes("")
    }

    /// Expects that the body broke off, as it does when a stream fails after its first frame.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_broken_off(&self) -> &Self {
        self.expect(
            self.broken_off.is_some(),
            format_args!("a body that breaks off was expected"),
        )
    }

    /// Expects a line with `part` in it on the host's error stream.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_reported(&self, part: &str) -> &Self {
        self.expect(
            self.reports.iter().any(|line| line.contains(part)),
            format_args!("a report with {part:?} in it was expected"),
        )
    }

    #[track_caller]
    fn expect(&self, holds: bool, expected: fmt::Arguments<'_>) -> &Self {
        if !holds {
            self.fail(expected);
        }
        self
    }

    #[track_caller]
    pub(super) fn fail(&self, expected: fmt::Arguments<'_>) -> ! {
        panic!("{expected}; the response was:\n{self:?}")
    }
}

/// The whole response, as it would be sent, and what came with it.
impl fmt::Debug for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.head.status)?;
        for (name, value) in &self.head.headers {
            writeln!(
                f,
                "    {name}: {}",
                String::from_utf8_lossy(value.as_bytes())
            )?;
        }
        writeln!(f, "    ")?;
        for line in String::from_utf8_lossy(&self.body).lines() {
            writeln!(f, "    {line}")?;
        }
        if let Some(cause) = &self.broken_off {
            writeln!(f, "    (broken off: {cause})")?;
        }
        for (name, value) in self.trailers.iter().flatten() {
            writeln!(f, "    (trailer) {name}: {value:?}")?;
        }
        for line in &self.reports {
            writeln!(f, "    (reported) {line}")?;
        }
        for finding in &self.findings {
            writeln!(f, "    (lint) {finding}")?;
        }
        Ok(())
    }
}
