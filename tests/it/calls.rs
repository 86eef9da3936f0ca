//! Every file in `tests/calls` is one conversation, told by `rehearsal`.

use std::path::Path;

use super::rehearsal::check_call;

#[test]
fn every_conversation_goes_as_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "call"));
    files.sort();
    assert!(files.len() >= 90, "only {} conversations were found", files.len());
    let failed: Vec<String> = files
        .iter()
        .filter_map(|path| std::panic::catch_unwind(|| check_call(path)).err())
        .map(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), files.len(), failed.join("\n"));
}
