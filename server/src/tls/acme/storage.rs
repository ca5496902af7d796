//! Where accounts and certificates are kept: [`Storage`].

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use enfilade_core::HostError;
use tempfile::NamedTempFile;
use tokio::time::sleep;

/// How often it is tried to get a lock that another process has.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A folder for one authority: private keys are in it, so nobody else may look into it.
///
/// Several processes may use one. A file is written beside its place and moved there, so that none
/// is ever half a file; who asks an authority for something has a lock meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    folder: PathBuf,
}

impl Storage {
    /// The folder for `directory` inside of `root`. What is not there is made, for the process's
    /// user alone.
    pub(super) fn open(root: &Path, directory: &str) -> Result<Storage, HostError> {
        let folder = root.join(folder_of(directory));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| {
            let folder = folder.display();
            HostError::new(format!(
                "cannot make the folder {folder} for certificates: it must be the user's who runs \
                 the server"
            ))
            .because(error)
        })?;
        for folder in [root, &folder] {
            let found = fs::metadata(folder).map_err(|error| unreadable(folder, error))?;
            check_private(folder, &found, "700")?;
        }
        let storage = Storage { folder };
        // Found out now, and not when a certificate has to be stored.
        NamedTempFile::new_in(&storage.folder).map_err(|error| {
            let folder = storage.folder.display();
            HostError::new(format!("cannot write into {folder}")).because(error)
        })?;
        Ok(storage)
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// What is in `file`, if it is there.
    pub(super) fn read(&self, file: &str) -> Result<Option<String>, HostError> {
        let path = self.path(file);
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path, error)),
        };
        check_private(&path, &found, "600")?;
        fs::read_to_string(&path)
            .map(Some)
            .map_err(|error| unreadable(&path, error))
    }

    /// Puts `text` into `file`, all or nothing, also where the machine stops meanwhile.
    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), HostError> {
        let path = self.path(file);
        let write = || -> io::Result<()> {
            // For the user alone, from its first moment.
            let mut new = NamedTempFile::new_in(&self.folder)?;
            new.write_all(text.as_bytes())?;
            new.as_file().sync_all()?;
            new.persist(&path)?;
            sync_folder(&self.folder)
        };
        write().map_err(|error| {
            HostError::new(format!("cannot write {}", path.display())).because(error)
        })
    }

    /// Waits until nobody else is about to write `file`. The lock ends with the guard, or the
    /// process.
    pub(super) async fn lock(&self, file: &str) -> Result<Lock, HostError> {
        let path = self.path(&format!("{file}.lock"));
        let file = open_lock(&path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) => sleep(TRY_AGAIN).await,
                Err(TryLockError::Error(error)) => {
                    let message = format!("cannot lock {}", path.display());
                    return Err(HostError::new(message).because(error));
                }
            }
        }
    }
}

/// Held while an authority is asked.
#[must_use]
pub(super) struct Lock(#[allow(dead_code, reason = "closing it ends the lock")] File);

fn open_lock(path: &Path) -> Result<File, HostError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| HostError::new(format!("cannot write {}", path.display())).because(error))
}

/// A folder's name for the URL of a directory, without what file systems do not take.
fn folder_of(directory: &str) -> String {
    let address = directory.trim_start_matches("https://");
    address
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => c,
            _ => '_',
        })
        .collect()
}

fn unreadable(path: &Path, error: io::Error) -> HostError {
    HostError::new(format!("cannot read {}", path.display())).because(error)
}

/// Private keys that others can read are not private.
#[cfg(unix)]
fn check_private(path: &Path, found: &fs::Metadata, fit: &str) -> Result<(), HostError> {
    use std::os::unix::fs::MetadataExt;
    let (mode, own) = (found.mode() & 0o777, rustix::process::geteuid().as_raw());
    let (owner, shown) = (found.uid(), path.display());
    if owner != own {
        return Err(HostError::new(format!(
            "{shown}, where private keys are kept, belongs to the user {owner}, and the server is \
             the user {own}: chown {own} {shown}"
        )));
    }
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(HostError::new(format!(
        "others may read {path}, where private keys are kept (mode {mode:o}): chmod {fit} {path}"
    )))
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &fs::Metadata, _: &str) -> Result<(), HostError> {
    Ok(())
}

/// A name that was moved is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn storage() -> (tempfile::TempDir, Storage) {
        let root = tempfile::tempdir().expect("a directory");
        let storage = Storage::open(&root.path().join("acme"), "https://x.test:1/dir?a");
        (root, storage.expect("it can be made"))
    }

    #[test]
    fn each_authority_has_a_folder_with_a_name_that_file_systems_take() {
        let (root, storage) = storage();
        assert_eq!(
            storage.path("file"),
            root.path().join("acme/x.test_1_dir_a/file")
        );
    }

    #[tokio::test]
    async fn one_at_a_time_has_a_lock_and_another_file_has_another() {
        let (_root, storage) = storage();
        let first = storage.lock("a.pem").await.expect("it is free");
        assert!(storage.lock("a.pem").now_or_never().is_none());
        assert!(storage.lock("b.pem").now_or_never().is_some());
        drop(first);
        assert!(storage.lock("a.pem").now_or_never().is_some());
    }

    #[test]
    fn a_file_that_is_replaced_is_whole_at_any_moment_and_nothing_is_left_over() {
        let (_root, storage) = storage();
        let texts = ["a", "b"].map(|letter| letter.repeat(100_000));
        storage.write("file", &texts[0]).expect("it can be written");
        std::thread::scope(|threads| {
            let writing = threads.spawn(|| {
                for text in texts.iter().cycle().take(100) {
                    storage.write("file", text).expect("it can be written");
                }
            });
            while !writing.is_finished() {
                let read = storage.read("file").expect("it can be read");
                let read = read.expect("it is there");
                assert!(texts.contains(&read), "{} bytes", read.len());
            }
        });
        let left = fs::read_dir(&storage.folder).expect("it is there").count();
        assert_eq!(left, 1);
        assert_eq!(storage.read("missing").expect("it can be read"), None);
    }
}
