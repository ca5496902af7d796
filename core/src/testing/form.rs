//! Forms in tests.

use serde::Serialize;

use super::TestRequest;

impl TestRequest {
    /// Sets the body to `fields` as a form (`application/x-www-form-urlencoded`), and the
    /// `Content-Type` with it.
    ///
    /// # Panics
    ///
    /// If `fields` cannot be written as a form.
    #[track_caller]
    pub fn form(self, fields: &(impl Serialize + ?Sized)) -> TestRequest {
        match serde_html_form::to_string(fields) {
            Ok(text) => self
                .header("content-type", "application/x-www-form-urlencoded")
                .body(text),
            Err(error) => panic!("fields that can be written as a form: {error}"),
        }
    }
}
