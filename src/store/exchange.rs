//! What nodes tell each other through the PostgreSQL they share: `LISTEN` and `NOTIFY`. Nothing of it is kept,
//! and what is said while the database is away is lost: whoever listens is told when to ask again.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::voice::Voice;
use super::{Told, reason};

/// How long to wait before the next try to connect, at first and at the most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The way to the other nodes.
#[derive(Debug)]
pub struct Exchange {
    pub(super) url: SecretString,
    pub(super) voice: Voice,
    /// What is listened to.
    pub(super) channels: Vec<String>,
}

impl Exchange {
    /// Says what it is given and hands on what is said, until nobody has anything more to say.
    pub async fn run(self, mut say: mpsc::Receiver<String>, hear: mpsc::Sender<Told>) {
        let mut pause = PAUSES.0;
        loop {
            match self.connect().await {
                Ok(listener) => {
                    pause = PAUSES.0;
                    if hear.send(Told::Connected).await.is_err()
                        || self.listen(listener, &mut say, &hear).await
                    {
                        return;
                    }
                    warn!("other nodes are not heard: the connection to the database was lost");
                }
                Err(error) => debug!(reason = reason(&error), "other nodes cannot be heard"),
            }
            // What is said meanwhile is said to nobody.
            let waited = tokio::time::timeout(pause, async { while say.recv().await.is_some() {} }).await;
            if waited.is_ok() {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn connect(&self) -> sqlx::Result<PgListener> {
        let connecting = async {
            let mut listener = PgListener::connect(self.url.expose_secret()).await?;
            listener.listen_all(self.channels.iter().map(String::as_str)).await?;
            Ok(listener)
        };
        let slow = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        tokio::time::timeout(PAUSES.1, connecting).await.unwrap_or_else(slow)
    }

    /// Returns whether all is over: else the connection was lost.
    async fn listen(
        &self,
        mut listener: PgListener,
        say: &mut mpsc::Receiver<String>,
        hear: &mpsc::Sender<Told>,
    ) -> bool {
        loop {
            tokio::select! {
                heard = listener.try_recv() => match heard {
                    Ok(Some(heard)) => {
                        if hear.send(Told::Text(heard.payload().to_owned())).await.is_err() {
                            return true;
                        }
                    }
                    Ok(None) | Err(_) => return false,
                },
                text = say.recv() => match text {
                    Some(text) => self.say(&text).await,
                    None => return true,
                },
            }
        }
    }

    /// A text that cannot be said is lost; it was the state of a moment.
    async fn say(&self, text: &str) {
        if let Err(error) = self.voice.say(text).await {
            debug!(reason = error.to_string(), "other nodes were not told");
        }
    }
}
