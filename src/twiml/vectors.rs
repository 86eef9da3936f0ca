//! The documents of Twilio's own builders, built again with ours.

use serde::Deserialize;

use super::*;

const VECTORS: &str = include_str!("../../tests/fixtures/twiml-vectors.json");

/// Reaches an attribute method by its wire name, so that a vector's tree can be built.
pub(super) trait ByName: Sized {
    fn by_name(self, name: &str, value: &str) -> Option<Self>;
}

/// Reads the argument of an attribute method.
pub(super) trait FromText<'a>: Sized {
    fn from_text(text: &'a str) -> Option<Self>;
}

impl<'a> FromText<'a> for &'a str {
    fn from_text(text: &'a str) -> Option<Self> {
        Some(text)
    }
}

impl FromText<'_> for bool {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText<'_> for u32 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText<'_> for Method {
    fn from_text(text: &str) -> Option<Self> {
        [Self::Get, Self::Post].into_iter().find(|method| method.to_string() == text)
    }
}

impl FromText<'_> for RejectReason {
    fn from_text(text: &str) -> Option<Self> {
        [Self::Rejected, Self::Busy].into_iter().find(|reason| reason.to_string() == text)
    }
}

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    tree: Tree,
    xml: String,
    xml_pypi: Option<String>,
}

#[derive(Deserialize)]
struct Tree {
    name: String,
    attrs: std::collections::BTreeMap<String, String>,
    text: Option<String>,
    children: Vec<Tree>,
}

impl From<Tree> for Element {
    fn from(tree: Tree) -> Self {
        Self {
            name: tree.name,
            attributes: tree.attrs.into_iter().collect(),
            text: tree.text.unwrap_or_default(),
            children: tree.children.into_iter().map(Self::from).collect(),
        }
    }
}

/// Attribute order means nothing in XML.
fn sorted(mut element: Element) -> Element {
    element.attributes.sort();
    element.children = element.children.into_iter().map(sorted).collect();
    element
}

fn response(tree: &Element) -> Response {
    assert_eq!(tree.name, "Response");
    tree.children.iter().fold(Response::new(), |response, child| match child.name.as_str() {
        "Connect" => response.connect(connect(child)),
        "Enqueue" => response.enqueue(enqueue(child)),
        "Dial" => response.dial(dial(child)),
        "Gather" => response.gather(gather(child)),
        "Say" => response.say(with_attributes(Say::new(&child.text), child, &[])),
        "Play" => response.play(with_attributes(Play::new(&child.text), child, &[])),
        "Pause" => response.pause(with_attributes(Pause::new(), child, &[])),
        "Record" => response.record(with_attributes(Record::new(), child, &[])),
        "Redirect" => response.redirect(with_attributes(Redirect::new(&child.text), child, &[])),
        "Reject" => response.reject(with_attributes(Reject::new(), child, &[])),
        "Leave" => response.leave(),
        "Hangup" => response.hangup(),
        other => panic!("no builder for <{other}>"),
    })
}

fn connect(tree: &Element) -> Connect {
    let [noun] = tree.children.as_slice() else { panic!("<Connect> has one noun") };
    assert_eq!(noun.name, "ConversationRelay");
    let mut relay = Relay::new(noun.attribute("url").unwrap());
    for (name, value) in &noun.attributes {
        relay = match name.as_str() {
            "url" => relay,
            "welcomeGreeting" => relay.greeting(value),
            name => relay.set(RelayAttribute::from_name(name).expect(name), value),
        };
    }
    for child in &noun.children {
        let attribute = |name| child.attribute(name).unwrap();
        relay = match child.name.as_str() {
            "Language" => relay.language(with_attributes(Language::new(attribute("code")), child, &["code"])),
            "Parameter" => relay.parameter(attribute("name"), attribute("value")),
            other => panic!("no builder for <{other}>"),
        };
    }
    with_attributes(Connect::new(relay), tree, &[])
}

fn enqueue(tree: &Element) -> Enqueue {
    let enqueue = match tree.attribute("workflowSid") {
        Some(workflow) => Enqueue::workflow(&workflow.parse().unwrap()),
        None => Enqueue::queue(&tree.text),
    };
    let enqueue = with_attributes(enqueue, tree, &["workflowSid"]);
    match tree.child("Task") {
        Some(task) => enqueue.task(with_attributes(Task::new(&task.text), task, &[])),
        None => enqueue,
    }
}

fn dial(tree: &Element) -> Dial {
    let dial = if tree.text.is_empty() { Dial::new() } else { Dial::plain(&tree.text) };
    let dial = with_attributes(dial, tree, &[]);
    tree.children.iter().fold(dial, |dial, noun| match noun.name.as_str() {
        "Number" => dial.number(with_attributes(Number::new(&noun.text), noun, &[])),
        "Sip" => dial.sip(with_attributes(Sip::new(&noun.text), noun, &[])),
        "Client" => dial.client(client(noun)),
        "Conference" => dial.conference(with_attributes(Conference::new(&noun.text), noun, &[])),
        "Queue" => dial.queue(queue(noun)),
        other => panic!("no builder for <{other}>"),
    })
}

