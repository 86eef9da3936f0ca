//! Calls from the browser: the page plays Twilio, and nobody else's page can.

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use warmline::twiml::{Element, parse};

use super::{Browser, LOCKED, form, helpful};
use crate::bridge::{PUBLIC, SOON, TestBridge, task};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Posts a form as the page does.
async fn post(
    browser: &Browser,
    path: &str,
    fields: &[(String, String)],
    headers: &[(&str, &str)],
) -> (u16, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = browser.request(Method::POST, path, None);
    request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The path of one of our own addresses.
fn path(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

async fn socket(bridge: &TestBridge, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let address = format!("ws://{}{path}", bridge.base.authority());
    let mut request = address.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn frame(socket: &mut Socket) -> Value {
    let text = tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(text.to_text().unwrap()).unwrap()
}

/// A call from the browser, up to its TwiML.
struct Dialled {
    ticket: String,
    fields: Vec<(String, String)>,
    document: Element,
}

async fn dial(browser: &Browser) -> Dialled {
    let (status, answer) = browser.post("/api/v1/phone", json!({"from": "+15550109999"})).await;
    assert_eq!(status, 200);
    let ticket = answer["ticket"].as_str().unwrap().to_owned();
    let fields: Vec<_> = form(&answer["form"]).into_iter().collect();
    let headers = [("x-warmline-phone", ticket.as_str()), ("origin", PUBLIC)];
    let (status, xml) = post(browser, "/voice/incoming", &fields, &headers).await;
    assert_eq!(status, 200, "{xml}");
    Dialled { ticket, fields, document: parse(&xml).unwrap() }
}

impl Dialled {
    fn relay(&self) -> String {
        let connect = self.document.child("Connect").unwrap();
        path(connect.child("ConversationRelay").unwrap().attribute("url").unwrap())
    }

    fn field(&self, name: &str) -> String {
        self.fields.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }
}

#[tokio::test]
async fn a_call_from_the_browser_goes_all_the_way_to_a_person() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let call = dial(&browser).await;
    let cookie = browser.cookie().unwrap().to_owned();
    let headers = [("cookie", cookie.as_str()), ("origin", PUBLIC)];
    let mut socket = socket(&bridge, &call.relay(), &headers).await.unwrap();
    let (sid, account) = (call.field("CallSid"), call.field("AccountSid"));
    let setup = json!({"type": "setup", "sessionId": "VX1", "callSid": sid, "accountSid": account,
                       "from": "+15550109999", "to": "+15550100000", "direction": "inbound"});
    socket.send(Message::text(setup.to_string())).await.unwrap();
    let said = json!({"type": "prompt", "voicePrompt": "I was charged twice", "lang": "en-US", "last": true});
    socket.send(Message::text(said.to_string())).await.unwrap();
    let end = loop {
        let frame = frame(&mut socket).await;
        if frame["type"] == "end" {
            break frame;
        }
    };
    let live = browser.get(&format!("/api/v1/calls/{sid}")).await;
    assert_eq!((&live["phone"], &live["caller"]), (&json!(true), &json!("+15•••••9999")));
    let action = path(call.document.child("Connect").unwrap().attribute("action").unwrap());
    let mut fields = call.fields.clone();
    for (name, value) in [("SessionId", "VX1"), ("SessionStatus", "ended"), ("SessionDuration", "9")] {
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields.push(("HandoffData".to_owned(), end["handoffData"].as_str().unwrap().to_owned()));
    fields.retain(|(name, _)| name != "CallStatus");
    let headers = [("x-warmline-phone", call.ticket.as_str()), ("origin", PUBLIC)];
    let (status, xml) = post(&browser, &action, &fields, &headers).await;
    assert_eq!(status, 200);
    let task = task(&parse(&xml).unwrap());
    assert_eq!(task["reason"], "billing dispute");
    let desk = path(task["warmline"]["deskUrl"].as_str().unwrap());
    assert!(Browser::at(&bridge).send(Method::GET, &desk, None).await.status().is_success());
}

#[tokio::test]
async fn nobody_but_the_page_of_somebody_signed_in_can_call() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let (stranger, other) = (Browser::at(&bridge), Browser::signed_in(&bridge).await);
    assert_eq!(stranger.post("/api/v1/phone", json!({})).await.0, 401);
    let call = dial(&browser).await;
    let ticket = call.ticket.as_str();
    let ours = [("x-warmline-phone", ticket), ("origin", PUBLIC)];
    let mut of_another = call.fields.clone();
    of_another.iter_mut().filter(|(name, _)| name == "CallSid").for_each(|(_, sid)| *sid = "CA9".into());
    let mut of_twilio = call.fields.clone();
    of_twilio.iter_mut().filter(|(name, _)| name == "AccountSid").for_each(|(_, sid)| *sid = "AC1".into());
    let elsewhere = [("x-warmline-phone", ticket), ("origin", "https://evil.example")];
    let without = [("x-warmline-phone", ticket)];
    let site = [("x-warmline-phone", ticket), ("origin", PUBLIC), ("sec-fetch-site", "cross-site")];
    let forged = [("x-warmline-phone", "a.b"), ("origin", PUBLIC)];
    for (who, fields, headers, status) in [
        (&browser, &call.fields, &ours[..], 200),
        (&browser, &of_another, &ours, 403),
        (&browser, &of_twilio, &ours, 403),
        (&browser, &call.fields, &elsewhere, 403),
        (&browser, &call.fields, &site, 403),
        (&browser, &call.fields, &forged, 403),
        (&browser, &call.fields, &[], 403),
        (&stranger, &call.fields, &ours, 403),
        (&other, &call.fields, &ours, 403),
        // The page's own requests say where they come from.
        (&browser, &call.fields, &without, 403),
    ] {
        assert_eq!(post(who, "/voice/incoming", fields, headers).await.0, status, "{headers:?}");
    }
    let cookie = browser.cookie().unwrap().to_owned();
    let twilios = {
        let mut call = bridge.call();
        let document = call.dial().await.unwrap();
        let relay = document.child("Connect").unwrap().child("ConversationRelay").unwrap();
        path(relay.attribute("url").unwrap())
    };
    for (relay, headers, status) in [
        (call.relay(), vec![("cookie", cookie.as_str()), ("origin", "https://evil.example")], 403),
        (call.relay(), vec![("cookie", cookie.as_str())], 403),
        (call.relay(), vec![("origin", PUBLIC)], 403),
        (call.relay(), vec![("cookie", "warmline_session=a.b"), ("origin", PUBLIC)], 403),
        (twilios, vec![("cookie", cookie.as_str()), ("origin", PUBLIC)], 403),
    ] {
        assert_eq!(socket(&bridge, &relay, &headers).await.err(), Some(status), "{headers:?}");
    }
    // Whoever has signed out calls no more.
    assert_eq!(browser.send(Method::DELETE, "/api/v1/session", None).await.status(), 204);
    assert_eq!(post(&browser, "/voice/incoming", &call.fields, &ours).await.0, 403);
    let headers = [("cookie", cookie.as_str()), ("origin", PUBLIC)];
    assert_eq!(socket(&bridge, &call.relay(), &headers).await.err(), Some(403));
}
