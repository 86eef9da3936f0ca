//! What the caller does next: by the file, or by another model.

use std::collections::VecDeque;
use std::sync::Arc;

use super::transcript::Transcript;
use crate::eval::scenario::{Act, Part, Scenario, Simulated};
use crate::eval::simulated::{self, Next};
use crate::llm::Model;

/// The caller's part.
pub(super) enum Script {
    /// What is left of the acts.
    Acts(VecDeque<Act>),
    /// Another model.
    Model(Box<Player>),
}

/// A caller that another model plays.
pub(super) struct Player {
    simulated: Simulated,
    language: String,
    model: Arc<dyn Model>,
    seed: Option<u64>,
    turns: u32,
    /// Set once there is nothing more to say.
    done: bool,
}

impl Script {
    pub(super) fn new(
        scenario: &Scenario,
        caller: Option<&Arc<dyn Model>>,
        language: &str,
        seed: Option<u64>,
    ) -> Result<Self, String> {
        match (&scenario.part, caller) {
            (Part::Acts(acts), _) => Ok(Self::Acts(acts.iter().cloned().collect())),
            (Part::Simulated(simulated), Some(model)) => Ok(Self::Model(Box::new(Player {
                simulated: simulated.clone(),
                language: language.to_owned(),
                model: model.clone(),
                seed,
                turns: 0,
                done: false,
            }))),
            (Part::Simulated(_), None) => {
                Err("there is no model that plays the caller: --caller-model".to_owned())
            }
        }
    }

    /// The interrupt that waits for its moment, if that is what comes next: after how many characters.
    pub(super) fn interrupts_after(&self) -> Option<usize> {
        match self {
            Self::Acts(acts) => match acts.front() {
                Some(Act::Interrupt { after, .. }) => Some(*after),
                Some(Act::Say(_) | Act::Keys(_) | Act::Silence(_)) | None => None,
            },
            Self::Model(_) => None,
        }
    }

    /// What comes next; nothing more when the caller hangs up.
    ///
    /// # Errors
    ///
    /// When the model that plays the caller cannot be asked.
    pub(super) async fn next(&mut self, transcript: &Transcript) -> Result<Option<Act>, String> {
        match self {
            Self::Acts(acts) => Ok(acts.pop_front()),
            Self::Model(player) => player.next(transcript).await,
        }
    }
}

impl Player {
    async fn next(&mut self, transcript: &Transcript) -> Result<Option<Act>, String> {
        if self.done || self.turns >= self.simulated.most_turns {
            return Ok(None);
        }
        self.turns += 1;
        if let Some(opens) = self.simulated.opens.as_ref().filter(|_| self.turns == 1) {
            return Ok(Some(Act::Say(opens.clone())));
        }
        let lines: Vec<_> = transcript.lines().collect();
        let next = simulated::next(&*self.model, &self.simulated, &self.language, &lines, self.seed).await;
        match next.map_err(|error| format!("the model that plays the caller: {error}"))? {
            Next::Says(words) => Ok(Some(Act::Say(words))),
            Next::SaysLast(words) => {
                self.done = true;
                Ok(Some(Act::Say(words)))
            }
            Next::HangsUp => Ok(None),
        }
    }
}
