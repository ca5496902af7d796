//! JSON in tests.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{TestRequest, TestResponse};

impl TestRequest {
    /// Sets the body to `value` as JSON, and the `Content-Type` with it.
    ///
    /// # Panics
    ///
    /// If `value` cannot be written as JSON.
    #[track_caller]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> TestRequest {
        match serde_json::to_vec(value) {
            Ok(text) => self.header("content-type", "application/json").body(text),
            Err(error) => panic!("a value that can be written as JSON: {error}"),
        }
    }
}

impl TestResponse {
    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// If it is no JSON or does not fit.
    #[must_use]
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(self.bytes()) {
            Ok(value) => value,
            Err(error) => self.fail(format_args!("JSON was expected in the body: {error}")),
        }
    }

    /// Expects JSON of the same value as the body; how it is written does not matter.
    ///
    /// # Panics
    ///
    /// If it is otherwise.
    #[track_caller]
    pub fn assert_json(&self, expected: &(impl Serialize + ?Sized)) -> &Self {
        let expected = match serde_json::to_value(expected) {
            Ok(expected) => expected,
            Err(error) => panic!("a value that can be written as JSON: {error}"),
        };
        if self.json::<Value>() != expected {
            self.fail(format_args!("the JSON {expected} was expected"));
        }
        self
    }
}
