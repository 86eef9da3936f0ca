//! The events of a call, in the words that Flex uses for its own, so that what reads those reads these too.
//!
//! What Flex tells of an agent, of an interaction and of its channel is left out: an AI is no worker, and a call
//! has neither. docs/TRACKING.md lists every event.

use serde_json::{Map, Value, json};

use super::batch::LARGEST_EVENT;
use crate::handoff::{Author, Sentiment};
use crate::ids::CallSid;
use crate::mask::Also;
use crate::pii::Pii;
use crate::redact;
use crate::store::archive::Moment;
use crate::store::spool::{Claimed, HandedOver, Key, Kind, Leg, Tracked};
use crate::token::Keyring;

/// The longest name of a user, in characters.
const LONGEST_USER: usize = 256;
/// The kind of engagement that calls are, beside Flex's own `Email`, `SMS` and `WhatsApp`.
const CHANNEL: &str = "Voice";

/// What is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `Flex - Engagement Initiated` and `Flex - Engagement Completed`.
    pub engagement: bool,
    /// `Escalation`.
    pub escalation: bool,
    /// The traits of the last interaction.
    pub identify: bool,
    /// The trait that holds the user's ID.
    pub user_id: Option<String>,
    /// What the AI is called among agents.
    pub agent: Option<String>,
    /// Whether the topic is told.
    pub topic: bool,
    /// Whether the reason and the summary that the model wrote are told.
    pub summary: bool,
}

impl Wanted {
    /// What has to be kept for it.
    pub fn tracked(&self) -> Tracked {
        Tracked { leg: self.engagement || self.identify, escalation: self.escalation }
    }
}

/// An event as JSON. It names a person, so it is not printed.
pub(super) struct Event {
    pub(super) json: String,
}

/// Whom an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    user_id: Option<Pii<String>>,
    /// Used where there is no user.
    anonymous_id: String,
    phone: Option<Pii<String>>,
}

impl Person {
    /// A user, where one is known; else whoever calls from that number; else whoever made this call.
    pub(super) fn new(
        user: Option<String>,
        caller: Option<&str>,
        call_sid: &CallSid,
        keyring: &Keyring,
    ) -> Self {
        let user = user.map(|user| user.trim().to_owned());
        let user = user.filter(|user| (1..=LONGEST_USER).contains(&user.chars().count()));
        let phone = caller.and_then(crate::profile::phone);
        let anonymous_id = match &phone {
            // The same for all calls of a number, and no way back to it.
            Some(phone) => format!("warmline:{}", keyring.alias(phone)),
            None => format!("warmline:{call_sid}"),
        };
        Self { user_id: user.map(Pii::from), anonymous_id, phone: phone.map(Pii::from) }
    }
}

/// Everything that is told of it; nothing where the call goes on, or never met the AI.
pub(super) fn events(claimed: &Claimed, person: &Person, wanted: &Wanted, hidden: Also) -> Vec<Event> {
    let Claimed { key, made_at, leg } = claimed;
    let mut handed_over = leg.handed_over.clone();
    if let Some(HandedOver { handoff, .. }) = &mut handed_over {
        redact::handoff(handoff, hidden);
    }
    let call = Call { key, leg, handed_over: handed_over.as_ref(), at: *made_at, person, wanted };
    match key.kind {
        Kind::Leg if leg.sessions == 0 || leg.ended_at.is_none() => Vec::new(),
        Kind::Leg => call.engagement(),
        Kind::Escalation => call.escalation().into_iter().collect(),
    }
}

/// What the events of a call are made of.
struct Call<'a> {
    key: &'a Key,
    leg: &'a Leg,
    /// Without what must not leave.
    handed_over: Option<&'a HandedOver>,
    at: u64,
    person: &'a Person,
    wanted: &'a Wanted,
}

