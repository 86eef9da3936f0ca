//! Every kind of target over whole calls: taken, refused, and what comes next.

use std::time::Duration;

use serde_json::{Value, json};
use warmline::caller::{Call, Rate};
use warmline::clock::now;
use warmline::token::signature_of;
use warmline::twiml::Element;

use super::bridge::{SOON, TOKEN, TestBridge, WORKFLOW, escalating, escalation};
use super::centre::{Centre, FakeCentre, SECRET};

/// Both tries of a webhook take 2.5 s; the rest is for a busy machine.
const ASKED: Duration = Duration::from_millis(2_900);

const NUMBER: &str = "[[targets]]\nnumber = \"+15550001111\"\n";
const QUEUE: &str = "[[targets]]\nqueue = \"support\"\n";
const AI: &str = "[[targets]]\nai = true\n";
const ACCOUNT: &str = "ACdddddddddddddddddddddddddddddddd";
const FLOW: &str = "FWeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

async fn bridge(targets: &str) -> TestBridge {
    let settings = [("CENTRE_SECRET", SECRET), ("TWILIO_ACCOUNT_SID", ACCOUNT)];
    TestBridge::configured(targets, &settings, escalating).await
}

fn studio() -> String {
    format!("[[targets]]\nstudio = \"{FLOW}\"\n")
}

/// A call in which the model escalates, with the document that hands it over.
async fn escalated(bridge: &TestBridge) -> Call {
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("does my order number 1182 come today").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    call
}

fn verbs(document: &Element) -> Vec<&str> {
    document.children.iter().map(|verb| verb.name.as_str()).collect()
}

async fn left_queue(call: &mut Call) -> Element {
    let enqueue = call.document().unwrap().child("Enqueue").unwrap();
    let action = enqueue.attribute("action").unwrap().to_owned();
    call.callback(&action, &[("QueueResult", "queue-full")]).await.unwrap().clone()
}

#[tokio::test]
async fn who_picks_up_a_phone_hears_who_calls_and_takes_the_call_with_a_key() {
    let bridge = bridge(&format!("{NUMBER}ring = 12\ncaller_id = \"+15559990000\"\n{QUEUE}")).await;
    let mut call = escalated(&bridge).await;
    let dial = call.document().unwrap().child("Dial").unwrap();
    assert_eq!(dial.attribute("answerOnBridge"), Some("true"));
    let rung = call.rung().unwrap();
    assert_eq!((rung.kind.as_str(), rung.to.as_str()), ("Number", "+15550001111"));
    assert_eq!((rung.seconds, rung.caller_id.as_deref()), (Some(12), Some("+15559990000")));
    let leg = call.pick_up("1").await.unwrap();
    assert!(leg.joined);
    let expected = "A call from the number that ends in 0 0 0 0. billing dispute. The caller is upset. \
                    Press 1 to take the call.";
    assert_eq!(leg.words(), expected);
    assert!(leg.heard.iter().all(|(_, language)| language == "en-US"), "{:?}", leg.heard);
    assert_eq!(verbs(call.dial_over(&leg).await.unwrap()), ["Hangup"]);
}

#[tokio::test]
async fn who_does_not_take_the_call_does_not_get_it_although_it_was_picked_up() {
    for keys in ["", "7"] {
        let bridge = bridge(&format!("{NUMBER}{QUEUE}")).await;
        let mut call = escalated(&bridge).await;
        let leg = call.pick_up(keys).await.unwrap();
        assert!(!leg.joined, "{keys:?}");
        let asked = leg.words().matches("Press 1 to take the call.").count();
        assert_eq!(asked, if keys.is_empty() { 2 } else { 1 }, "{keys:?}");
        let document = call.dial_over(&leg).await.unwrap();
        assert_eq!(document.child("Enqueue").unwrap().text, "support");
    }
}

#[tokio::test]
async fn what_was_whispered_decides_where_it_is_not_reported_whether_the_two_were_joined() {
    for (keys, joined) in [("", false), ("1", true)] {
        let bridge = bridge(&format!("{NUMBER}{QUEUE}")).await;
        let mut call = escalated(&bridge).await;
        assert_eq!(call.pick_up(keys).await.unwrap().joined, joined);
        let action = call.document().unwrap().child("Dial").unwrap().attribute("action").unwrap().to_owned();
        let document = call.callback(&action, &[("DialCallStatus", "completed")]).await.unwrap();
        assert_eq!(document.child("Enqueue").is_none(), joined, "{keys:?}");
    }
}

