//! Every webhook, as Twilio sends it, as it might send it one day, and as somebody else would.

use reqwest::{Method, StatusCode};
use serde_json::json;
use warmline::caller::{Call, Conversation, Rate};
use warmline::twilio::signature::sign;
use warmline::twiml::{Element, parse};

use super::bridge::{PUBLIC, SOON, TOKEN, TestBridge, WORKFLOW, escalation, task};
use super::model::{Step, after_tool, last_words};

fn talkative(request: &serde_json::Value) -> Vec<Step> {
    let words = last_words(request);
    if after_tool(request) {
        vec![Step::Say("Goodbye then.".to_owned())]
    } else if words.contains("human") {
        vec![Step::Tool("escalate", escalation())]
    } else if words.contains("bye") {
        vec![Step::Tool("end_call", json!({}))]
    } else {
        vec![Step::Say("It arrives tomorrow.".to_owned())]
    }
}

async fn bridge() -> TestBridge {
    TestBridge::start(talkative).await
}

/// Sends a request with exactly these parts, signed over the public address.
async fn send(
    bridge: &TestBridge,
    method: Method,
    path: &str,
    kind: Option<&str>,
    body: &str,
    signed: bool,
) -> (StatusCode, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method, bridge.local(path)).body(body.to_owned());
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    if signed {
        let form = kind.is_some_and(|kind| kind.contains("form"));
        let fields = if form { warmline::twilio::signature::form(body.as_bytes()) } else { Vec::new() };
        request = request.header("x-twilio-signature", sign(TOKEN, &format!("{PUBLIC}{path}"), &fields));
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn enqueues(xml: &str) -> bool {
    let document = parse(xml).unwrap_or_else(|_| panic!("not TwiML: {xml}"));
    document.child("Enqueue").is_some_and(|queue| queue.attribute("workflowSid") == Some(WORKFLOW))
}

#[tokio::test]
async fn a_signed_voice_webhook_is_answered_with_twiml_whatever_is_wrong_inside() {
    let bridge = bridge().await;
    for (method, path, kind, body) in [
        (Method::POST, "/voice/incoming", FORM, ""),
        (Method::POST, "/voice/incoming", FORM, "CallSid=&From=%00"),
        (Method::POST, "/voice/incoming", FORM, "CallSid=<script>&CallStatus=ringing"),
        (Method::POST, "/voice/incoming", None, ""),
        (Method::GET, "/voice/incoming?Nothing=1", None, ""),
        (Method::POST, "/voice/handoff", FORM, "CallSid=CA1"),
        (Method::POST, "/voice/handoff", FORM, "CallSid=CA1&SessionStatus=ended"),
        (Method::POST, "/voice/handoff", FORM, "CallSid=CA1&SessionStatus=ended&HandoffData=%7Boops"),
        (Method::POST, "/voice/handoff", FORM, "CallSid=CA1&SessionStatus=failed&ErrorCode=64101"),
        (Method::POST, "/voice/handoff?s=forged.token", FORM, "CallSid=CA1&SessionStatus=new-one"),
        (Method::POST, "/voice/fallback", FORM, "CallSid=CA1&ErrorCode=11200"),
        (Method::POST, "/voice/fallback", FORM, ""),
    ] {
        let (status, xml) = send(&bridge, method, path, kind, body, true).await;
        assert_eq!(status, 200, "{path} {body}");
        assert!(enqueues(&xml), "{path} {body}: nobody gets this caller: {xml}");
    }
}

#[tokio::test]
async fn a_call_by_get_is_a_call() {
    let bridge = bridge().await;
    let path = "/voice/incoming?CallSid=CA00000000000000000000000000000009&CallStatus=ringing";
    let (status, xml) = send(&bridge, Method::GET, path, None, "", true).await;
    assert_eq!(status, 200);
    assert!(parse(&xml).unwrap().child("Connect").is_some(), "{xml}");
}

#[tokio::test]
async fn strangers_are_refused_on_every_route() {
    let bridge = bridge().await;
    for path in [
        "/voice/incoming",
        "/voice/handoff",
        "/voice/queued",
        "/voice/status",
        "/voice/dial",
        "/voice/recording",
        "/voice/fallback",
        "/voice/relay/x",
    ] {
        let (status, body) = send(&bridge, Method::POST, path, FORM, "CallSid=CA1", false).await;
        assert_eq!(status, 403, "{path}");
        assert!(!body.contains('<'), "a refusal is no TwiML");
    }
    let (status, _) = send(&bridge, Method::DELETE, "/voice/incoming", None, "", true).await;
    assert_eq!(status, 405);
    let large = format!("CallSid=CA1&x={}", "y".repeat(1024 * 1024));
    assert_eq!(send(&bridge, Method::POST, "/voice/incoming", FORM, &large, true).await.0, 413);
    assert_eq!(send(&bridge, Method::GET, "/nothing/here", None, "", true).await.0, 404);
}

#[tokio::test]
async fn a_second_token_is_accepted_while_rotating() {
    let both = format!("ffffffffffffffffffffffffffffffff,{TOKEN}");
    let bridge = TestBridge::with(&[("TWILIO_AUTH_TOKEN", &both)], talkative).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
}

#[tokio::test]
async fn an_open_server_answers_its_own_machine_only() {
    let open = [("TWILIO_AUTH_TOKEN", ""), ("PUBLIC_URL", ""), ("TWILIO_WORKFLOW_SID", "")];
    let bridge = TestBridge::with(&open, talkative).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["/voice/incoming", "/healthz", "/", "/api/v1/session", "/desk/x", "/console/desk.css"] {
        let tunnelled = client.get(bridge.local(path)).header("host", "abc.ngrok.app").send().await.unwrap();
        assert_eq!(tunnelled.status(), 403, "{path}");
        assert!(tunnelled.text().await.unwrap().contains("TWILIO_AUTH_TOKEN"));
    }
    let own = bridge.base.as_str().trim_end_matches('/').to_owned();
    for (sends, status) in [
        (&[][..], 200),
        (&[("origin", own.as_str()), ("sec-fetch-site", "same-origin")], 200),
        // A page of the internet, or another one of this machine, in the browser of whoever works here.
        (&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-site")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
    ] {
        for path in ["/voice/incoming", "/voice/status", "/voice/handoff"] {
            let post = client.post(bridge.local(path)).header("content-type", FORM.unwrap());
            let post = post.body("CallSid=CA1");
            let post = sends.iter().fold(post, |post, (name, value)| post.header(*name, *value));
            assert_eq!(post.send().await.unwrap().status(), status, "{path} with {sends:?}");
        }
        let open = client.get(bridge.local("/voice/relay/x"));
        let open = sends.iter().fold(open, |open, (name, value)| open.header(*name, *value));
        let expected = if status == 200 { 426 } else { status };
        assert_eq!(open.send().await.unwrap().status(), expected, "a socket with {sends:?}");
    }
    // A link from elsewhere may lead here; what it shows changes nothing.
    let linked = client.get(bridge.local("/")).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(linked.status(), 200);
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("a human please").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let document = call.finish(conversation).await.unwrap();
    let workflow = document.child("Enqueue").unwrap().attribute("workflowSid").unwrap();
    assert_eq!(workflow, format!("WW{}", "0".repeat(32)));
}

#[tokio::test]
async fn a_relay_address_without_an_upgrade_says_what_it_is_for() {
    let bridge = bridge().await;
    let (status, _) = send(&bridge, Method::GET, "/voice/relay/x", None, "", true).await;
    assert_eq!(status, 426);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_document() {
    let bridge = bridge().await;
    let (mut call, mut conversation) = {
        let mut call = bridge.call();
        let first = call.dial().await.unwrap().clone();
        assert_eq!(call.repeat().await.unwrap(), &first);
        // Another request of the same ringing call is the same call.
        assert_eq!(relay_url(call.dial().await.unwrap()).is_some(), relay_url(&first).is_some());
        let conversation = call.connect(Rate::Instant).await.unwrap();
        (call, conversation)
    };
    conversation.say("a human please").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let first = call.finish(conversation).await.unwrap().clone();
    assert_eq!(call.repeat().await.unwrap(), &first, "one caller in two queues");
}

fn relay_url(document: &Element) -> Option<&str> {
    document.child("Connect")?.child("ConversationRelay")?.attribute("url")
}

async fn lost(bridge: &TestBridge, call: &mut Call, mut conversation: Conversation) -> Element {
    conversation.lose_line();
    let document = call.finish(conversation).await.unwrap().clone();
    let _ = bridge;
    document
}

#[tokio::test]
async fn a_lost_socket_is_connected_twice_with_what_was_said_and_then_goes_to_a_person() {
    let bridge = bridge().await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is order 4711").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    for attempt in 1..=2 {
        let document = lost(&bridge, &mut call, conversation).await;
        let noun = document.child("Connect").and_then(|connect| connect.child("ConversationRelay"));
        assert_eq!(noun.unwrap().attribute("welcomeGreeting"), None, "greeted twice");
        conversation = call.connect(Rate::Instant).await.unwrap();
        let said = conversation.wait_words(SOON).await.unwrap().text;
        assert!(said.contains("cut off"), "attempt {attempt}: {said}");
    }
    conversation.say("are you there").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    let history = serde_json::to_string(&bridge.model.last_messages()).unwrap();
    assert!(history.contains("4711"), "asked again for what was said: {history}");
    let document = lost(&bridge, &mut call, conversation).await;
    let task = task(&document);
    assert_eq!(task["reasonCode"], "bridge_failure");
    assert!(task["callSummary"].as_str().unwrap().contains("4711"), "the person knows nothing: {task}");
    assert!(task["warmline"]["transcript"].as_array().unwrap().len() > 3, "{task}");
}

#[tokio::test]
async fn a_voice_that_failed_is_replaced_by_another_in_every_language() {
    let bridge = bridge().await;
    let mut call = bridge.call();
    call.dial().await.unwrap();
    // So slow that nothing of the greeting is heard before the voice fails.
    let mut conversation = call.connect(Rate::per_second(1)).await.unwrap();
    for provider in ["Google", "ElevenLabs"] {
        conversation.fail(64111, "TTS provider error").await.unwrap();
        let document = call.finish(conversation).await.unwrap();
        let noun = document.child("Connect").and_then(|connect| connect.child("ConversationRelay")).unwrap();
        let spoken = noun.children.iter().filter(|child| child.name == "Language");
        for voice in spoken.chain([noun]) {
            assert_eq!((voice.attribute("ttsProvider"), voice.attribute("voice")), (Some(provider), None));
        }
        conversation = call.connect(Rate::per_second(1)).await.unwrap();
    }
    let said = conversation.wait_words(SOON).await.unwrap().text;
    assert!(said.contains("AI assistant"), "nobody was told who speaks: {said}");
}

#[tokio::test]
async fn a_call_whose_state_cannot_be_verified_is_tried_once_more_and_not_for_ever() {
    let bridge = bridge().await;
    let body = "CallSid=CA77&CallStatus=in-progress&SessionId=VX1&SessionStatus=failed&ErrorCode=64105";
    let (_, xml) = send(&bridge, Method::POST, "/voice/handoff?s=forged.state", FORM, body, true).await;
    let document = parse(&xml).unwrap();
    let action = document.child("Connect").unwrap().attribute("action").unwrap().to_owned();
    let path = action.strip_prefix(PUBLIC).unwrap();
    let body = body.replace("VX1", "VX2");
    let (_, xml) = send(&bridge, Method::POST, path, FORM, &body, true).await;
    assert!(enqueues(&xml), "{xml}");
}

#[tokio::test]
async fn a_caller_who_left_is_put_into_no_queue() {
    let bridge = bridge().await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("a human please").await.unwrap();
    conversation.hang_up().await.unwrap();
    let document = call.finish(conversation).await.unwrap();
    assert!(document.children.is_empty(), "{document:?}");
}

#[tokio::test]
async fn a_finished_call_is_hung_up() {
    let bridge = bridge().await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("bye").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert_eq!(conversation.handoff().unwrap()["warmline"]["outcome"], "completed");
    let document = call.finish(conversation).await.unwrap();
    assert!(document.child("Hangup").is_some() && document.child("Enqueue").is_none());
}

#[tokio::test]
async fn the_kept_document_takes_the_place_of_one_that_is_missing_foreign_or_broken() {
    for data in
        [None, Some("OK".to_owned()), Some(r#"{"reason":"x","warmline":{"callSid":"CA2"}}"#.to_owned())]
    {
        let bridge = bridge().await;
        let (mut call, mut conversation) = bridge.connected(0).await;
        conversation.say("a human please").await.unwrap();
        conversation.until_end(SOON).await.unwrap();
        let action = conversation.noun().action.clone().unwrap();
        let mut fields = vec![("SessionId", "VX1"), ("SessionStatus", "ended")];
        if let Some(data) = &data {
            fields.push(("HandoffData", data));
        }
        let task = task(call.callback(&action, &fields).await.unwrap());
        assert_eq!(task["callSummary"], escalation()["callSummary"], "{data:?}");
    }
}

#[tokio::test]
async fn a_document_of_another_product_reaches_the_agent_on_a_node_that_never_saw_the_call() {
    let bridge = bridge().await;
    let data =
        json!({"attributes": {"reason": "refund", "callSummary": "Wants a refund.", "skills": ["admin"]}});
    let mut call = bridge.call();
    let fields = [("SessionId", "VX1"), ("SessionStatus", "ended"), ("HandoffData", &data.to_string())];
    let document = call.callback("/voice/handoff", &fields).await.unwrap();
    let task = task(document);
    assert_eq!(task["callSummary"], "Wants a refund.");
    assert_eq!(task["skills"], serde_json::Value::Null, "only known keys reach TaskRouter");
}

#[tokio::test]
async fn what_the_queue_reports_decides_what_comes_next() {
    let bridge = TestBridge::with(&[("HANDOFF_NUMBER", "+15550001111")], talkative).await;
    let mut call = bridge.call();
    for result in ["bridged", "redirected", "redirected-from-bridged", "bridging-in-process", "hangup"] {
        call.set("SessionId", result);
        let document = call.callback("/voice/queued", &[("QueueResult", result)]).await.unwrap();
        assert!(document.children.is_empty(), "{result} must not be hung up");
    }
    for result in ["queue-full", "error", "system-error", "leave", "something-new"] {
        let document = call.callback("/voice/queued", &[("QueueResult", result)]).await.unwrap();
        let number = document.child("Dial").and_then(|dial| dial.child("Number"));
        assert_eq!(number.map(|number| number.text.as_str()), Some("+15550001111"), "{result}");
    }
    let document = call.callback("/voice/dial", &[("DialCallStatus", "no-answer")]).await.unwrap();
    assert!(document.child("Record").is_some(), "nobody answered: a voicemail");
    let document = call.callback("/voice/dial", &[("DialCallStatus", "completed")]).await.unwrap();
    assert!(document.child("Hangup").is_some() && document.child("Record").is_none());
    let document = call.callback("/voice/recording", &[("RecordingSid", "RE1")]).await.unwrap();
    assert!(document.child("Say").is_some());
    let document = call.callback("/voice/status", &[("CallStatus", "completed")]).await.unwrap();
    assert!(document.children.is_empty());
}

#[tokio::test]
async fn every_enqueue_has_an_action_and_something_after_it() {
    let bridge = bridge().await;
    let mut call = bridge.call();
    let document = call.callback("/voice/handoff", &[("SessionStatus", "ended")]).await.unwrap();
    let enqueue = document.child("Enqueue").unwrap();
    let action = enqueue.attribute("action").unwrap();
    assert!(action.starts_with("https://bridge.example.com/voice/queued?s="), "{action}");
    assert!(document.children.len() > 1, "nothing catches a queue that fails");
}

#[tokio::test]
async fn the_fallback_document_never_asks_the_server_that_failed() {
    for (settings, then) in [
        (vec![("HANDOFF_NUMBER", "+15550001111")], "Dial"),
        (vec![("HANDOFF_NUMBER", "+15550001111"), ("TWILIO_WORKFLOW_SID", "")], "Dial"),
        (vec![], "Say"),
    ] {
        let bridge = TestBridge::with(&settings, talkative).await;
        let mut call = bridge.call();
        let document = call.callback("/voice/fallback", &[("ErrorCode", "11200")]).await.unwrap();
        let addressed = document.children.iter().find(|verb| verb.attribute("action").is_some());
        assert!(addressed.is_none(), "{addressed:?}");
        assert!(document.child(then).is_some() && document.child("Record").is_none());
        assert_eq!(document.children.last().unwrap().name, "Hangup");
    }
}

#[tokio::test]
async fn a_socket_serves_the_call_of_its_address_once() {
    let bridge = bridge().await;
    let (call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    // The same address again, with the same call in its setup.
    let mut replay = call;
    let mut second = replay.connect(Rate::Instant).await.unwrap();
    let ending = second.until_end(SOON).await.unwrap();
    assert_eq!(format!("{ending:?}"), "Lost { code: Some(1008) }");
    conversation.say("and now").await.unwrap();
    conversation.wait_words(SOON).await.expect("the first session goes on");
}

#[tokio::test]
async fn a_newer_session_of_a_call_takes_over_with_what_was_said() {
    let bridge = bridge().await;
    let (mut call, mut older) = bridge.connected(0).await;
    older.say("my order is 4711").await.unwrap();
    older.wait_words(SOON).await.unwrap();
    let action = older.noun().action.clone().unwrap();
    let fields = [("SessionId", "VX9"), ("SessionStatus", "failed"), ("ErrorCode", "64105")];
    call.callback(&action, &fields).await.unwrap();
    let mut newer = call.connect(Rate::Instant).await.unwrap();
    newer.wait_words(SOON).await.unwrap();
    assert_eq!(format!("{:?}", older.until_end(SOON).await.unwrap()), "Lost { code: Some(1008) }");
    newer.say("where is it").await.unwrap();
    let said = newer.wait_words(SOON).await.unwrap();
    assert!(serde_json::to_string(&bridge.model.last_messages()).unwrap().contains("4711"), "forgotten");
    assert!(said.text.contains("tomorrow"));
}

#[tokio::test]
async fn a_call_in_another_language_goes_on_in_it_after_its_socket_was_lost() {
    let bridge = TestBridge::start(|request| {
        if after_tool(request) {
            vec![Step::Say("Claro que sí.".to_owned())]
        } else {
            vec![Step::Tool("switch_language", json!({"language": "es-MX"}))]
        }
    })
    .await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("hablo español").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    let switched = |frames: &[warmline::caller::Frame]| {
        frames.iter().find_map(|frame| frame.tts_language.clone()).unwrap_or_default()
    };
    assert_eq!(switched(conversation.frames()), "es-US", "the declared language that is meant");
    conversation.lose_line();
    call.finish(conversation).await.unwrap();
    let mut conversation = call.connect(Rate::Instant).await.unwrap();
    let said = conversation.wait_words(SOON).await.unwrap().text;
    assert_eq!(switched(conversation.frames()), "es-US");
    assert!(!said.contains("Sorry"), "not in the caller's language: {said}");
}

#[tokio::test]
async fn a_question_that_was_open_when_the_socket_was_lost_is_answered_by_the_next_session() {
    let bridge = TestBridge::start(|_| vec![Step::Hold]).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is order 4711").await.unwrap();
    while bridge.model.requests().is_empty() {
        conversation.next().await;
    }
    conversation.lose_line();
    call.finish(conversation).await.unwrap();
    let mut conversation = call.connect(Rate::Instant).await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    while bridge.model.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bridge.model.last_messages().last().unwrap()["content"], "where is order 4711");
}

#[tokio::test]
async fn a_draining_server_ends_live_calls_by_themselves_and_hands_new_ones_over() {
    let bridge = bridge().await;
    let (_call, mut conversation) = bridge.connected(0).await;
    bridge.ending.cancel();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = || async { client.get(bridge.local("/readyz")).send().await.unwrap().status() };
    while ready().await == 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ready().await, 503);
    let mut late = bridge.call();
    assert_eq!(task(late.dial().await.unwrap())["reasonCode"], "drain");
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"), "the live call goes on");
    assert_eq!(client.get(bridge.local("/healthz")).send().await.unwrap().status(), 200);
}
