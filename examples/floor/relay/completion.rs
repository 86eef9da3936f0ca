//! The model's side by hand: one connection for each call, HTTP's chunks, OpenAI's events.

use std::net::SocketAddr;

use memchr::memmem::Finder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::READ_BUFFER;
use super::conversation::string;

/// One connection to the model, and the answer that is read from it.
pub(super) struct Completion {
    model: SocketAddr,
    stream: Option<TcpStream>,
    reading: Reading,
}

/// What the model said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// Some words, undecoded.
    Words(&'a [u8]),
    Done,
}

/// An answer on its way.
#[derive(Debug, Default)]
struct Reading {
    state: State,
    /// As it came.
    wire: Vec<u8>,
    /// How much of it is read.
    at: usize,
    /// Without HTTP's chunks, up to the last whole line that was read.
    body: Vec<u8>,
    line: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is being answered.
    #[default]
    Closed,
    Head,
    /// At the length of a chunk.
    Length,
    /// So many bytes of a chunk and its end are left.
    Chunk(usize),
}

impl Completion {
    pub(super) fn new(model: SocketAddr) -> Self {
        Self { model, stream: None, reading: Reading::default() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.reading.state != State::Closed
    }

    /// Asks. `None` if the model cannot be reached.
    pub(super) async fn start(&mut self, request: &[u8]) -> Option<()> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.model).await.ok()?;
                stream.set_nodelay(true).ok()?;
                none.insert(stream)
            }
        };
        stream.write_all(request).await.ok()?;
        self.reading.state = State::Head;
        Some(())
    }

    /// Stops an answer, by giving up its connection. Returns whether there was one.
    pub(super) fn stop(&mut self) -> bool {
        let was_open = self.is_open();
        if was_open {
            self.stream = None;
            self.reading = Reading::default();
        }
        was_open
    }

    /// Reads what there is. May be dropped half way.
    pub(super) async fn receive(&mut self) -> Option<()> {
        let Reading { wire, at, .. } = &mut self.reading;
        wire.drain(..std::mem::take(at));
        wire.reserve(READ_BUFFER);
        let read = self.stream.as_mut()?.read_buf(wire).await.ok()?;
        (read > 0).then_some(())
    }

    /// The next event of what was read, if it is whole. `None` if it makes no sense.
    pub(super) fn next(&mut self, key: &Finder<'_>) -> Option<Option<Event<'_>>> {
        self.reading.next(key)
    }
}

impl Reading {
    #[expect(clippy::option_option, reason = "nonsense, nothing yet, something")]
    fn next(&mut self, key: &Finder<'_>) -> Option<Option<Event<'_>>> {
        self.unwrap_chunks()?;
        loop {
            let Some(end) = memchr::memchr(b'\n', &self.body[self.line..]) else {
                self.body.drain(..std::mem::take(&mut self.line));
                return Some(None);
            };
            let (from, to) = (self.line, self.line + end);
            self.line = to + 1;
            let line = &self.body[from..to];
            if line == b"data: [DONE]" {
                return Some(Some(Event::Done));
            }
            let Some(at) = key.find(line) else { continue };
            let words = string(&line[at + key.needle().len()..])?;
            let length = words.len();
            if length > 0 {
                let from = from + at + key.needle().len();
                return Some(Some(Event::Words(&self.body[from..from + length])));
            }
        }
    }

    /// Moves what is in whole or partial chunks to the body.
    fn unwrap_chunks(&mut self) -> Option<()> {
        loop {
            let left = &self.wire[self.at..];
            match self.state {
                State::Closed => return Some(()),
                State::Head => {
                    let mut headers = [httparse::EMPTY_HEADER; 32];
                    let mut response = httparse::Response::new(&mut headers);
                    let httparse::Status::Complete(length) = response.parse(left).ok()? else {
                        return Some(());
                    };
                    (response.code == Some(200)).then_some(())?;
                    self.at += length;
                    self.state = State::Length;
                }
                State::Length => {
                    let Some(end) = memchr::memchr(b'\n', left) else { return Some(()) };
                    let length = std::str::from_utf8(&left[..end]).ok()?.trim_end();
                    let length = usize::from_str_radix(length.split(';').next()?, 16).ok()?;
                    if length == 0 {
                        // The empty line behind the last chunk.
                        if left.len() < end + 3 {
                            return Some(());
                        }
                        self.at += end + 3;
                        self.state = State::Closed;
                        return Some(());
                    }
                    self.at += end + 1;
                    self.state = State::Chunk(length + 2);
                }
                State::Chunk(rest) => {
                    if left.is_empty() {
                        return Some(());
                    }
                    let taken = rest.min(left.len());
                    // The last two bytes of a chunk are its end.
                    let words = taken.min(rest.saturating_sub(2));
                    self.body.extend_from_slice(&left[..words]);
                    self.at += taken;
                    self.state = if taken == rest { State::Length } else { State::Chunk(rest - taken) };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

    fn chunk(text: &str) -> String {
        format!("{:x}\r\n{text}\r\n", text.len())
    }

    fn answer() -> String {
        let words = |words: &str| chunk(&format!("data: {{\"delta\":{{\"content\":\"{words}\"}}}}\n\n"));
        format!(
            "{HEAD}{}{}{}{}0\r\n\r\n",
            words(""),
            words(" a\\\"b"),
            words(" \u{e9}"),
            chunk("data: [DONE]\n\n")
        )
    }

    /// What is read when the answer comes in these pieces, and whether it was read to its end.
    fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, bool) {
        let key = Finder::new(br#""content":""#);
        let mut reading = Reading { state: State::Head, ..Reading::default() };
        let mut found = Vec::new();
        for piece in pieces {
            reading.wire.drain(..std::mem::take(&mut reading.at));
            reading.wire.extend_from_slice(piece);
            while let Some(event) = reading.next(&key).unwrap() {
                found.push(match event {
                    Event::Words(words) => String::from_utf8(words.to_vec()).unwrap(),
                    Event::Done => "done".to_owned(),
                });
            }
        }
        let whole = reading.state == State::Closed && reading.at == reading.wire.len();
        (found, whole)
    }

    #[test]
    fn events_are_read_wherever_the_stream_is_cut() {
        let answer = answer();
        let expected = (vec![" a\\\"b".to_owned(), " \u{e9}".to_owned(), "done".to_owned()], true);
        assert_eq!(read(std::iter::once(answer.as_bytes())), expected);
        assert_eq!(read(answer.as_bytes().chunks(1)), expected);
        for at in 0..answer.len() {
            let (first, second) = answer.as_bytes().split_at(at);
            assert_eq!(read([first, second].into_iter()), expected, "cut at {at}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_told() {
        let key = Finder::new(b"x");
        for wire in ["HTTP/1.1 500 No\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nzz\r\n"] {
            let mut reading = Reading { state: State::Head, wire: wire.into(), ..Reading::default() };
            assert_eq!(reading.next(&key), None, "{wire}");
        }
    }
}
