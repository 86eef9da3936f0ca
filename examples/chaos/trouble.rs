//! What a caller has to suffer in the middle of a turn.

use serde_json::json;
use warmline::caller::Conversation;
use warmline::clock::now;

use crate::caller::{Caller, Left, over};
use crate::endpoint::Tag;
use crate::plan::{Act, Turn, Weather};

/// Messages that are no frames, or frames that say nothing.
const MALFORMED: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "{\"type\":7}",
    "{\"type\":\"prompt\"}",
    "{\"type\":\"prompt\",\"voicePrompt\":[1]}",
    "{\"type\":\"prompt\",\"voicePrompt\":\"   \",\"last\":true}",
    "{\"type\":\"dtmf\",\"digit\":\"\"}",
    "{\"type\":\"info\",\"name\":\"tokensPlayed\"}",
    "{\"type\":\"info\",\"name\":\"tokensPlayed\",\"value\":\"nobody said this\"}",
    "{\"type\":\"error\",\"description\":\"Invalid message received\"}",
    "{\"type\":\"setup\",\"callSid\":\"CA1\",\"sessionId\":\"VX1\"}",
    "{\"type\":\"something new\",\"value\":{}}",
];

/// More than a frame may hold.
const OVERSIZED: usize = 70_000;

/// How long the keypad waits for another key, at normal speed.
const KEYPAD: std::time::Duration = std::time::Duration::from_secs(3);

impl Caller<'_> {
    pub(crate) async fn suffer(
        &mut self,
        line: &mut Conversation,
        turn: &Turn,
        act: Act,
    ) -> Result<(), Left> {
        self.note(format!("{act:?}"));
        self.world.endpoint.tally.fault(name(act));
        match act {
            Act::Cough => self.cough(line).await,
            Act::BargeIn => self.speak(line, turn.wish, true).await,
            Act::Storm(count) => self.storm(line, turn, count).await,
            Act::Flood(count) => {
                for _ in 0..count {
                    self.speak(line, turn.wish, true).await?;
                }
                Ok(())
            }
            Act::Malformed(count) => {
                // One report makes a platform one that reports: it would contradict itself.
                let plausible = |message: &&&str| self.plan.reports || !message.contains("tokensPlayed");
                for message in MALFORMED.iter().filter(plausible).cycle().take(count as usize) {
                    line.send_text((*message).to_owned()).await.map_err(over)?;
                }
                Ok(())
            }
            Act::Oversized => {
                let words = "x".repeat(OVERSIZED);
                line.send(&json!({ "type": "prompt", "voicePrompt": words, "last": true }))
                    .await
                    .map_err(over)
            }
            Act::Key(key) => {
                let pressed = line.press(key).await.map_err(over)?;
                self.look(line);
                if pressed.cut.is_some() {
                    self.watch.cut(now());
                }
                // Somebody who types is answered when the entry is complete.
                self.watch.put_off(now() + KEYPAD / self.world.speed as u32);
                Ok(())
            }
            Act::Lost => {
                line.lose_line();
                Err(Left::Lost)
            }
            Act::LostUnseen => Err(Left::Unseen),
            Act::ProviderFailed(code) => {
                let failed = line.fail(code, "injected").await;
                failed.map_err(over)?;
                Err(Left::Failed(code))
            }
            Act::Weather(weather) => {
                let _ = self.world.weather.send(weather).await;
                Ok(())
            }
        }
    }

    async fn cough(&mut self, line: &mut Conversation) -> Result<(), Left> {
        let cut = line.interrupt().await.map_err(over)?;
        self.look(line);
        if cut.is_some() {
            self.watch.cut(now());
        }
        Ok(())
    }

    /// Many interrupts at once, whatever is being said.
    async fn storm(&mut self, line: &mut Conversation, turn: &Turn, count: u64) -> Result<(), Left> {
        let tag = Tag { call: self.plan.number, turn: self.turn };
        for after in 0..count {
            let heard = if after % 3 == 0 { tag.to_string() } else { String::new() };
            let interrupt = json!({
                "type": "interrupt", "utteranceUntilInterrupt": heard, "durationUntilInterruptMs": after,
            });
            line.send(&interrupt).await.map_err(over)?;
        }
        self.look(line);
        self.watch.cut(now());
        if count.is_multiple_of(2) { self.speak(line, turn.wish, true).await } else { Ok(()) }
    }
}

fn name(act: Act) -> String {
    if let Act::Weather(weather) = act {
        return match weather {
            Weather::Kill => "server killed",
            Weather::ModelAway => "model not listening",
            Weather::StoreLocked => "store locked",
            Weather::StoreGone => "store gone, server killed",
        }
        .to_owned();
    }
    if let Act::ProviderFailed(code) = act {
        return format!("session failed {code}");
    }
    let name = format!("{act:?}").to_lowercase();
    format!("line {}", name.split('(').next().unwrap_or_default())
}
