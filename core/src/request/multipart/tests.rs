use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::HeaderValue;

use super::*;
use crate::BodyError;

fn request(media_type: &'static str, body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    let media_type = HeaderValue::from_static(media_type);
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    request
}

fn form(body: impl Into<Body>) -> Multipart {
    request("multipart/form-data; boundary=B", body)
        .multipart()
        .expect("a form")
}

fn part(name: &str, content: &str) -> String {
    format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
}

/// Blocks of `size` bytes, and how many of them were taken.
fn blocks(text: String, size: usize) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let text = Bytes::from(text);
    let blocks = (0..text.len().div_ceil(size)).map(move |position| {
        count.fetch_add(1, Ordering::Relaxed);
        let from = position * size;
        Ok::<_, BodyError>(text.slice(from..text.len().min(from + size)))
    });
    (Body::stream(futures_util::stream::iter(blocks)), taken)
}

async fn read(mut form: Multipart) -> Result<Vec<String>> {
    let mut read = Vec::new();
    while let Some(part) = form.next_part().await? {
        let name = part.name().unwrap_or("-").to_owned();
        read.push(format!("{name}={}", part.text().await?));
    }
    Ok(read)
}

#[tokio::test]
async fn a_form_that_is_malformed_or_breaks_off_is_a_400() {
    let whole = part("a", "1") + "--B--\r\n";
    for cut in 0..whole.len() - 4 {
        let error = read(form(whole[..cut].to_owned())).await;
        let error = error.expect_err(&format!("cut at {cut}"));
        assert_eq!(error.status_code(), 400, "cut at {cut}: {error}");
    }
    for text in [
        "--B\r\nno colon\r\n\r\nx\r\n--B--",
        "--Bx",
        "--B\r\n\0: x\r\n\r\n",
    ] {
        let error = read(form(text)).await.expect_err(text);
        assert_eq!(error.status_code(), 400, "{text:?}: {error}");
    }
    let broken = vec![
        Ok(Bytes::from(part("a", "1"))),
        Err(BodyError::new("reset")),
    ];
    let body = Body::stream(futures_util::stream::iter(broken));
    let error = read(form(body)).await.expect_err("it breaks off");
    assert_eq!(error.status_code(), 400);
}

#[tokio::test]
async fn a_head_without_an_end_is_refused_before_it_is_long() {
    for prefix in ["", "--B\r\nx: "] {
        let (body, taken) = blocks(format!("{prefix}{}", "y".repeat(2_000_000)), 10);
        let error = read(form(body)).await.expect_err("no end");
        assert_eq!(error.status_code(), 400);
        assert!(error.to_string().contains("16384"), "{error}");
        let taken = 10 * taken.load(Ordering::Relaxed);
        assert!(taken < 40_000, "{taken} bytes were taken");
    }
}

#[tokio::test]
async fn each_limit_is_a_413() {
    let three = [part("a", "1"), part("b", "22222"), part("c", "")].concat() + "--B--\r\n";
    let cases = [
        form(three.clone()).with_most_parts(2),
        form(three.clone()).with_part_limit(4),
    ];
    for form in cases {
        let error = read(form).await.expect_err("beyond a limit");
        assert_eq!(error.status_code(), 413, "{error}");
    }
    let within = form(three.clone()).with_most_parts(3).with_part_limit(5);
    assert_eq!(
        read(within).await.expect("within"),
        ["a=1", "b=22222", "c="]
    );

    // A part that nobody reads has no limit of its own.
    let mut skipped = form(three.clone()).with_part_limit(4);
    while skipped.next_part().await.expect("skipped").is_some() {}

    let limit = three.len() as u64 - 1;
    let mut known = request("multipart/form-data; boundary=B", three.clone());
    known.environ_mut().set_body_limit(limit);
    assert_eq!(known.multipart().expect_err("too large").status_code(), 413);
    let mut streamed = request("multipart/form-data; boundary=B", blocks(three, 7).0);
    streamed.environ_mut().set_body_limit(limit);
    let error = read(streamed.multipart().expect("not known yet")).await;
    assert_eq!(error.expect_err("too large").status_code(), 413);
}

#[tokio::test]
async fn what_is_no_form_is_refused_unread() {
    for (media_type, status) in [
        ("application/json", 415),
        ("multipart/mixed; boundary=B", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=\"\"", 400),
    ] {
        let mut request = request(media_type, "x");
        let error = request.multipart().expect_err(media_type);
        assert_eq!(error.status_code(), status, "{media_type}");
        assert_eq!(request.text().await.expect("unread"), "x");
    }
}

#[tokio::test]
async fn parts_are_read_whatever_the_blocks_and_a_file_is_never_whole_in_memory() {
    let file = "x\r\n--\r\n-".repeat(40_000);
    let text = [
        part("a", "1"),
        format!(
            "--B\r\ncontent-disposition: form-data; name=f; filename=\"x.png\"\r\n\
             content-type: image/png\r\n\r\n{file}\r\n"
        ),
        "--B--\r\n".to_owned(),
    ]
    .concat();
    for size in [1, 7, 4096, 1_000_000] {
        let (body, taken) = blocks(text.clone(), size);
        let mut form = form(body);
        let first = form.next_part().await.expect("a part").expect("a part");
        assert_eq!(first.name(), Some("a"));
        // The first part is there as soon as the first block is.
        assert!(taken.load(Ordering::Relaxed) <= 8192_usize.div_ceil(size));
        let mut photo = form.next_part().await.expect("a part").expect("a part");
        assert_eq!(photo.file_name(), Some("x.png"));
        assert_eq!(photo.media_type(), Some("image/png"));
        assert_eq!(photo.headers().len(), 2);
        let mut length = 0;
        while let Some(block) = photo.chunk().await.expect("a block") {
            length += block.len();
        }
        assert_eq!(length, file.len(), "blocks of {size}");
        assert!(form.next_part().await.expect("the end").is_none());
    }
}
