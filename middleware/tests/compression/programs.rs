//! The programs that people decode with.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use enfilade_middleware::{Coding, Compression};

use crate::{answer, blocks, bytes, request, response, text};

/// What `program -d` writes; nothing where it is not installed.
fn decoded_by(program: &str, encoded: Vec<u8>) -> Option<Vec<u8>> {
    let spawned = Command::new(program)
        .args(["-d", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("{program} is not installed, so it was not asked");
            return None;
        }
        spawned => spawned.expect("it starts"),
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(&encoded));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success(), "{program}: {}", output.status);
    Some(output.stdout)
}

#[tokio::test]
async fn the_usual_programs_decode_what_is_sent() {
    for (program, coding) in [
        ("gzip", Coding::Gzip),
        ("brotli", Coding::Brotli),
        ("zstd", Coding::Zstd),
    ] {
        for size in [2000, 60_000, 700_000] {
            for streamed in [false, true] {
                let asked = request("GET", &[("accept-encoding", coding.as_str())]);
                let answered = answer(Compression::new(), asked, || {
                    let body = if streamed {
                        blocks([text(size)])
                    } else {
                        text(size).into()
                    };
                    response(body, &[])
                })
                .await;
                let encoded = bytes(answered).await.to_vec();
                if let Some(decoded) = decoded_by(program, encoded) {
                    assert_eq!(
                        decoded,
                        text(size).into_bytes(),
                        "{program} {size} {streamed}"
                    );
                }
            }
        }
    }
}