#[tokio::test]
async fn what_is_whispered_is_masked_short_and_in_the_language_of_the_call() {
    let bridge = bridge(NUMBER).await;
    let mut call = bridge.call();
    call.set("CallerName", "ADA LOVELACE");
    let reason = format!("la tarjeta 4111 1111 1111 1111 {}", "y mucho más ".repeat(20));
    let data = json!({"reason": reason, "callSummary": "s", "sentiment": "positive",
                      "warmline": {"language": "es-US"}});
    let fields =
        [("SessionId", "VX1"), ("SessionStatus", "ended"), ("HandoffData", &data.to_string() as &str)];
    call.callback("/voice/handoff", &fields).await.unwrap();
    let leg = call.pick_up("1").await.unwrap();
    let words = leg.words();
    assert!(words.starts_with("Una llamada de ADA LOVELACE. la tarjeta"), "{words}");
    assert!(words.ends_with("está de buen humor. Pulse 1 para atender la llamada."), "{words}");
    assert!(words.contains("la tarjeta 1111 y") && words.chars().count() < 260, "{words}");
    assert!(leg.heard.iter().all(|(_, language)| language == "es-US"), "{:?}", leg.heard);
}

#[tokio::test]
async fn a_whisper_whose_address_is_not_ours_tells_nothing_and_asks_for_the_key() {
    let bridge = bridge(NUMBER).await;
    let mut call = escalated(&bridge).await;
    for address in ["/voice/whisper", "/voice/whisper?s=forged.state"] {
        let document = call.callback(address, &[]).await.unwrap().clone();
        assert_eq!(verbs(&document), ["Gather", "Gather", "Hangup"], "{address}");
        let said: String =
            document.children.iter().flat_map(|verb| &verb.children).map(|say| say.text.as_str()).collect();
        assert!(!said.contains("billing") && said.contains("Press 1"), "{said}");
        assert_eq!(verbs(call.callback(address, &[("Digits", "2")]).await.unwrap()), ["Hangup"]);
        assert!(call.callback(address, &[("Digits", "1")]).await.unwrap().children.is_empty());
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_key_where_none_is_set() {
    for (keys, words, verbs) in [
        ("accept_key = \"\"", "billing dispute", 1),
        ("accept_key = \"\"\nwhisper = false", "", 0),
        ("whisper = false", "Press 1", 0),
    ] {
        let bridge = bridge(&format!("{NUMBER}{keys}\n")).await;
        let call = escalated(&bridge).await;
        let leg = call.pick_up("1").await.unwrap();
        assert!(leg.joined && leg.words().contains(words), "{keys}: {leg:?}");
        assert!(verbs == 0 || leg.heard.len() == verbs, "{keys}: {leg:?}");
        assert_eq!(call.rung().unwrap().url.is_none(), words.is_empty(), "{keys}");
    }
}

#[tokio::test]
async fn a_sip_endpoint_gets_what_is_known_in_headers_and_a_busy_one_is_passed_over() {
    let bridge = bridge(&format!("[[targets]]\nsip = \"sip:people@example.com\"\n{QUEUE}")).await;
    let mut call = escalated(&bridge).await;
    let rung = call.rung().unwrap();
    let (address, headers) = rung.to.split_once('?').unwrap();
    assert_eq!((rung.kind.as_str(), address), ("Sip", "sip:people@example.com"));
    let header = |name: &str| headers.split('&').find_map(|header| header.strip_prefix(&format!("{name}=")));
    assert_eq!(header("X-Warmline-Call"), Some(call.sid()));
    assert_eq!(header("X-Warmline-Reason"), Some("caller_request"));
    assert_eq!(header("X-Warmline-Sentiment"), Some("negative"));
    assert!(header("X-Warmline-Desk").unwrap().starts_with("https%3A%2F%2Fbridge.example.com%2Fdesk%2F"));
    assert!(header("User-to-User").unwrap().ends_with("%3Bencoding%3Dhex"));
    assert!(headers.len() <= 1_024 && !headers.contains("1182"), "{headers}");
    // Who picks up there has the call.
    assert!(call.pick_up("").await.unwrap().joined);
    let document = call.not_picked_up("busy").await.unwrap();
    assert_eq!(document.child("Enqueue").unwrap().text, "support");
}

#[tokio::test]
async fn a_client_gets_what_is_known_as_parameters_and_one_that_is_away_is_passed_over() {
    let targets = "[[targets]]\nclient = \"jane\"\naccept_key = \"5\"\n[[targets]]\nclient = \"joe\"\ncontext = false\n";
    let bridge = bridge(targets).await;
    let mut call = escalated(&bridge).await;
    let rung = call.rung().unwrap();
    assert_eq!((rung.kind.as_str(), rung.to.as_str()), ("Client", "jane"));
    assert_eq!(rung.parameters["call"], call.sid());
    assert_eq!(
        (rung.parameters["reason"].as_str(), rung.parameters["sentiment"].as_str()),
        ("caller_request", "negative")
    );
    assert!(rung.parameters["desk"].starts_with("https://bridge.example.com/desk/"));
    let leg = call.pick_up("1").await.unwrap();
    assert!(!leg.joined && leg.words().ends_with("Press 5 to take the call."), "{leg:?}");
    call.dial_over(&leg).await.unwrap();
    let rung = call.rung().unwrap();
    assert_eq!((rung.to.as_str(), rung.parameters.len()), ("joe", 0));
    let document = call.not_picked_up("no-answer").await.unwrap();
    assert!(document.child("Record").is_some());
}

#[tokio::test]
async fn a_studio_flow_gets_the_call_for_good() {
    let bridge = bridge(&format!("{QUEUE}{}", studio())).await;
    let mut call = escalated(&bridge).await;
    assert_eq!(verbs(call.document().unwrap()), ["Enqueue", "Redirect"], "without us it gets there too");
    let document = left_queue(&mut call).await;
    assert_eq!(verbs(&document), ["Redirect"]);
    let url = url::Url::parse(call.redirected().unwrap()).unwrap();
    assert_eq!(url.host_str(), Some("webhooks.twilio.com"));
    assert_eq!(url.path(), format!("/v1/Accounts/{ACCOUNT}/Flows/{FLOW}"));
    let data = url.query_pairs().find(|(name, _)| name == "HandoffData").unwrap().1.into_owned();
    let data: Value = serde_json::from_str(&data).unwrap();
    let attributes = &data["attributes"];
    assert_eq!(
        (&attributes["reason"], &attributes["warmline"]["callSid"]),
        (&json!("billing dispute"), &json!(call.sid()))
    );
    assert_eq!(attributes["callSummary"], escalation()["callSummary"]);
}

#[tokio::test]
async fn another_contact_centre_is_asked_once_with_a_signature_and_its_document_is_run() {
    let centre = FakeCentre::taking().await;
    let bridge = bridge(&format!("{}{NUMBER}", centre.target())).await;
    let mut call = escalated(&bridge).await;
    assert_eq!(verbs(call.document().unwrap()), ["Redirect"]);
    let document = call.follow().await.unwrap().clone();
    assert_eq!(document.child("Dial").unwrap().text, "+15557770000");
    // The answer got lost.
    assert!(*call.repeat().await.unwrap() == document);
    let [(headers, body)] = &centre.asked()[..] else { panic!("asked {} times", centre.asked().len()) };
    let header = |name: &str| headers[name].to_str().unwrap();
    let (at, v1) = header("x-warmline-signature").split_once(",v1=").unwrap();
    let at = at.strip_prefix("t=").unwrap().parse().unwrap();
    assert_eq!(v1, signature_of(&SECRET.into(), at, body));
    let said = centre.last();
    assert_eq!((&said["version"], &said["event"]), (&json!(1), &json!("handoff")));
    assert_eq!(said["idempotencyKey"], header("idempotency-key"));
    assert_eq!((&said["call"]["sid"], &said["call"]["from"]), (&json!(call.sid()), &json!("+15551230000")));
    assert_eq!(said["task"]["callSummary"], escalation()["callSummary"]);
    assert_eq!(said["deskUrl"], said["task"]["warmline"]["deskUrl"]);
    // Where it sends a call that it cannot keep.
    let next = said["nextUrl"].as_str().unwrap().to_owned();
    call.callback(&next, &[]).await.unwrap();
    assert_eq!(call.rung().unwrap().to, "+15550001111");
}

#[tokio::test]
async fn a_contact_centre_that_does_not_take_the_call_is_passed_over_in_time() {
    let answer = |status: u16, body: &str| vec![Centre::Answer(status, body.to_owned())];
    for (answers, tries) in [
        (answer(204, ""), 1),
        (answer(404, "<Response><Hangup/></Response>"), 1),
        (answer(500, ""), 2),
        (answer(429, ""), 2),
        (answer(200, "<Response/>"), 1),
        (answer(200, "<Response><Say>hello</Response>"), 1),
        (answer(200, "<Answer><Hangup/></Answer>"), 1),
        (answer(200, "{\"taken\": true}"), 1),
        (answer(200, "<!DOCTYPE x [<!ENTITY a \"b\">]><Response><Hangup/></Response>"), 1),
        (answer(200, "<Response><Redirect>/calls/next</Redirect></Response>"), 1),
        (answer(200, "<Response><Gather numDigits=\"1\"><Say>One or two?</Say></Gather></Response>"), 1),
        (answer(200, &format!("<Response><Say>{}</Say></Response>", "x".repeat(64 * 1024))), 1),
        (vec![Centre::Elsewhere], 1),
        (vec![Centre::Silence], 1),
    ] {
        let centre = FakeCentre::start(answers.clone()).await;
        let bridge = bridge(&format!("{}{NUMBER}", centre.target())).await;
        let mut call = escalated(&bridge).await;
        let began = now();
        call.follow().await.unwrap();
        let took = now() - began;
        assert!(took < ASKED, "{answers:?}: {took:?}");
        assert_eq!(call.rung().unwrap().to, "+15550001111", "{answers:?}");
        assert_eq!(centre.asked().len(), tries, "{answers:?}");
    }
    // Nobody is there at all.
    let gone = FakeCentre::taking().await.target();
    let bridge = bridge(&format!("{gone}{NUMBER}")).await;
    let mut call = escalated(&bridge).await;
    call.follow().await.unwrap();
    assert_eq!(call.rung().unwrap().to, "+15550001111");
}

#[tokio::test]
async fn who_waits_for_one_contact_centre_after_another_hears_something() {
    let (first, second) = (FakeCentre::start(vec![Centre::Silence]).await, FakeCentre::taking().await);
    let bridge = bridge(&format!("{}{}{NUMBER}", first.target(), second.target())).await;
    let mut call = escalated(&bridge).await;
    assert_eq!(verbs(call.document().unwrap()), ["Redirect"]);
    assert_eq!(verbs(call.follow().await.unwrap()), ["Say", "Redirect"]);
    assert!(call.follow().await.unwrap().child("Dial").is_some());
}

#[tokio::test]
async fn a_second_try_is_the_same_request_and_may_be_taken() {
    let taken = "<Response><Enqueue>theirs</Enqueue></Response>".to_owned();
    let centre =
        FakeCentre::start(vec![Centre::Answer(503, String::new()), Centre::Answer(200, taken)]).await;
    let bridge = bridge(&format!("{}{NUMBER}", centre.target())).await;
    let mut call = escalated(&bridge).await;
    assert_eq!(call.follow().await.unwrap().child("Enqueue").unwrap().text, "theirs");
    let [(first, body), (second, again)] = &centre.asked()[..] else { panic!("two tries") };
    assert_eq!((first["idempotency-key"].clone(), body), (second["idempotency-key"].clone(), again));
}

#[tokio::test]
async fn where_nobody_is_free_the_ai_has_the_call_again_and_remembers_it() {
    let bridge = bridge(&format!("{QUEUE}{AI}{NUMBER}")).await;
    let mut call = escalated(&bridge).await;
    // Without us there is nothing for the AI to come back to.
    assert_eq!(verbs(call.document().unwrap()), ["Enqueue", "Dial", "Say", "Record", "Hangup"]);
    assert_eq!(verbs(&left_queue(&mut call).await), ["Redirect"]);
    let document = call.follow().await.unwrap();
    let relay = document.child("Connect").unwrap().child("ConversationRelay").unwrap();
    assert_eq!(relay.attribute("welcomeGreeting"), None);
    let asked = bridge.model.requests().len();
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    let first = conversation.wait_reply(SOON).await.unwrap();
    assert_eq!(first.text, "I am sorry, nobody is free right now. Maybe I can help you meanwhile?");
    assert_eq!(bridge.model.requests().len(), asked, "nothing is taken up: the last wish was a person");
    conversation.say("then tell me more").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    let asked = json!(bridge.model.last_messages()).to_string();
    assert!(asked.contains("order number 1182") && asked.contains("nobody is free"), "{asked}");
    // A socket that is lost is not the end of that.
    conversation.lose_line();
    call.finish(conversation).await.unwrap();
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    assert!(conversation.wait_reply(SOON).await.unwrap().text.contains("cut off"));
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    // It goes on behind the AI, and not from the start.
    assert_eq!(call.rung().unwrap().to, "+15550001111");
    let document = call.not_picked_up("no-answer").await.unwrap();
    assert!(document.child("Record").is_some());
}

#[tokio::test]
async fn nobody_goes_in_circles_between_the_ai_and_people() {
    let again = "[[targets]]\nqueue = \"second\"\n[[targets]]\nai = true\n[[targets]]\nqueue = \"third\"\n[[targets]]\nai = true\n";
    let bridge = bridge(&format!("{QUEUE}{AI}{again}{NUMBER}")).await;
    let mut call = escalated(&bridge).await;
    for queue in ["support", "second"] {
        assert_eq!(call.document().unwrap().child("Enqueue").unwrap().text, queue);
        left_queue(&mut call).await;
        call.follow().await.unwrap();
        let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
        assert!(conversation.wait_reply(SOON).await.unwrap().text.contains("nobody is free"));
        conversation.say("get me an humain").await.unwrap();
        conversation.until_end(SOON).await.unwrap();
        call.finish(conversation).await.unwrap();
    }
    assert_eq!(call.document().unwrap().child("Enqueue").unwrap().text, "third");
    left_queue(&mut call).await;
    assert_eq!(call.rung().unwrap().to, "+15550001111", "the AI had its two turns");
}

#[tokio::test]
async fn a_server_that_ends_gives_no_call_back_to_the_ai() {
    let bridge = bridge(&format!("{QUEUE}{AI}{NUMBER}")).await;
    let mut call = escalated(&bridge).await;
    left_queue(&mut call).await;
    bridge.inner.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    call.follow().await.unwrap();
    assert_eq!(call.rung().unwrap().to, "+15550001111");
}

#[tokio::test]
async fn a_node_that_never_saw_the_call_gives_it_back_to_the_ai_as_well() {
    let targets = format!("{QUEUE}{AI}{NUMBER}");
    let (one, other) = (bridge(&targets).await, bridge(&targets).await);
    let mut call = escalated(&one).await;
    left_queue(&mut call).await;
    call.reach(other.base.clone());
    call.follow().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    let first = conversation.wait_reply(SOON).await.unwrap().text;
    assert!(first.contains("nobody is free") && first.contains("AI"), "it begins afresh: {first}");
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    call.finish(conversation).await.unwrap();
    assert_eq!(call.rung().unwrap().to, "+15550001111");
}

#[tokio::test]
async fn nodes_that_share_a_store_remember_for_each_other() {
    let file = std::env::temp_dir().join(format!("warmline-targets-{}.db", std::process::id()));
    let url = format!("sqlite:{}", file.display());
    let targets = format!("{QUEUE}{AI}{NUMBER}");
    let settings = [("DATABASE_URL", url.as_str())];
    let one = TestBridge::configured(&targets, &settings, escalating).await;
    let other = TestBridge::configured(&targets, &settings, escalating).await;
    let mut call = escalated(&one).await;
    assert!(one.store.flush().await);
    left_queue(&mut call).await;
    call.reach(other.base.clone());
    call.follow().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("then tell me more").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    let asked = json!(other.model.last_messages()).to_string();
    assert!(asked.contains("order number 1182") && asked.contains("nobody is free"), "{asked}");
    // Whoever hears its end first finds no older document in its way: a lost socket is connected again.
    conversation.lose_line();
    call.reach(one.base.clone());
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
    for end in ["", "-shm", "-wal"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[tokio::test]
async fn a_target_whose_address_is_not_ours_leads_to_people() {
    let centre = FakeCentre::taking().await;
    let bridge = bridge(&format!("{}{AI}{NUMBER}", centre.target())).await;
    for address in ["/voice/target", "/voice/target?s=forged.state"] {
        let mut call = bridge.call();
        let document = call.callback(address, &[]).await.unwrap();
        assert_eq!(verbs(document), ["Dial", "Hangup"], "{address}");
    }
    assert!(centre.asked().is_empty());
}

#[tokio::test]
async fn the_net_of_the_number_holds_what_needs_no_server() {
    let centre = FakeCentre::taking().await;
    let kinds = format!("{}{AI}{QUEUE}{}", centre.target(), studio());
    for (targets, expected) in [
        (kinds, vec!["Enqueue", "Redirect"]),
        (format!("{}{AI}{NUMBER}{}", centre.target(), studio()), vec!["Dial", "Hangup"]),
    ] {
        let bridge = bridge(&targets).await;
        let mut call = bridge.call();
        let document = call.callback("/voice/fallback", &[("ErrorCode", "11200")]).await.unwrap();
        assert_eq!(verbs(document), expected);
        // Not even a whisper: nobody would answer it.
        assert!(!document.to_xml().contains("bridge.example.com/voice"), "{}", document.to_xml());
    }
}

#[tokio::test]
async fn a_rule_chooses_language_and_voice_of_the_ai_for_the_whole_call() {
    let toml = "[[routes.start]]\nwhen = [\"from starts with '+1555'\"]\nto = \"ai\"\nlanguage = \"es-US\"\n\
                voice = \"Lupe-Neural\"\n";
    let bridge = bridge(toml).await;
    let mut call = bridge.call();
    let document = call.dial().await.unwrap().clone();
    let relay = document.child("Connect").unwrap().child("ConversationRelay").unwrap();
    let attribute = |name| relay.attribute(name);
    assert_eq!((attribute("language"), attribute("voice")), (Some("es-US"), Some("Lupe-Neural")));
    let codes: Vec<_> = relay.children.iter().filter_map(|child| child.attribute("code")).collect();
    assert!(codes.contains(&"en-US"), "it can come back to the prompt's own: {codes:?}");
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    conversation.say("¿llega hoy?").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    let prompt = bridge.model.requests()[0]["messages"][0]["content"].to_string();
    assert!(prompt.contains("Seguimiento de un paquete"), "the knowledge is the language's");
    // Also after the line had dropped.
    conversation.lose_line();
    let document = call.finish(conversation).await.unwrap();
    let relay = document.child("Connect").unwrap().child("ConversationRelay").unwrap();
    assert_eq!((relay.attribute("language"), relay.attribute("voice")), (Some("es-US"), Some("Lupe-Neural")));
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    assert!(conversation.wait_reply(SOON).await.unwrap().text.contains("se cortó"));
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let document = call.finish(conversation).await.unwrap();
    let task: Value =
        serde_json::from_str(&document.child("Enqueue").unwrap().child("Task").unwrap().text).unwrap();
    assert_eq!(document.child("Enqueue").unwrap().attribute("workflowSid"), Some(WORKFLOW));
    assert_eq!(task["warmline"]["language"], "es-US");
}

#[tokio::test]
async fn no_secret_travels_with_the_question_to_a_contact_centre() {
    let centre = FakeCentre::taking().await;
    let bridge = bridge(&format!("{}{NUMBER}", centre.target())).await;
    let mut call = escalated(&bridge).await;
    call.follow().await.unwrap();
    let (headers, body) = &centre.asked()[0];
    let sent = format!("{headers:?}{body:?}");
    assert!(!sent.contains(SECRET) && !sent.contains(TOKEN));
}
