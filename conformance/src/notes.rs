//! What apps and clients tell the kit past the host: [`Notes`].

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::sync::oneshot;

/// A folder with a file of lines for each exchange.
///
/// What an app does after its answer, or instead of one, cannot be read off the answer: that a body
/// was dropped, that a callback ran. It is written down here. A folder works where a host starts a
/// process for each request, too.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    folder: PathBuf,
    /// Removed with the last clone, where the kit made it itself.
    _temporary: Option<Arc<TempDir>>,
}

impl Notes {
    /// Notes in a new folder, which is removed in the end.
    pub(crate) fn temporary() -> io::Result<Notes> {
        let folder = tempfile::Builder::new().prefix("enfilade-").tempdir()?;
        // A web server may run the app under another user.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
        }
        Ok(Notes {
            folder: folder.path().to_owned(),
            _temporary: Some(Arc::new(folder)),
        })
    }

    pub(crate) fn in_folder(folder: impl Into<PathBuf>) -> Notes {
        Notes {
            folder: folder.into(),
            _temporary: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The notes of the exchange `id`. `None` unless it is one that the kit gives: it names a file.
    pub(crate) fn of(&self, id: &str) -> Option<Note> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (!id.is_empty() && id.len() <= 80 && id.bytes().all(is_name)).then(|| Note {
            file: self.folder.join(id),
            notes: self.clone(),
        })
    }
}

/// The notes of one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    file: PathBuf,
    /// Keeps the folder.
    notes: Notes,
}

impl Note {
    /// Writes a line down.
    ///
    /// # Panics
    ///
    /// If it cannot be written: nothing could be observed then.
    pub(crate) fn write(&self, line: &str) {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.file);
        // One write, so that lines of several processes do not mix.
        let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        if let Err(error) = written {
            panic!("cannot write to {}: {error}", self.file.display());
        }
        open_to_all(&self.file);
    }

    /// All lines, in the order in which they were written.
    pub(crate) fn lines(&self) -> Vec<String> {
        fs::read_to_string(&self.file)
            .map(|text| text.lines().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    /// Whether `line` has been written, or is within `patience`. In any runtime, or in none.
    pub(crate) async fn wait_for(&self, line: &str, patience: Duration) -> bool {
        let line = line.to_owned();
        self.until(patience, move |lines| lines.contains(&line))
            .await
    }

    /// Whether `holds` of the lines, or does so within `patience`.
    pub(crate) async fn until(
        &self,
        patience: Duration,
        holds: impl Fn(&[String]) -> bool + Send + 'static,
    ) -> bool {
        let (note, (found, finding)) = (self.clone(), oneshot::channel());
        std::thread::spawn(move || {
            let _kept = &note.notes;
            let deadline = Instant::now() + patience;
            while !found.is_closed() {
                let is_there = holds(&note.lines());
                if is_there || Instant::now() > deadline {
                    // Nobody may be waiting any more.
                    let _ = found.send(is_there);
                    return;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        finding.await.unwrap_or(false)
    }
}

/// Lets a program under another user add lines, where this one made the file.
fn open_to_all(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // It fails where the file is another user's, who has done it.
        let _ = fs::set_permissions(file, fs::Permissions::from_mode(0o666));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_a_file_in_the_folder_and_no_other() {
        let notes = Notes::in_folder("/notes");
        for id in ["", "..", "a/b", "a.b", &"a".repeat(81)] {
            assert!(notes.of(id).is_none(), "{id:?}");
        }
        let note = notes.of("Two-fields-1").expect("an id");
        assert_eq!(note.file, Path::new("/notes/Two-fields-1"));
    }

    #[tokio::test]
    async fn lines_are_kept_in_order_and_can_be_waited_for() {
        let notes = Notes::temporary().expect("a folder");
        let note = notes.of("a").expect("an id");
        assert_eq!(note.lines(), [""; 0]);
        assert!(!note.wait_for("two", Duration::ZERO).await);
        let other = note.clone();
        let writer = std::thread::spawn(move || {
            other.write("one");
            other.write("two");
        });
        assert!(note.wait_for("two", Duration::from_secs(5)).await);
        writer.join().expect("it wrote");
        assert_eq!(note.lines(), ["one", "two"]);
    }
}
