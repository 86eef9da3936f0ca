//! Where changes of numbers are kept: in a file, which is all that is needed, and in the store beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Change;
use crate::store::StoreError;
use crate::store::numbers::{self, Ledger};

/// The version of the file, raised when a key changes its meaning.
const VERSION: u32 = 1;

/// Keeps changes of numbers.
pub struct Book {
    file: PathBuf,
    ledger: Option<Ledger>,
}

/// Why something could not be kept, or what was kept cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not ours, or broken.
    #[error("{} is not a file of kept numbers (line {line}): move it away, or mend it", .path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// It was written by a newer version.
    #[error("{} is of version {version}, which this Warmline does not know", .path.display())]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

/// What came of keeping or reading: the file did its part.
#[derive(Debug)]
pub struct Kept<T> {
    /// What was asked for.
    pub value: T,
    /// Why the store did not do its part.
    pub store: Option<StoreError>,
}

#[derive(Serialize, Deserialize)]
struct Pages {
    version: u32,
    changes: Vec<Change>,
}

impl Book {
    /// Keeps in this file, and in this store if there is one.
    pub fn new(file: PathBuf, ledger: Option<Ledger>) -> Self {
        Self { file, ledger }
    }

    /// Where the file is.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Keeps a change. Once this returns, it outlives a power failure.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or is no file of ours.
    pub async fn keep(&self, change: &Change) -> Result<Kept<()>, BookError> {
        let mut changes = self.read_file()?;
        changes.push(change.clone());
        self.write_file(changes)?;
        let store = match &self.ledger {
            Some(ledger) => {
                let row = numbers::Change {
                    id: change.id.clone(),
                    number: change.number.clone(),
                    at: change.at,
                    change: serde_json::to_string(change).expect("a change is plain data"),
                };
                ledger.keep(&row).await.err()
            }
            None => None,
        };
        Ok(Kept { value: (), store })
    }

    /// Every change of a number, oldest first, from both places.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read.
    pub async fn of(&self, number: &str) -> Result<Kept<Vec<Change>>, BookError> {
        let mut changes: Vec<Change> =
            self.read_file()?.into_iter().filter(|change| change.number == number).collect();
        let stored = match &self.ledger {
            Some(ledger) => ledger.of(number).await,
            None => Ok(Vec::new()),
        };
        let (stored, store) = match stored {
            Ok(stored) => (stored, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        for row in stored {
            if let Ok(change) = serde_json::from_str::<Change>(&row.change)
                && changes.iter().all(|known| known.id != change.id)
            {
                changes.push(change);
            }
        }
        changes.sort_by_key(|change| change.at);
        Ok(Kept { value: changes, store })
    }

    fn failed(&self, error: io::Error) -> BookError {
        BookError::File { path: self.file.clone(), error }
    }

    fn read_file(&self) -> Result<Vec<Change>, BookError> {
        let text = match fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
        };
        let path = || self.file.clone();
        let broken = |error: serde_json::Error| BookError::Broken { path: path(), line: error.line() };
        let pages: serde_json::Value = serde_json::from_slice(&text).map_err(broken)?;
        let version = pages["version"].as_u64().and_then(|version| version.try_into().ok());
        match version {
            Some(VERSION) => {}
            Some(version) => return Err(BookError::Newer { path: path(), version }),
            None => return Err(BookError::Broken { path: path(), line: 1 }),
        }
        let pages: Pages = serde_json::from_slice(&text).map_err(broken)?;
        Ok(pages.changes)
    }

    /// Writes the file anew beside itself, for its owner alone, and puts it in its place.
    fn write_file(&self, changes: Vec<Change>) -> Result<(), BookError> {
        let mut text = serde_json::to_vec_pretty(&Pages { version: VERSION, changes }).expect("plain data");
        text.push(b'\n');
        let mut beside = self.file.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = write_new(&beside, &text).and_then(|()| fs::rename(&beside, &self.file));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map_err(|error| self.failed(error))?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Not every file system can do this for a folder; the file itself is safe.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    // One of an earlier process with our number, which was killed in the middle.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::history::tests::change;
    use super::super::{Deed, before};
    use super::*;
    use crate::store::{Options, Retention, spool};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("warmline-book-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    async fn ledger(folder: &Path) -> Ledger {
        let url = format!("sqlite:{}", folder.join("store.db").display());
        let retention = Retention::Forever;
        let options =
            Options { url: url.into(), retention, masked: true, tracked: spool::Tracked::default() };
        assert!(Ledger::open_kept(&options).await.unwrap().is_none(), "reading makes no store");
        Ledger::open(&options).await.unwrap()
    }

    #[tokio::test]
    async fn either_place_is_enough_and_both_are_one_history() {
        let folder = folder("both");
        let ledger = ledger(&folder).await;
        let file = folder.join("numbers.json");
        let book = Book::new(file.clone(), Some(ledger.clone()));
        for (at, old, new) in [(1, "o", "a"), (2, "a", "b")] {
            assert!(book.keep(&change(at, Deed::Set, old, new)).await.unwrap().store.is_none());
        }
        assert_eq!(book.of("+15550100001").await.unwrap().value.len(), 2);
        assert!(book.of("+15550100002").await.unwrap().value.is_empty());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(&folder)
                .unwrap()
                .filter(|entry| {
                    entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("numbers.json.")
                })
                .count(),
            0,
            "nothing is left beside the file"
        );
        let alone = Book::new(file.clone(), None).of("+15550100001").await.unwrap().value;
        fs::remove_file(&file).unwrap();
        let stored = Book::new(file, Some(ledger)).of("+15550100001").await.unwrap().value;
        assert_eq!(alone, stored);
        assert_eq!(before(&stored).unwrap().voice_url, "o");
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_ours_is_left_alone() {
        let folder = folder("broken");
        let file = folder.join("numbers.json");
        let book = Book::new(file.clone(), None);
        for (text, says) in [
            ("{\"version\": 1,\n", "line 2"),
            ("[]", "line 1"),
            ("{\"version\": 9, \"changes\": []}", "version 9"),
        ] {
            fs::write(&file, text).unwrap();
            let error = book.keep(&change(1, Deed::Set, "o", "a")).await.unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("numbers.json"), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
