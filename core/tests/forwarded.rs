//! What a proxy says of a request, where nobody was told to trust one.

use enfilade_core::{Request, RequestExt, testing};

#[tokio::test]
async fn what_a_proxy_says_is_believed_by_nobody_who_was_not_told_to() {
    let app = async |request: Request| {
        let connection = request.environ().connection();
        format!(
            "{} {} {} {:?} {}",
            connection.scheme,
            connection.server_port,
            request.peer(),
            request.script_name(),
            request.absolute_url_for("/x"),
        )
    };
    let honest = || testing::get("/").peer("192.0.2.1:1000");
    let expected = honest().on(&app).await.text().to_owned();
    assert_eq!(expected, "http 80 192.0.2.1 \"\" http://localhost/x");
    for (name, value) in [
        ("forwarded", "for=192.0.2.9;proto=https;host=evil.example"),
        ("x-forwarded-for", "192.0.2.9"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-port", "444"),
        ("x-forwarded-prefix", "/evil"),
        ("x-forwarded-proto", "https"),
        ("x-original-url", "/evil"),
        ("x-real-ip", "192.0.2.9"),
    ] {
        let response = honest().header(name, value).on(&app).await;
        assert_eq!(response.text(), expected, "{name}");
    }
}
