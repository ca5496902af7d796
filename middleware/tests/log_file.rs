//! The access log in a file: rotation, a full disk, a reader that stops, and the end.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use enfilade_core::{App, Pipeline, Request, lint::Lint, testing};
use enfilade_middleware::{AccessLog, Format, LogFile};
use http_body_util::BodyExt;

const PATIENCE: Duration = Duration::from_secs(30);

fn app(file: &LogFile) -> impl App + use<> {
    Pipeline::new()
        .with(Lint::panicking().around(AccessLog::file(Format::Common, file.clone())))
        .app(async |_: Request| "hello")
}

/// Lines until there are `count` or patience ends.
fn wait_for_lines(path: &Path, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        if lines.len() >= count || begun.elapsed() > PATIENCE {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn many(app: &impl App, count: usize) {
    for _ in 0..count {
        let mut body = app.respond(Request::default()).await.into_body();
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let error = LogFile::open("/does/not/exist.log").expect_err("no such directory");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("/does/not/exist.log"), "{text}");
}

#[tokio::test]
async fn lines_are_written_soon_and_the_last_ones_when_the_log_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.log");
    fs::write(&path, "before\n").expect("a file");
    let file = LogFile::open(&path).expect("opens");
    let app = app(&file);
    testing::get("/1").on(&app).await;
    let lines = wait_for_lines(&path, 2);
    assert_eq!(lines[0], "before");
    assert!(lines[1].contains("GET /1 "), "{lines:?}");
    testing::get("/2").on(&app).await;
    drop((file, app));
    let text = fs::read_to_string(&path).expect("a file");
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[tokio::test]
async fn a_hundred_thousand_requests_give_as_many_lines_or_count_what_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.log");
    let file = LogFile::open(&path).expect("opens");
    many(&app(&file), 100_000).await;
    assert!(file.flush(PATIENCE));
    let text = fs::read_to_string(&path).expect("a file");
    let whole = text.lines().filter(|line| line.ends_with(" 200 5")).count();
    let told = text.lines().filter(|line| line.contains("\"lost ")).count();
    assert_eq!(whole as u64 + file.lost(), 100_000);
    assert_eq!(whole + told, text.lines().count());
}

#[cfg(unix)]
#[tokio::test]
async fn after_a_sighup_lines_go_into_a_new_file_and_none_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, old) = (folder.path().join("log"), folder.path().join("log.1"));
    let file = LogFile::open(&path).expect("opens");
    let app = app(&file);
    testing::get("/1").on(&app).await;
    assert!(file.flush(PATIENCE));
    fs::rename(&path, &old).expect("moved away");
    testing::get("/2").on(&app).await;
    assert!(file.flush(PATIENCE));
    assert!(!path.exists());
    signal_hook::low_level::raise(signal_hook::consts::SIGHUP).expect("a signal");
    testing::get("/3").on(&app).await;
    let new = wait_for_lines(&path, 1);
    assert!(new.len() == 1 && new[0].contains("/3"), "{new:?}");
    assert_eq!(wait_for_lines(&old, 2).len(), 2);

    // Without a line, the file is there within a second or so.
    fs::rename(&path, folder.path().join("log.2")).expect("moved away");
    signal_hook::low_level::raise(signal_hook::consts::SIGHUP).expect("a signal");
    let begun = Instant::now();
    while !path.exists() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_is_opened_again_by_hand_and_kept_where_that_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("a folder");
    let path = inner.join("log");
    let file = LogFile::open_without_hangup(&path).expect("opens");
    let app = app(&file);
    let moved = folder.path().join("moved");
    fs::rename(&inner, &moved).expect("moved away");
    file.reopen();
    testing::get("/1").on(&app).await;
    assert!(file.flush(PATIENCE));
    assert_eq!(wait_for_lines(&moved.join("log"), 1).len(), 1);
    fs::create_dir(&inner).expect("a folder");
    file.reopen();
    testing::get("/2").on(&app).await;
    assert!(file.flush(PATIENCE));
    assert_eq!(wait_for_lines(&path, 1).len(), 1);
}

/// The disk is `/dev/full` behind a link; there is room again once the link leads elsewhere.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_fails_no_request_and_what_was_lost_is_counted_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    std::os::unix::fs::symlink("/dev/full", &path).expect("a link");
    let file = LogFile::open(&path).expect("opens");
    let app = app(&file);
    many(&app, 100_000).await;
    assert!(!file.flush(Duration::from_millis(10)));
    let lost = file.lost();
    assert!(lost > 10_000 && lost < 99_000, "{lost}");

    fs::remove_file(&path).expect("a link");
    file.reopen();
    assert!(file.flush(PATIENCE), "it goes on by itself");
    testing::get("/").on(&app).await;
    assert!(file.flush(PATIENCE));
    let text = fs::read_to_string(&path).expect("a file");
    let lines: Vec<_> = text.lines().collect();
    let told = lines[lines.len() - 2];
    assert!(
        told.ends_with(&format!("\"lost {lost} lines\" - -")),
        "{told}"
    );
    assert_eq!(lines.len() as u64 - 2 + lost, 100_000);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reader_that_stops_holds_no_request_up_and_the_end_does_not_wait_for_ever() {
    use std::{io::Read, os::fd::AsRawFd};

    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let file = LogFile::open(&path).expect("opens");
    drop(writer);
    many(&app(&file), 100_000).await;
    let lost = file.lost();
    assert!(lost > 10_000, "{lost}");
    let begun = Instant::now();
    drop(file);
    assert!(begun.elapsed() < PATIENCE);
    // It writes on while there is a reader, and never half a line.
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    assert!(text.lines().all(|line| line.ends_with(" 200 5")));
    assert_eq!(text.lines().count() as u64 + lost, 100_000);
}

/// This very test, started again as a process of its own, is the one that logs.
#[tokio::test]
async fn the_standard_output_has_the_lines_when_the_process_ends() {
    const MARK: &str = "ENFILADE_TEST_LOGS_TO_STDOUT";
    if std::env::var_os(MARK).is_some() {
        let log = AccessLog::stdout(Format::Common).expect("a thread");
        let app = Pipeline::new()
            .with(Lint::panicking().around(log))
            .app(async |_: Request| "hello");
        testing::get("/from-the-child").on(&app).await;
        return;
    }
    let name = "the_standard_output_has_the_lines_when_the_process_ends";
    let child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--nocapture"])
        .env(MARK, "1")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&child.stdout);
    let lines = text.matches("\"GET /from-the-child HTTP/1.1\" 200 5\n");
    assert_eq!(lines.count(), 1, "{text}");
}
