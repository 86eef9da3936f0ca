//! Requests, as far as they have to be understood: whose question it is.

use tokio::net::TcpStream;

use crate::caller::load::mark::{BEFORE_QUESTION, Question, Wish};

/// A request with its history may be long; one that is longer than this is a mistake.
const MOST: usize = 4 * 1024 * 1024;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A completion.
    Completion(Request),
    /// The list of models.
    Models,
    /// Something that is not here.
    Unknown,
}

/// A request for a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// The caller's last words hold this question.
    Question(Question),
    /// The result of a tool came back.
    AfterTool,
    /// The caller's words hold no question.
    Unmarked,
}

/// Reads one connection.
#[derive(Debug, Default)]
pub(super) struct Reading {
    buffer: Vec<u8>,
}

impl Reading {
    /// The next request; `None` when there are no more, or nobody can read them.
    pub(super) async fn next(&mut self, stream: &TcpStream) -> Option<Asked> {
        loop {
            match self.take() {
                Progress::Whole(asked) => return Some(asked),
                Progress::Broken => return None,
                Progress::Partial => {}
            }
            stream.readable().await.ok()?;
            self.buffer.reserve(8 * 1024);
            match stream.try_read_buf(&mut self.buffer) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }

    fn take(&mut self) -> Progress {
        let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") else {
            return if self.buffer.len() > MOST { Progress::Broken } else { Progress::Partial };
        };
        let Ok(head) = std::str::from_utf8(&self.buffer[..end]) else { return Progress::Broken };
        let length = match body_length(head) {
            Some(length) if length <= MOST => length,
            _ => return Progress::Broken,
        };
        let whole = end + 4 + length;
        if self.buffer.len() < whole {
            return Progress::Partial;
        }
        let mut line = head.lines().next().unwrap_or_default().split(' ');
        let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
        let asked = match (method, path) {
            ("POST", path) if path.ends_with("/chat/completions") => {
                Asked::Completion(Request::of(&self.buffer[end + 4..whole]))
            }
            ("GET", path) if path.ends_with("/models") => Asked::Models,
            _ => Asked::Unknown,
        };
        self.buffer.drain(..whole);
        Progress::Whole(asked)
    }
}

enum Progress {
    Whole(Asked),
    Partial,
    Broken,
}

/// `None` for a body whose length is not told.
fn body_length(head: &str) -> Option<usize> {
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    match header("content-length") {
        Some(length) => length.parse().ok(),
        None if header("transfer-encoding").is_some() => None,
        None => Some(0),
    }
}

impl Request {
    /// Looks for the last question; what was asked before stands before it.
    fn of(body: &[u8]) -> Self {
        let before = BEFORE_QUESTION.as_bytes();
        let starts = |at: &usize| body[*at..].starts_with(before);
        let places = (0..body.len().saturating_sub(before.len() + Question::LENGTH - 1)).rev().filter(starts);
        let found = places.filter_map(|at| Some((at, Question::read(&body[at + before.len()..])?))).next();
        let Some((at, question)) = found else { return Self::Unmarked };
        let later = &body[at..];
        let result = [&br#""role":"tool""#[..], br#""role": "tool""#];
        if result.iter().any(|role| later.windows(role.len()).any(|part| part == *role)) {
            return Self::AfterTool;
        }
        Self::Question(question)
    }

    /// Whether a person is to take over.
    pub(super) fn wants_person(&self) -> bool {
        matches!(self, Self::Question(question) if question.wish == Wish::Person)
    }
}

/// Sends a whole answer. False if the connection is of no more use.
pub(super) async fn reply(stream: &TcpStream, status: &str, body: &str) -> bool {
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut left = text.as_bytes();
    while !left.is_empty() {
        if stream.writable().await.is_err() {
            return false;
        }
        match stream.try_write(left) {
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::load::mark::Stamp;
    use std::time::Duration;

    fn question(turn: u16) -> Question {
        let sent = Stamp::of(Duration::from_secs(9));
        Question { call: 5, turn, words: 60, wish: Wish::Answer, sent }
    }

    fn body(rest: &str) -> String {
        format!(
            r#"{{"messages":[{{"role":"user","content":"{}"}},{{"role":"assistant","content":" t0005"}},{{"role":"user","content":"{}"}}{rest}],"tools":[]}}"#,
            question(1).spoken(),
            question(2).spoken()
        )
    }

    fn read(bytes: &[u8]) -> Vec<Asked> {
        let mut reading = Reading::default();
        let mut asked = Vec::new();
        for byte in bytes {
            reading.buffer.push(*byte);
            if let Progress::Whole(whole) = reading.take() {
                asked.push(whole);
            }
        }
        asked
    }

    #[test]
    fn the_last_question_is_answered() {
        assert_eq!(Request::of(body("").as_bytes()), Request::Question(question(2)));
        assert_eq!(Request::of(br#"{"messages":[{"content":"a parcel question"}]}"#), Request::Unmarked);
        assert_eq!(Request::of(b""), Request::Unmarked);
    }

    #[test]
    fn after_the_result_of_a_tool_the_question_is_not_answered_again() {
        let result = r#",{"role":"assistant","tool_calls":[]},{"role":"tool","content":"ok"}"#;
        assert_eq!(Request::of(body(result).as_bytes()), Request::AfterTool);
    }

    #[test]
    fn requests_are_read_however_they_are_cut() {
        let body = body("");
        let post = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let both = format!("{post}GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
        let expected = [Asked::Completion(Request::Question(question(2))), Asked::Models, Asked::Unknown];
        assert_eq!(read(both.as_bytes()), expected);
    }

    #[test]
    fn a_body_without_a_length_is_not_read() {
        assert_eq!(body_length("POST / HTTP/1.1\r\nTransfer-Encoding: chunked"), None);
        assert_eq!(body_length("POST / HTTP/1.1\r\nContent-Length: x"), None);
        assert_eq!(body_length("GET / HTTP/1.1\r\nHost: a"), Some(0));
    }
}
