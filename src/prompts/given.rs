//! A file of values by name, for a prompt that is rendered without a call.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::FileError;

/// Reads a JSON object, or TOML where the name of the file ends so.
///
/// # Errors
///
/// What is wrong with it, with file and line.
pub fn given(path: &Path) -> Result<Map<String, Value>, FileError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| FileError::unreadable(&file, &error))?;
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml::from_str(&text).map_err(|error| FileError::toml(&file, &text, 0, &error));
    }
    // The library's own words may quote the text; where it went wrong is enough.
    serde_json::from_str(&text).map_err(|error| FileError::at(&file, error.line(), "expected a JSON object"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::scratch::Scratch;

    #[test]
    fn both_formats_say_the_same_and_a_mistake_names_its_line() {
        let scratch = Scratch::new();
        scratch.write("a.json", "{\"tier\": \"gold\", \"orders\": 3}");
        scratch.write("a.toml", "tier = \"gold\"\norders = 3");
        scratch.write("b.json", "{\n\"tier\": gold}");
        scratch.write("b.toml", "tier = \"gold\"\norders 3");
        let read = |name: &str| given(&scratch.path().join(name));
        assert_eq!(read("a.json"), read("a.toml"));
        assert_eq!(read("a.json").unwrap()["orders"], 3);
        assert!(read("b.json").unwrap_err().to_string().ends_with("b.json:2: expected a JSON object"));
        assert_eq!(read("b.toml").unwrap_err().line, Some(2));
        assert!(read("c.json").unwrap_err().cause.contains("could not be read"));
    }
}
