use super::*;
use crate::BodyError;

#[test]
fn whatever_fails_is_a_500_that_keeps_its_cause_and_does_not_show_it() {
    let boxed: BoxError = "the password is hunter2".into();
    for error in [
        Error::from(std::io::Error::other("the password is hunter2")),
        Error::from(boxed),
        Error::from("the password is hunter2"),
    ] {
        let cause = error.cause().expect("a cause").chain();
        assert_eq!(cause, "the password is hunter2");
        let response = error.into_response();
        assert_eq!(response.status(), 500);
        assert!(response.extensions().get::<Cause>().is_some());
        let body = response.into_body().try_into_bytes().expect("in memory");
        assert_eq!(body, "Internal Server Error\n");
    }
}

#[test]
fn a_cause_is_shown_when_it_is_exposed() {
    let cause = BodyError::new(std::io::Error::other("disk gone"));
    let error = Error::from(cause).expose();
    assert_eq!(error.detail(), "the body broke off: disk gone");
    let error = error.message("could not read");
    assert_eq!(
        error.detail(),
        "could not read: the body broke off: disk gone"
    );
}

#[test]
fn a_body_that_cannot_be_read_brings_its_own_status() {
    let error = Error::from(ReadError::TooLarge { limit: 5 });
    assert_eq!(error.status_code(), 413);
    let error = Error::from(ReadError::Broken(BodyError::new("reset")));
    assert_eq!(error.status_code(), 400);
}

#[test]
fn fields_of_an_error_are_sent_and_repeat() {
    let basic = HeaderValue::from_static("Basic realm=\"x\"");
    let bearer = HeaderValue::from_static("Bearer");
    let response = Error::unauthorized()
        .header(header::WWW_AUTHENTICATE, basic)
        .header(header::WWW_AUTHENTICATE, bearer)
        .header(header::VARY, HeaderValue::from_static("origin"))
        .into_response();
    let challenges = response.headers().get_all(header::WWW_AUTHENTICATE);
    assert_eq!(challenges.iter().count(), 2);
    let vary: Vec<_> = response.headers().get_all(header::VARY).iter().collect();
    assert_eq!(vary, ["origin", "accept"]);
}

#[test]
fn an_edit_of_a_clone_leaves_the_other_as_it_is() {
    let error = Error::not_found().message("one");
    let other = error.clone().with_status(410).message("two");
    assert_eq!(error.to_string(), "404 Not Found: one");
    assert_eq!(other.to_string(), "410 Gone: two");
}

#[test]
#[should_panic = "400 to 599"]
fn a_status_that_is_no_error_is_refused() {
    let _ = Error::status(302);
}
