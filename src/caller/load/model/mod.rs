//! A model that only streams: what stands behind the server under test. It answers each question with words that
//! can be recognised, as OpenAI streams them, and as fast as it is told.
//!
//! <https://platform.openai.com/docs/api-reference/chat-streaming>
//!
//! It is a measuring instrument and has to cost little, since it runs on the machine that is measured. So HTTP is
//! read and written by hand here, and one thread writes all streams at their times.

mod chunk;
mod request;
mod wheel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::mark::Stamp;
use crate::clock::since_boot;
use chunk::Answer;
use request::{Asked, Reading};
use wheel::{Stream, Wheel};

/// How the model speaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Tokens a second, in each stream.
    pub rate: f64,
    /// By which share of the time between two tokens each of them may be early or late, from 0 to 1.
    pub jitter: f64,
    /// How long it thinks before the first token.
    pub first: Duration,
    /// How many tokens go into one write.
    pub together: u16,
    /// Whether each write is cut in two at a random place.
    pub split: bool,
    /// What chance is drawn from.
    pub seed: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rate: 50.0, jitter: 0.2, first: Duration::ZERO, together: 1, split: false, seed: 1 }
    }
}

impl Pace {
    /// What makes no sense about it.
    ///
    /// # Errors
    ///
    /// When nobody can speak like that; says why.
    pub fn check(&self) -> Result<(), String> {
        if !(self.rate > 0.0 && self.rate <= 1e6) {
            Err("a rate is a number of tokens a second".to_owned())
        } else if !(0.0..=1.0).contains(&self.jitter) {
            Err("jitter is a share from 0 to 1".to_owned())
        } else if self.together == 0 {
            Err("at least one token goes into a write".to_owned())
        } else {
            Ok(())
        }
    }
}

/// A model that listens.
pub struct Model {
    listener: TcpListener,
    pace: Pace,
}

impl Model {
    /// Listens on this machine; port 0 stands for a free one.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub async fn start(port: u16, pace: Pace) -> std::io::Result<Self> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        // Thousands of calls may ask for the first time in the same moment.
        Ok(Self { listener: socket.listen(4096)?, pace })
    }

    /// What the server under test takes for its `OPENAI_BASE_URL`.
    pub fn base_url(&self) -> String {
        let address = self.listener.local_addr().expect("a bound socket has an address");
        format!("http://{address}/v1")
    }

    /// Answers until it is dropped.
    pub async fn serve(self) {
        let (pace, wheel) = (Arc::new(self.pace.clone()), Wheel::start(self.pace));
        let mut connections = JoinSet::new();
        let mut number = 0;
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    // A client that is gone already is no matter; a lack of files heals when others leave.
                    let Ok((stream, _)) = accepted else { continue };
                    let _ = stream.set_nodelay(true);
                    number += 1 << 16;
                    connections.spawn(serve(Arc::new(stream), wheel.clone(), pace.clone(), number));
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(stream: Arc<TcpStream>, wheel: Wheel, pace: Arc<Pace>, mut number: u64) {
    let mut reading = Reading::default();
    loop {
        match reading.next(&stream).await {
            Some(Asked::Completion(question)) => {
                number += 1;
                let received = Stamp::of(since_boot());
                let answer = Answer::new(question, received);
                let stream = Stream::new(stream.clone(), answer, &pace, number, since_boot());
                if !wheel.add(stream) {
                    return;
                }
            }
            Some(Asked::Models) => {
                let body = r#"{"object":"list","data":[{"id":"bench","object":"model","created":1,"owned_by":"bench"}]}"#;
                if !request::reply(&stream, "200 OK", body).await {
                    return;
                }
            }
            Some(Asked::Unknown) => {
                if !request::reply(&stream, "404 Not Found", r#"{"error":{"message":"not here"}}"#).await {
                    return;
                }
            }
            None => return,
        }
    }
}
