//! What is wrong with a file that somebody edits: which file, which line, and why.

use std::fmt;
use std::io;
use std::ops::Range;

/// A prompt file or a manifest that cannot be used. Holds names and keys, never the text of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file, with its folder.
    pub file: String,
    /// Counted from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// What is wrong, in words for the person who edits the file.
    pub cause: String,
}

impl FileError {
    pub(crate) fn whole(file: &str, cause: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, cause: cause.into() }
    }

    pub(crate) fn at(file: &str, line: usize, cause: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), cause: cause.into() }
    }

    pub(crate) fn unreadable(file: &str, error: &io::Error) -> Self {
        Self::whole(file, format!("could not be read: {}", error.kind()))
    }

    /// An error in TOML that begins after `offset` lines of the file.
    pub(crate) fn toml(file: &str, text: &str, offset: usize, error: &toml::de::Error) -> Self {
        // The message alone: the error's own display quotes the line.
        let cause = error.message().to_owned();
        let line = |span: Range<usize>| offset + 1 + newlines(text, span.start);
        Self { file: file.to_owned(), line: error.span().map(line), cause }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.cause),
            None => write!(f, "{}: {}", self.file, self.cause),
        }
    }
}

impl std::error::Error for FileError {}

fn newlines(text: &str, end: usize) -> usize {
    text.bytes().take(end).filter(|byte| *byte == b'\n').count()
}
