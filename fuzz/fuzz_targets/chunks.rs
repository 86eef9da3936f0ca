//! Whatever a model's endpoint streams: words and tool calls stay bounded, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warmline::llm::openai::read_chunks;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (words, calls) = read_chunks(text.lines());
    assert!(words.len() <= text.len());
    assert!(calls.len() <= 16, "{} calls", calls.len());
    for call in calls {
        assert!(call.arguments.expose().len() <= 32 * 1024 + text.len());
    }
});
