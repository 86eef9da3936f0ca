//! Server-sent events out of a body that is cut anywhere.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>
//!
//! Only the field `data` means anything here. Nothing is allocated from event to event.

use memchr::memchr2;

/// How long the data of one event may be, in bytes. An answer's chunks have some hundred.
const LONGEST: usize = 256 * 1024;

/// Joins the pieces of a body to events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The data of the event that is not complete, each line with its line feed.
    data: Vec<u8>,
    /// Whether `data` was handed out.
    taken: bool,
    /// Whether the last line ended in a carriage return: a line feed that follows belongs to it.
    returned: bool,
}

/// What comes next in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// The data of an event.
    Data(&'a [u8]),
    /// Nothing before more of the body.
    More,
    /// An event is longer than any that is meant for us.
    TooLong,
}

impl Events {
    /// Reads on, up to the end of the next event. What was read is cut off `bytes`.
    pub(super) fn next<'a, 'b: 'a>(&'a mut self, bytes: &mut &'b [u8]) -> Next<'a> {
        if std::mem::take(&mut self.taken) {
            self.data.clear();
        }
        if self.line.is_empty()
            && self.data.is_empty()
            && !self.returned
            && let Some(data) = whole(bytes)
        {
            return Next::Data(data);
        }
        if self.returned && !bytes.is_empty() {
            *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            self.returned = false;
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.returned = rest.len() == 1 && rest[0] == b'\r';
            *bytes = rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..]);
            if self.line.len() + self.data.len() + line.len() > LONGEST {
                return Next::TooLong;
            }
            let is_blank = self.line.is_empty() && line.is_empty();
            self.end_line(line);
            if is_blank && !self.data.is_empty() {
                return self.take();
            }
        }
        if self.line.len() + self.data.len() + bytes.len() > LONGEST {
            return Next::TooLong;
        }
        self.line.extend_from_slice(bytes);
        *bytes = &[];
        Next::More
    }

    /// The body is over. An event that only lacks its blank line is one all the same: some servers end so.
    pub(super) fn finish(&mut self) -> Next<'_> {
        if std::mem::take(&mut self.taken) {
            self.data.clear();
        }
        self.end_line(b"");
        if self.data.is_empty() { Next::More } else { self.take() }
    }

    fn end_line(&mut self, end: &[u8]) {
        if self.line.is_empty() {
            push_data(&mut self.data, end);
        } else {
            self.line.extend_from_slice(end);
            push_data(&mut self.data, &self.line);
            self.line.clear();
        }
    }

    fn take(&mut self) -> Next<'_> {
        self.taken = true;
        // The last line feed is none of the data's.
        Next::Data(&self.data[..self.data.len() - 1])
    }
}

/// The data of an event of one line that `bytes` begin with, as nearly all are: it stays where it is. What was read is
/// cut off.
fn whole<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let rest = bytes.strip_prefix(b"data: ")?;
    let (data, rest) = rest.split_at(memchr2(b'\n', b'\r', rest)?);
    *bytes = rest.strip_prefix(b"\n\n").filter(|_| !data.is_empty() && data.len() <= LONGEST)?;
    Some(data)
}

fn push_data(data: &mut Vec<u8>, line: &[u8]) {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    let Some(value) = line.strip_prefix(b"data") else { return };
    let value = match value.strip_prefix(b":") {
        Some(value) => value.strip_prefix(b" ").unwrap_or(value),
        None if value.is_empty() => value,
        // Another field, whose name only begins so.
        None => return,
    };
    data.extend_from_slice(value);
    data.push(b'\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The events of a body that comes in these pieces.
    fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut events = Events::default();
        let mut read = Vec::new();
        let text = |data: &[u8]| String::from_utf8(data.to_vec()).unwrap();
        for mut piece in pieces {
            while let Next::Data(data) = events.next(&mut piece) {
                read.push(text(data));
            }
            assert!(piece.is_empty());
        }
        if let Next::Data(data) = events.finish() {
            read.push(text(data));
        }
        read
    }

    fn whole(body: &str) -> Vec<String> {
        events([body.as_bytes()])
    }

    #[test]
    fn events_are_read_as_the_standard_has_them() {
        for (body, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata:b\r\rdata: c\n\n", vec!["a", "b", "c"]),
            ("data:  a\ndata\ndata: b\n\n", vec![" a\n\nb"]),
            (": a comment\n\nevent: ping\ndata: x\nid: 7\n\n", vec!["x"]),
            ("\u{feff}data: a\n\n", vec!["a"]),
            ("database: x\n\nretry: 10\n\n\n\n", vec![]),
            ("data: a\n\ndata: [DONE]", vec!["a", "[DONE]"]),
            ("data: a\n", vec!["a"]),
        ] {
            assert_eq!(whole(body), expected, "{body:?}");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut read = Events::default();
        let piece = [b'x'; 64 * 1024];
        assert_eq!(read.next(&mut &b"data: "[..]), Next::More);
        let ends = (0..10).map(|_| read.next(&mut &piece[..]) == Next::TooLong);
        assert_eq!(ends.take_while(|too_long| !too_long).count(), 3);
        let mut read = Events::default();
        let lines = b"data: 0123456789012345678901234567890123456789\n".repeat(10_000);
        assert_eq!(read.next(&mut lines.as_slice()), Next::TooLong);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_body_is_cut(
            lines in prop::collection::vec(
                prop_oneof!["data: ?[a-zé{}\"]{0,12}", "", ":[a-z]{0,4}", "event: [a-z]{0,4}", "\\PC{0,8}"], 0..12,
            ),
            breaks in prop::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let body: String = lines.iter().zip(breaks).flat_map(|(line, end)| [line.as_str(), end]).collect();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
            at.extend([0, body.len()]);
            at.sort_unstable();
            let pieces = at.windows(2).map(|range| &body.as_bytes()[range[0]..range[1]]);
            prop_assert_eq!(events(pieces), whole(&body));
        }
    }
}
