//! What was said, as it is shown: one turn, its steps and its tools.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::handoff::Speaker;
use crate::pii::Pii;
use crate::record::Turn;

/// One turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The session it was said in.
    pub session: u8,
    /// Who spoke.
    #[schema(value_type = String)]
    pub who: Speaker,
    /// Everything that was said, or sent for speech.
    #[schema(value_type = String)]
    pub text: Pii<String>,
    /// What of it was heard.
    #[schema(value_type = String)]
    pub heard: Pii<String>,
    /// Whether the caller cut it off.
    pub interrupted: bool,
    /// When its steps happened.
    pub steps: Steps,
    /// The tools asked for after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
}

/// The steps of a turn; see [`crate::record::Steps`].
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the record")]
pub struct Steps {
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_delta_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_frame_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub speaking_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Moment>,
}

/// One run of a tool.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// The tool.
    pub name: String,
    /// What it was asked with, as the model wrote it.
    #[schema(value_type = String)]
    pub arguments: Pii<String>,
    /// What came of it.
    #[schema(value_type = Option<String>)]
    pub result: Option<Pii<String>>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Moment,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Moment>,
}

impl From<Turn> for Said {
    fn from(turn: Turn) -> Self {
        let steps = Steps {
            began_at: Moment(turn.steps.began),
            first_delta_at: turn.steps.first_delta.map(Moment),
            first_frame_at: turn.steps.first_frame.map(Moment),
            speaking_at: turn.steps.speaking.map(Moment),
            finished_at: turn.steps.finished.map(Moment),
            heard_at: turn.steps.heard.map(Moment),
        };
        let heard = turn.heard_text().into();
        let tools = turn.runs.into_iter().map(|run| Tool {
            name: run.call.name,
            arguments: run.call.arguments,
            result: run.result,
            began_at: Moment(run.began),
            ended_at: run.ended.map(Moment),
        });
        Said {
            session: turn.key.session,
            who: turn.who,
            heard,
            interrupted: turn.interrupted,
            steps,
            tools: tools.collect(),
            text: turn.text,
        }
    }
}

/// A time in milliseconds since 1970, written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = i64::try_from(self.0).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{time:.3}")
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(time.as_millisecond().try_into().unwrap_or(0)))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
