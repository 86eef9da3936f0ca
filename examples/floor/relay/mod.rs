//! A relay with nothing in it but the way of a word. One task for each call, TCP_NODELAY on both legs, small
//! buffers, no allocation for a word.

mod by_hand;
mod completion;
mod conversation;
mod raw;

use std::net::SocketAddr;
use std::sync::Arc;

use memchr::memmem::Finder;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use completion::{Completion, Event};
use conversation::{Conversation, Head};

/// How much is read at once from a socket.
const READ_BUFFER: usize = 1024;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Who reads and writes the frames of the call's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// tokio-tungstenite.
    Raw,
    /// We do, by hand.
    Floor,
}

/// A relay that listens.
pub(crate) struct Server {
    kind: Kind,
    listener: TcpListener,
    model: SocketAddr,
    head: Arc<Head>,
}

/// The call's socket.
trait Socket {
    /// The next text; `None` when there will be none. May be dropped half way.
    async fn receive(&mut self) -> Option<&[u8]>;

    /// Sends the frame that `write` appends.
    async fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<()>;
}

impl Server {
    pub(crate) async fn start(kind: Kind, model: &str, port: u16) -> std::io::Result<Self> {
        let rest = model.strip_prefix("http://").ok_or_else(|| std::io::Error::other("http:// alone"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address = tokio::net::lookup_host(host).await?.next();
        let model = address.ok_or_else(|| std::io::Error::other("the model has no address"))?;
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let listener = socket.listen(BACKLOG)?;
        Ok(Self { kind, listener, model, head: Arc::new(Head::new(host, path)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    pub(crate) async fn serve(self) {
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let call = Call { model: self.model, head: self.head.clone() };
                    match self.kind {
                        Kind::Raw => calls.spawn(with_library(call, stream)),
                        Kind::Floor => calls.spawn(by_hand(call, stream)),
                    };
                }
                Some(_) = calls.join_next(), if !calls.is_empty() => {}
            }
        }
    }
}

async fn with_library(call: Call, stream: TcpStream) {
    if let Some(socket) = raw::Raw::accept(stream).await {
        call.run(socket).await;
    }
}

async fn by_hand(call: Call, stream: TcpStream) {
    if let Some(socket) = by_hand::ByHand::accept(stream).await {
        call.run(socket).await;
    }
}

struct Call {
    model: SocketAddr,
    head: Arc<Head>,
}

/// What a frame of the caller means.
enum Heard {
    Prompt,
    Interrupt,
    Other,
}

impl Call {
    /// Ends when the socket does.
    async fn run(self, mut socket: impl Socket) -> Option<()> {
        let mut conversation = Conversation::new(self.head.clone());
        let mut completion = Completion::new(self.model);
        let key = Finder::new(br#""content":""#);
        let mut spoke = false;
        loop {
            tokio::select! {
                // The caller first: an interrupt must not queue behind the words it interrupts.
                biased;
                text = socket.receive() => {
                    let text = text?;
                    match meaning(text) {
                        Heard::Other => continue,
                        Heard::Interrupt => {}
                        Heard::Prompt => conversation.caller(conversation::prompt(text)?),
                    }
                    let is_prompt = matches!(meaning(text), Heard::Prompt);
                    if completion.stop() {
                        conversation.finish();
                        if std::mem::take(&mut spoke) {
                            socket.send(|frame| conversation::frame(frame, b"", true)).await?;
                        }
                    }
                    if is_prompt {
                        completion.start(conversation.request()).await?;
                    }
                }
                received = completion.receive(), if completion.is_open() => {
                    received?;
                    while let Some(event) = completion.next(&key)? {
                        match event {
                            Event::Words(words) => {
                                conversation.agent(words);
                                spoke = true;
                                socket.send(|frame| conversation::frame(frame, words, false)).await?;
                            }
                            Event::Done => {
                                conversation.finish();
                                spoke = false;
                                socket.send(|frame| conversation::frame(frame, b"", true)).await?;
                            }
                        }
                    }
                }
            }
        }
    }
}

fn meaning(text: &[u8]) -> Heard {
    let has = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    if has(r#""type":"prompt""#) && has(r#""last":true"#) {
        Heard::Prompt
    } else if has(r#""type":"interrupt""#) {
        Heard::Interrupt
    } else {
        Heard::Other
    }
}