impl Call<'_> {
    /// An AI has no wrap-up, so both events of an engagement happen as it ends.
    fn engagement(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.wanted.engagement {
            let (initiated, completed) = ("engagement-initiated", "engagement-completed");
            events.push(self.track(
                &self.leg_name(initiated),
                "Flex - Engagement Initiated",
                self.initiated(),
            ));
            events.push(self.track(
                &self.leg_name(completed),
                "Flex - Engagement Completed",
                self.completed(),
            ));
        }
        // Without a number or a user there is nobody who could be known again.
        if self.wanted.identify && (self.person.user_id.is_some() || self.person.phone.is_some()) {
            events.push(self.event(&self.leg_name("identify"), "identify", "traits", self.traits()));
        }
        events
    }

    /// Names an event of the leg. A call that came back to the AI is told again, and Segment keeps the first event of
    /// a name.
    fn leg_name(&self, name: &str) -> String {
        match self.leg.sessions {
            0 | 1 => name.to_owned(),
            sessions => format!("{name}:{sessions}"),
        }
    }

    fn initiated(&self) -> Map<String, Value> {
        let mut properties = self.about();
        properties.insert("customerStartTime".into(), json!(Moment(self.leg.began_at)));
        properties.insert("Duration".into(), self.duration().into());
        properties.insert("channelType".into(), CHANNEL.into());
        properties.insert("Direction".into(), self.direction().into());
        properties.insert("turns".into(), self.leg.turns.unwrap_or(0).into());
        properties
    }

    fn completed(&self) -> Map<String, Value> {
        let mut properties = self.about();
        let mut codes = Map::from_iter([("dispositionCode".to_owned(), self.outcome().into())]);
        if let Some(topic) = self.topic() {
            codes.insert("topic".into(), topic.into());
        }
        properties.insert("codes".into(), codes.into());
        if let Some(sentiment) = self.sentiment() {
            properties.insert("sentiment".into(), json!(sentiment));
        }
        properties
    }

    fn traits(&self) -> Map<String, Value> {
        let mut traits = Map::new();
        traits.insert("flex_last-interaction-duration".into(), self.duration().into());
        traits.insert("flex_last-interaction-outcome".into(), self.outcome().into());
        traits.insert("flex_last-interaction-start-time".into(), json!(Moment(self.leg.began_at)));
        if let Some(sentiment) = self.sentiment() {
            traits.insert("flex_last-interaction-sentiment".into(), json!(sentiment));
        }
        if let Some(topic) = self.topic() {
            traits.insert("flex_last-interaction-topics".into(), json!([topic]));
        }
        if let Some(agent) = &self.wanted.agent {
            traits.insert("flex_last-known-agent".into(), agent.as_str().into());
        }
        traits
    }

    /// Nothing where the document is gone.
    fn escalation(&self) -> Option<Event> {
        let HandedOver { handoff, decided_at, answered_at, state, target } = self.handed_over?;
        let mut properties = self.about();
        properties.insert("handoffId".into(), handoff.context.handoff_id.as_str().into());
        properties.insert("trigger".into(), json!(handoff.context.trigger));
        properties.insert("reasonCode".into(), handoff.reason_code.as_str().into());
        properties.insert("sentiment".into(), json!(handoff.sentiment));
        properties.insert("secondsTalked".into(), handoff.context.seconds.into());
        properties.insert("turns".into(), handoff.context.turns.into());
        properties.insert("state".into(), state.as_str().into());
        if let Some(answered) = answered_at {
            let waited = answered.saturating_sub(*decided_at) / 1_000;
            properties.insert("waitSeconds".into(), waited.into());
        }
        // What follows is an address, of a person perhaps.
        if let Some(kind) = target.as_ref().and_then(|target| target.split(':').next()) {
            properties.insert("target".into(), kind.into());
        }
        if let Some(topic) = self.topic() {
            properties.insert("topic".into(), topic.into());
        }
        // One that no model wrote quotes the caller.
        if self.wanted.summary && handoff.context.summary_by == Author::Model {
            properties.insert("reason".into(), handoff.reason.expose().as_str().into());
            properties.insert("summary".into(), handoff.call_summary.expose().as_str().into());
        }
        let name = format!("{}:escalation", self.key.session);
        let event = self.track(&name, "Escalation", properties.clone());
        if event.json.len() <= LARGEST_EVENT || properties.remove("summary").is_none() {
            return Some(event);
        }
        Some(self.track(&name, "Escalation", properties))
    }

    /// What every event says of its call.
    fn about(&self) -> Map<String, Value> {
        let mut properties = Map::new();
        properties.insert("callSid".into(), self.key.call_sid.as_str().into());
        properties.insert("source".into(), "voice-ai".into());
        if let Some(language) = &self.leg.language {
            properties.insert("language".into(), language.as_str().into());
        }
        properties
    }

    fn track(&self, name: &str, event: &str, properties: Map<String, Value>) -> Event {
        let mut whole = self.common(name, "track");
        whole.insert("event".into(), event.into());
        whole.insert("properties".into(), properties.into());
        Event { json: Value::Object(whole).to_string() }
    }

    fn event(&self, name: &str, kind: &str, key: &str, value: Map<String, Value>) -> Event {
        let mut whole = self.common(name, kind);
        whole.insert(key.into(), value.into());
        Event { json: Value::Object(whole).to_string() }
    }

    fn common(&self, name: &str, kind: &str) -> Map<String, Value> {
        let mut event = Map::new();
        event.insert("type".into(), kind.into());
        event.insert("messageId".into(), format!("warmline:{}:{name}", self.key.call_sid).into());
        event.insert("timestamp".into(), json!(Moment(self.at)));
        match &self.person.user_id {
            Some(user) => event.insert("userId".into(), user.expose().as_str().into()),
            None => event.insert("anonymousId".into(), self.person.anonymous_id.as_str().into()),
        };
        let library = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
        let mut context = Map::from_iter([("library".to_owned(), library)]);
        if let Some(phone) = &self.person.phone {
            let id =
                json!({ "id": phone.expose(), "type": "phone", "collection": "users", "encoding": "none" });
            context.insert("externalIds".into(), json!([id]));
        }
        event.insert("context".into(), context.into());
        event.insert("integrations".into(), json!({}));
        event
    }

    /// In seconds.
    fn duration(&self) -> u64 {
        self.at.saturating_sub(self.leg.began_at) / 1_000
    }

    fn direction(&self) -> &'static str {
        let outbound = self.leg.direction.as_ref().is_some_and(|direction| direction.starts_with("outbound"));
        if outbound { "outbound" } else { "inbound" }
    }

    fn outcome(&self) -> &str {
        self.leg.outcome.as_deref().unwrap_or("closed")
    }

    /// The caller's mood, where somebody judged it.
    fn sentiment(&self) -> Option<Sentiment> {
        self.handed_over.map(|handed_over| handed_over.handoff.sentiment)
    }

    fn topic(&self) -> Option<&str> {
        let topic = self.handed_over?.handoff.context.topic.as_ref()?;
        self.wanted.topic.then(|| topic.expose().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{Handoff, Trigger};

    const PHONE: &str = "+15551230000";

    fn wanted() -> Wanted {
        Wanted { engagement: true, escalation: true, identify: true, topic: true, ..Wanted::default() }
    }

    fn person(user: Option<&str>, caller: Option<&str>) -> Person {
        let keyring = Keyring::new([&"secret".into()]);
        Person::new(user.map(str::to_owned), caller, &"CA1".parse().unwrap(), &keyring)
    }

    fn claimed(kind: Kind) -> Claimed {
        let call_sid: CallSid = "CA1".parse().unwrap();
        let mut handoff = Handoff::bare(call_sid.clone(), "HO1".into(), Trigger::Model);
        handoff.reason_code = "billing".into();
        handoff.reason = "wants a refund on 4111 1111 1111 1111".into();
        handoff.call_summary = "Charged twice, mail bob@example.com.".into();
        handoff.sentiment = Sentiment::Negative;
        handoff.context.summary_by = Author::Model;
        handoff.context.seconds = 61;
        handoff.context.turns = 4;
        handoff.context.topic = Some("Returns".into());
        let handed_over = HandedOver {
            handoff,
            decided_at: 1_767_225_661_000,
            answered_at: Some(1_767_225_691_900),
            state: "answered".into(),
            target: Some("number:+15550100000".into()),
        };
        let leg = Leg {
            caller: Some(PHONE.into()),
            direction: Some("inbound".into()),
            language: Some("en-US".into()),
            sessions: 1,
            turns: Some(4),
            outcome: Some("escalated".into()),
            began_at: 1_767_225_600_000,
            ended_at: Some(1_767_229_999_000),
            handed_over: Some(handed_over),
        };
        Claimed { key: Key { call_sid, kind, session: 0 }, made_at: 1_767_225_662_500, leg }
    }

    fn told(claimed: &Claimed, person: &Person, wanted: &Wanted) -> Vec<Value> {
        let events = events(claimed, person, wanted, Also { email: true, phone: true });
        events.iter().map(|event| serde_json::from_str(&event.json).unwrap()).collect()
    }

    #[test]
    fn an_engagement_is_told_in_flexs_words() {
        let told = told(&claimed(Kind::Leg), &person(None, Some(PHONE)), &wanted());
        let [initiated, completed, identify] = &told[..] else { panic!("{told:?}") };
        assert_eq!(initiated["event"], "Flex - Engagement Initiated");
        assert_eq!(
            initiated["properties"],
            json!({"callSid": "CA1", "source": "voice-ai", "language": "en-US", "turns": 4,
                "customerStartTime": "2026-01-01T00:00:00.000Z", "Duration": 62, "channelType": "Voice",
                "Direction": "inbound"})
        );
        assert_eq!(completed["event"], "Flex - Engagement Completed");
        assert_eq!(
            completed["properties"],
            json!({"callSid": "CA1", "source": "voice-ai", "language": "en-US", "sentiment": "negative",
                "codes": {"dispositionCode": "escalated", "topic": "Returns"}})
        );
        assert_eq!(identify["type"], "identify");
        assert_eq!(
            identify["traits"],
            json!({"flex_last-interaction-duration": 62, "flex_last-interaction-outcome": "escalated",
                "flex_last-interaction-sentiment": "negative",
                "flex_last-interaction-start-time": "2026-01-01T00:00:00.000Z",
                "flex_last-interaction-topics": ["Returns"]})
        );
        for event in &told {
            assert_eq!(event["timestamp"], "2026-01-01T00:01:02.500Z");
            assert_eq!(event["context"]["library"]["name"], "warmline");
            let id = json!([{"id": PHONE, "type": "phone", "collection": "users", "encoding": "none"}]);
            assert_eq!(event["context"]["externalIds"], id);
        }
        let ids: Vec<_> = told.iter().map(|event| event["messageId"].as_str().unwrap()).collect();
        assert_eq!(
            ids,
            [
                "warmline:CA1:engagement-initiated",
                "warmline:CA1:engagement-completed",
                "warmline:CA1:identify"
            ]
        );
    }

    #[test]
    fn an_escalation_says_why_and_how_long_the_caller_waited() {
        let told = told(&claimed(Kind::Escalation), &person(None, Some(PHONE)), &wanted());
        assert_eq!((told.len(), &told[0]["event"]), (1, &json!("Escalation")));
        assert_eq!(
            told[0]["properties"],
            json!({"callSid": "CA1", "source": "voice-ai", "language": "en-US", "handoffId": "HO1",
                "trigger": "model", "reasonCode": "billing", "sentiment": "negative", "secondsTalked": 61,
                "turns": 4, "state": "answered", "waitSeconds": 30, "target": "number", "topic": "Returns"})
        );
        assert_eq!(told[0]["messageId"], "warmline:CA1:0:escalation");
        let mut unanswered = claimed(Kind::Escalation);
        unanswered.leg.handed_over.as_mut().unwrap().answered_at = None;
        let told = self::told(&unanswered, &person(None, None), &wanted());
        assert!(told[0]["properties"].get("waitSeconds").is_none());
    }

    #[test]
    fn a_summary_leaves_only_where_it_may_and_never_as_quotes() {
        let person = person(None, Some(PHONE));
        let allowed = Wanted { summary: true, ..wanted() };
        let mut claimed = claimed(Kind::Escalation);
        let properties = &told(&claimed, &person, &allowed)[0]["properties"];
        assert_eq!(properties["summary"], "Charged twice, mail ***@*******.com.");
        assert!(!properties["reason"].as_str().unwrap().contains("4111 1111"), "{properties}");
        claimed.leg.handed_over.as_mut().unwrap().handoff.context.summary_by = Author::Transcript;
        for (claimed, wanted) in [(&claimed, &allowed), (&self::claimed(Kind::Escalation), &wanted())] {
            let properties = &told(claimed, &person, wanted)[0]["properties"];
            assert!(properties.get("summary").is_none() && properties.get("reason").is_none());
        }
        let silent = Wanted { topic: false, ..wanted() };
        for kind in [Kind::Leg, Kind::Escalation] {
            let told = told(&self::claimed(kind), &person, &silent);
            assert!(!Value::from(told).to_string().contains("Returns"));
        }
    }

    #[test]
    fn a_summary_that_is_too_long_for_an_event_is_left_out() {
        let mut claimed = claimed(Kind::Escalation);
        claimed.leg.handed_over.as_mut().unwrap().handoff.call_summary = "ü ".repeat(20_000).into();
        let allowed = Wanted { summary: true, ..wanted() };
        let told = told(&claimed, &person(None, Some(PHONE)), &allowed);
        assert!(told[0]["properties"].get("summary").is_none());
        assert!(told[0]["properties"].get("reason").is_some() && told[0].to_string().len() < LARGEST_EVENT);
    }

    #[test]
    fn a_user_goes_by_name_a_caller_by_number_and_nobody_by_the_call() {
        let told = |user, caller| {
            told(
                &claimed(Kind::Leg),
                &person(user, caller),
                &Wanted { agent: Some("Otto".into()), ..wanted() },
            )
        };
        let user = told(Some(" u_123 "), Some(PHONE));
        assert_eq!((&user[0]["userId"], user[0].get("anonymousId")), (&json!("u_123"), None));
        assert_eq!(user[2]["traits"]["flex_last-known-agent"], "Otto");
        let caller = told(None, Some(PHONE));
        let anonymous = caller[0]["anonymousId"].as_str().unwrap();
        assert!(caller[0].get("userId").is_none() && !anonymous.contains("555"), "{anonymous}");
        assert_eq!(anonymous, told(Some(" "), Some(PHONE))[1]["anonymousId"]);
        assert_ne!(anonymous, told(None, Some("+15551230001"))[0]["anonymousId"]);
        let nobody = told(None, Some("anonymous"));
        assert_eq!((nobody.len(), &nobody[0]["anonymousId"]), (2, &json!("warmline:CA1")));
        assert!(nobody[0]["context"].get("externalIds").is_none());
    }

    #[test]
    fn a_call_that_goes_on_or_never_met_the_ai_has_no_leg_to_tell() {
        let person = person(None, Some(PHONE));
        let mut live = claimed(Kind::Leg);
        live.leg.ended_at = None;
        let mut routed = claimed(Kind::Leg);
        routed.leg.sessions = 0;
        assert!(told(&live, &person, &wanted()).is_empty() && told(&routed, &person, &wanted()).is_empty());
        let mut lost = claimed(Kind::Leg);
        (lost.leg.outcome, lost.leg.handed_over) = (None, None);
        let told = told(&lost, &person, &wanted());
        assert_eq!(told[1]["properties"]["codes"], json!({"dispositionCode": "closed"}));
        assert!(told[1]["properties"].get("sentiment").is_none(), "nobody judged it");
    }

    #[test]
    fn the_longest_name_of_an_event_is_one_that_segment_takes() {
        let mut claimed = claimed(Kind::Escalation);
        claimed.key = Key { call_sid: "C".repeat(64).parse().unwrap(), kind: Kind::Escalation, session: 255 };
        let name = told(&claimed, &person(None, None), &wanted())[0]["messageId"].as_str().unwrap().len();
        assert!(name < 100, "{name}");
    }
}
