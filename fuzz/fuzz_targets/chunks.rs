//! Whatever a model's endpoint streams, cut wherever it is cut: words and tool calls stay bounded, and nothing
//! panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warmline::llm::openai::read_answer;

fuzz_target!(|data: &[u8]| {
    let Some((size, body)) = data.split_first() else { return };
    let (words, calls) = read_answer(body.chunks(usize::from(*size) + 1));
    assert!(words.len() <= body.len());
    assert!(calls.len() <= 16, "{} calls", calls.len());
    for call in calls {
        assert!(call.arguments.expose().len() <= 32 * 1024 + body.len());
    }
    // Where a body is cut makes no difference.
    assert_eq!(read_answer(body.chunks(1)), read_answer(std::iter::once(body)));
});
