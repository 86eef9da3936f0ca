//! Where texts come from: compiled in, or a folder on disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::FileError;

/// The largest file that is read, in bytes. A prompt of this size costs more than any call.
const LARGEST: usize = 1024 * 1024;

/// A folder of texts.
#[derive(Debug)]
pub(crate) enum Folder {
    /// Its name in the repository, and its files by name, sorted.
    Embedded(&'static str, &'static [(&'static str, &'static str)]),
    /// A folder on disk.
    Directory(PathBuf),
    /// A folder, and one whose files stand in place of those of the same name.
    Overlaid(Box<Folder>, Box<Folder>),
}

/// One file of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// Its name in the folder.
    pub(crate) name: String,
    /// Its name for people: with the folder.
    pub(crate) file: String,
    /// What it says.
    pub(crate) text: String,
}

impl Folder {
    /// The files whose names are `wanted`, sorted by name.
    pub(crate) fn texts(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Text>, FileError> {
        match self {
            Self::Embedded(_, files) => {
                let text = |(name, text): &(&str, &str)| Text {
                    name: (*name).to_owned(),
                    file: self.path_of(name),
                    text: (*text).to_owned(),
                };
                Ok(files.iter().filter(|(name, _)| wanted(name)).map(text).collect())
            }
            Self::Directory(folder) => {
                let names = names(folder, wanted)
                    .map_err(|error| FileError::unreadable(&folder.display().to_string(), &error))?;
                names.into_iter().map(|name| self.read(name)).collect()
            }
            Self::Overlaid(below, above) => {
                let above = above.texts(wanted)?;
                let mut texts = below.texts(wanted)?;
                texts.retain(|text| above.iter().all(|other| other.name != text.name));
                texts.extend(above);
                texts.sort_by(|one, other| one.name.cmp(&other.name));
                Ok(texts)
            }
        }
    }

    /// The name of a file for people.
    pub(crate) fn path_of(&self, name: &str) -> String {
        match self {
            Self::Embedded(folder, _) => format!("{folder}/{name}"),
            Self::Directory(folder) => folder.join(name).display().to_string(),
            Self::Overlaid(below, _) => below.path_of(name),
        }
    }

    fn read(&self, name: String) -> Result<Text, FileError> {
        let file = self.path_of(&name);
        let text = fs::read_to_string(&file).map_err(|error| FileError::unreadable(&file, &error))?;
        if text.len() > LARGEST {
            return Err(FileError::whole(&file, "it is larger than 1 MiB"));
        }
        Ok(Text { name, file, text })
    }
}

/// The names in a folder that are `wanted`, sorted.
pub(crate) fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && wanted(&name)
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
