//! `lines.toml`: the sentences we say ourselves. A key that is left out keeps the embedded sentence.

use serde::Deserialize;

use super::FileError;
use crate::chat::Say;
use crate::session::{Lines, WhisperLines};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinesFile {
    fillers: Option<Vec<Say>>,
    apology: Option<Say>,
    transfer: Option<Say>,
    farewell: Option<Say>,
    cut_off: Option<Say>,
    nobody_free: Option<Say>,
    cut_short: Option<Say>,
    still_there: Option<Say>,
    emergency: Option<Say>,
    recording: Option<Say>,
    leave_message: Option<Say>,
    message_left: Option<Say>,
    call_later: Option<Say>,
    whisper_from: Option<Say>,
    whisper_from_number: Option<Say>,
    whisper_from_nobody: Option<Say>,
    whisper_upset: Option<Say>,
    whisper_content: Option<Say>,
    whisper_accept: Option<Say>,
}

/// Reads the sentences; what is absent comes from `fallback`.
pub(super) fn read(file: &str, text: &str, fallback: Lines) -> Result<Lines, FileError> {
    let lines: LinesFile = toml::from_str(text).map_err(|error| FileError::toml(file, text, 0, &error))?;
    if lines.fillers.as_ref().is_some_and(|fillers| fillers.len() == 1) {
        return Err(FileError::whole(
            file,
            "`fillers` needs a second one, or the same is said twice in a row",
        ));
    }
    Ok(Lines {
        fillers: lines.fillers.unwrap_or(fallback.fillers),
        apology: lines.apology.unwrap_or(fallback.apology),
        transfer: lines.transfer.unwrap_or(fallback.transfer),
        farewell: lines.farewell.unwrap_or(fallback.farewell),
        cut_off: lines.cut_off.unwrap_or(fallback.cut_off),
        nobody_free: lines.nobody_free.unwrap_or(fallback.nobody_free),
        cut_short: lines.cut_short.unwrap_or(fallback.cut_short),
        still_there: lines.still_there.unwrap_or(fallback.still_there),
        emergency: lines.emergency.unwrap_or(fallback.emergency),
        recording: lines.recording.unwrap_or(fallback.recording),
        leave_message: lines.leave_message.unwrap_or(fallback.leave_message),
        message_left: lines.message_left.unwrap_or(fallback.message_left),
        call_later: lines.call_later.unwrap_or(fallback.call_later),
        whisper: WhisperLines {
            from: lines.whisper_from.unwrap_or(fallback.whisper.from),
            from_number: lines.whisper_from_number.unwrap_or(fallback.whisper.from_number),
            from_nobody: lines.whisper_from_nobody.unwrap_or(fallback.whisper.from_nobody),
            upset: lines.whisper_upset.unwrap_or(fallback.whisper.upset),
            content: lines.whisper_content.unwrap_or(fallback.whisper.content),
            accept: lines.whisper_accept.unwrap_or(fallback.whisper.accept),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_sentence() {
        let fallback =
            Lines { apology: Say::new([("en".into(), "Sorry.".into())].into()), ..Lines::default() };
        let lines = read("lines.toml", "transfer = \"Hold on.\"", fallback).unwrap();
        assert_eq!(
            (lines.apology.within("en"), lines.transfer.within("en")),
            (Some("Sorry."), Some("Hold on."))
        );
    }

    #[test]
    fn one_filler_is_too_few_and_none_is_a_choice() {
        let read = |text| read("lines.toml", text, Lines::default());
        assert!(read("[[fillers]]\nen = \"Wait.\"").unwrap_err().to_string().contains("needs a second one"));
        assert!(read("fillers = []").unwrap().fillers.is_empty());
    }

    #[test]
    fn an_error_names_the_line() {
        let read = |text| read("lines.toml", text, Lines::default()).unwrap_err().to_string();
        assert!(read("\n\n[good_bye]\nen = \"Bye\"").starts_with("lines.toml:3: unknown field `good_bye`"));
        assert!(
            read("[transfer]\nen = \"A\"\nen-US = \"B\"").starts_with("lines.toml:3: `en-US` is no language")
        );
    }
}