fn client(tree: &Element) -> Client {
    let identity = tree.child("Identity").map_or(&tree.text, |identity| &identity.text);
    let parameters = tree.children.iter().filter(|child| child.name == "Parameter");
    let client = parameters.fold(Client::new(identity), |client, parameter| {
        client.parameter(parameter.attribute("name").unwrap(), parameter.attribute("value").unwrap())
    });
    with_attributes(client, tree, &[])
}

fn gather(tree: &Element) -> Gather {
    let gather = tree.children.iter().fold(Gather::keys(), |gather, child| match child.name.as_str() {
        "Say" => gather.say(with_attributes(Say::new(&child.text), child, &[])),
        other => panic!("no builder for <{other}> in <Gather>"),
    });
    with_attributes(gather, tree, &["input"])
}

fn queue(tree: &Element) -> Queue {
    let queue = match tree.attribute("reservationSid") {
        Some(reservation) => Queue::reservation(reservation),
        None => Queue::named(&tree.text),
    };
    with_attributes(queue, tree, &["reservationSid"])
}

fn with_attributes<B: ByName>(builder: B, tree: &Element, but: &[&str]) -> B {
    let named = tree.attributes.iter().filter(|(name, _)| !but.contains(&name.as_str()));
    named.fold(builder, |builder, (name, value)| {
        builder.by_name(name, value).unwrap_or_else(|| panic!("{}: no way to set {name}={value}", tree.name))
    })
}

#[test]
fn every_document_of_the_official_builders_can_be_built() {
    let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.cases.len() >= 18);
    for case in vectors.cases {
        let wanted = sorted(case.tree.into());
        let xml = response(&wanted).to_xml();
        assert!(sorted(parse(&xml).unwrap()) == wanted, "{}: built {xml}", case.id);
        for official in [Some(case.xml), case.xml_pypi].into_iter().flatten() {
            assert!(sorted(parse(&official).unwrap()) == wanted, "{}: read {official}", case.id);
        }
    }
}

/// The vendor's names, listed apart from the methods, so that a slip in one list shows.
#[test]
fn every_attribute_the_vendor_names_can_be_set() {
    fn check<B: ByName + Clone>(builder: B, names: &str) {
        for name in names.split_whitespace() {
            let settable = |value| builder.clone().by_name(name, value).is_some();
            assert!(["1", "true", "POST", "busy"].into_iter().any(settable), "{name}");
        }
    }
    let leg = "url method statusCallback statusCallbackEvent statusCallbackMethod machineDetection \
               machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold \
               machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod";
    check(Connect::new(Relay::new("wss://x")), "action method");
    check(Language::new("en-US"), "ttsProvider voice transcriptionProvider speechModel");
    check(Enqueue::queue("x"), "action method waitUrl waitUrlMethod maxQueueSize");
    check(Task::new("{}"), "priority timeout");
    check(
        Dial::new(),
        "action answerOnBridge callerId events hangupOnStar method record recordingConfigurationId \
         recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod recordingTrack \
         referMethod referUrl ringTone sequential timeLimit timeout trim",
    );
    check(Number::new("x"), &format!("{leg} sendDigits byoc"));
    check(Sip::new("sip:x"), &format!("{leg} username password"));
    check(Client::new("x"), "url method statusCallback statusCallbackEvent statusCallbackMethod");
    check(Gather::keys(), "action method timeout numDigits finishOnKey actionOnEmptyResult");
    check(Queue::named("x"), "url method postWorkActivitySid");
    check(
        Conference::new("x"),
        "beep coach endConferenceOnExit eventCallbackUrl jitterBufferSize maxParticipants muted \
         participantLabel record recordingStatusCallback recordingStatusCallbackEvent \
         recordingStatusCallbackMethod region startConferenceOnEnter statusCallback statusCallbackEvent \
         statusCallbackMethod trim waitMethod waitUrl",
    );
    check(Say::new("x"), "voice language loop");
    check(Play::new("x"), "loop digits");
    check(Pause::new(), "length");
    check(
        Record::new(),
        "action method maxLength finishOnKey playBeep timeout trim recordingStatusCallback \
         recordingStatusCallbackEvent recordingStatusCallbackMethod transcribe transcribeCallback",
    );
    check(Redirect::new("x"), "method");
    check(Reject::new(), "reason");
}

/// What the vectors do not have: as the vendor's reference shows it.
#[test]
fn a_client_and_a_gather_are_written_as_the_reference_shows_them() {
    let document = "<Response><Dial answerOnBridge=\"true\"><Client url=\"/whisper\"><Identity>jane</Identity>\
                    <Parameter name=\"reason\" value=\"a &amp; b\"/></Client></Dial><Gather input=\"dtmf\" \
                    numDigits=\"1\" finishOnKey=\"\" action=\"/key\"><Say language=\"en-US\">Press 1.</Say></Gather>\
                    <Hangup/></Response>";
    let wanted = sorted(parse(document).unwrap());
    assert!(sorted(parse(&response(&wanted).to_xml()).unwrap()) == wanted);
}
