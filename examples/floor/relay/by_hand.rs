//! The call's socket by hand: RFC 6455 as far as a call needs it.
//!
//! <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{READ_BUFFER, Socket};

/// What a server appends to the key it was given.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The longest handshake and the longest frame.
const MOST: usize = 64 * 1024;

pub(super) struct ByHand {
    stream: TcpStream,
    read: Vec<u8>,
    /// How much of it was handed over.
    taken: usize,
    frame: Vec<u8>,
    written: Vec<u8>,
}

/// A frame within what was read.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    kind: u8,
    /// Where its payload is, unmasked.
    from: usize,
    to: usize,
}

impl ByHand {
    pub(super) async fn accept(mut stream: TcpStream) -> Option<Self> {
        stream.set_nodelay(true).ok()?;
        let mut read = Vec::with_capacity(READ_BUFFER);
        let (length, accept) = loop {
            if stream.read_buf(&mut read).await.ok()? == 0 || read.len() > MOST {
                return None;
            }
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut request = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(length) = request.parse(&read).ok()? {
                let is_key =
                    |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("sec-websocket-key");
                let key = headers.iter().find(is_key)?.value;
                break (length, STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize()));
            }
        };
        read.drain(..length);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
        Some(Self { stream, read, taken: 0, frame: Vec::new(), written: Vec::new() })
    }

    async fn write(&mut self, kind: u8) -> Option<()> {
        self.written.clear();
        push_header(&mut self.written, kind, self.frame.len());
        self.written.extend_from_slice(&self.frame);
        self.stream.write_all(&self.written).await.ok()
    }
}

impl Socket for ByHand {
    async fn receive(&mut self) -> Option<&[u8]> {
        loop {
            self.read.drain(..std::mem::take(&mut self.taken));
            while let Some(Frame { kind, from, to }) = next_frame(&mut self.read)? {
                self.taken = to;
                match kind {
                    TEXT => return Some(&self.read[from..to]),
                    CLOSE | PING => {
                        self.frame.clear();
                        self.frame.extend_from_slice(&self.read[from..to]);
                        self.write(if kind == PING { PONG } else { CLOSE }).await?;
                        if kind == CLOSE {
                            return None;
                        }
                    }
                    _ => {}
                }
                self.read.drain(..std::mem::take(&mut self.taken));
            }
            self.read.reserve(READ_BUFFER);
            if self.stream.read_buf(&mut self.read).await.ok()? == 0 {
                return None;
            }
        }
    }

    async fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
        self.frame.clear();
        write(&mut self.frame);
        self.write(TEXT).await
    }
}

/// The first frame, if it is whole. `None` if it is none.
#[expect(clippy::option_option, reason = "nonsense, nothing yet, something")]
fn next_frame(read: &mut [u8]) -> Option<Option<Frame>> {
    let [first, second, ..] = *read else { return Some(None) };
    // Neither fragments nor extensions, and a client's payload is masked.
    if first & 0xF0 != 0x80 || second & 0x80 == 0 {
        return None;
    }
    let (length, at) = match second & 0x7F {
        126 => match read.get(2..4) {
            Some(length) => (usize::from(u16::from_be_bytes([length[0], length[1]])), 4),
            None => return Some(None),
        },
        127 => return None,
        length => (usize::from(length), 2),
    };
    let (from, to) = (at + 4, at + 4 + length);
    if read.len() < to {
        return Some(None);
    }
    let mask = [read[at], read[at + 1], read[at + 2], read[at + 3]];
    for (place, byte) in read[from..to].iter_mut().enumerate() {
        *byte ^= mask[place % 4];
    }
    Some(Some(Frame { kind: first & 0x0F, from, to }))
}

fn push_header(out: &mut Vec<u8>, kind: u8, length: usize) {
    out.push(0x80 | kind);
    if length < 126 {
        out.push(length as u8);
    } else {
        out.push(126);
        out.extend_from_slice(&(length as u16).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        push_header(&mut frame, kind, payload.len());
        frame[1] |= 0x80;
        let mask = [1, 2, 3, 4];
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        frame
    }

    #[test]
    fn frames_are_read_once_they_are_whole() {
        for payload in [vec![b'x'; 5], vec![b'y'; 125], vec![b'z'; 3_000]] {
            let mut read = masked(TEXT, &payload);
            for length in 0..read.len() {
                assert_eq!(next_frame(&mut read.clone()[..length]), Some(None));
            }
            let Frame { kind, from, to } = next_frame(&mut read).unwrap().unwrap();
            assert_eq!((kind, &read[from..to], to), (TEXT, &payload[..], read.len()));
        }
    }

    #[test]
    fn what_no_client_sends_is_refused() {
        assert_eq!(next_frame(&mut [0x81, 0x01, b'x']), None, "not masked");
        assert_eq!(next_frame(&mut [0x01, 0x81, 0, 0, 0, 0, b'x']), None, "a fragment");
    }
}
