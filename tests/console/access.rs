//! Who may do what: every route, asked by nobody, by somebody at the console, by somebody who has links that
//! were given away, and by Twilio.

use reqwest::{Method, StatusCode};
use serde_json::json;
use warmline::token::{DeskPass, Purpose, RelayPass};
use warmline::twilio::signature::sign;

use super::{Browser, LOCKED, OPEN, PASSWORD, helpful};
use crate::bridge::{PUBLIC, SOON, TOKEN, TestBridge};

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    Nobody,
    Console,
    Links,
    Twilio,
}

/// What is asked, and what is answered to each of the four.
struct Route(Method, &'static str, [u16; 4]);

/// What stands for the words in capitals in the routes.
struct Links {
    /// A call that was handed over.
    call: String,
    /// The link to its hand-off, as it stands in the Task.
    desk: String,
    /// One that is signed as well, to a hand-off that is not there.
    other: String,
    /// The pass of a relay session of the call.
    relay: String,
}

impl Links {
    async fn of(bridge: &TestBridge) -> Self {
        let (mut call, mut conversation) = bridge.connected(0).await;
        conversation.say("I was charged twice").await.unwrap();
        conversation.until_end(SOON).await.unwrap();
        let document = call.finish(conversation).await.unwrap();
        let task = &document.child("Enqueue").unwrap().child("Task").unwrap().text;
        let task: serde_json::Value = serde_json::from_str(task).unwrap();
        let desk = task["warmline"]["deskUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let keyring = &bridge.inner.keyring;
        let call_sid: warmline::ids::CallSid = call.sid().parse().unwrap();
        let other = DeskPass { handoff_id: "HO1".into(), call_sid: call_sid.clone(), expires: u64::MAX };
        let relay = RelayPass {
            call_sid,
            account_sid: format!("AC{}", "a".repeat(32)).parse().ok(),
            attempt: 0,
            nonce: "once".into(),
            expires: u64::MAX,
            verified: None,
        };
        Self {
            call: call.sid().to_owned(),
            desk,
            other: keyring.seal(Purpose::Desk, &other),
            relay: keyring.seal(Purpose::Relay, &relay),
        }
    }

    fn fill(&self, path: &str) -> String {
        let path = path.replace("CALL", &self.call).replace("DESK", &self.desk);
        path.replace("OTHER", &self.other).replace("PASS", &self.relay)
    }
}

/// Everything that can be asked.
fn routes(closed: u16, api: [u16; 4], voice: [u16; 4], page: u16) -> Vec<Route> {
    let get = |path, statuses| Route(Method::GET, path, statuses);
    let post = |path, statuses| Route(Method::POST, path, statuses);
    // Who is let in finds no such call.
    let missing = api.map(|status| if status == 200 { 404 } else { status });
    let streams = api;
    vec![
        get("/healthz", [200; 4]),
        get("/readyz", [200; 4]),
        get("/metrics", [200; 4]),
        get("/", [page; 4]),
        get("/console/desk.css", [200; 4]),
        get("/console/nothing", [404; 4]),
        get("/console/test/desk.html", [404; 4]),
        get("/console/..%2FCargo.toml", [404; 4]),
        get("/desk/DESK", [200; 4]),
        get("/desk/OTHER", [404; 4]),
        get("/desk/PASS", [404; 4]),
        get("/api/openapi.json", [if closed == 404 { 404 } else { 200 }; 4]),
        get("/api/v1/session", [if closed == 404 { 404 } else { 200 }; 4]),
        get("/api/v1/calls", api),
        get("/api/v1/calls/CALL", api),
        get("/api/v1/calls/CALL/turns", api),
        get("/api/v1/calls/CA1", missing),
        get("/api/v1/calls/CA1/turns", missing),
        get("/api/v1/calls/CA1/live", missing),
        get("/api/v1/handoffs", api),
        get("/api/v1/audit", api),
        get("/api/v1/live", streams),
        get("/api/v1/settings", api),
        get("/api/v1/health", api),
        post("/api/v1/phone", api),
        post("/api/v1/calls/CA1/reveal", missing),
        post("/api/v1/calls/CA1/escalate", missing),
        post("/api/v1/calls/CA1/whisper", missing),
        Route(Method::DELETE, "/api/v1/calls/CA1", missing),
        post("/voice/incoming", voice),
        post("/voice/handoff", voice),
        post("/voice/queued", voice),
        post("/voice/dial", voice),
        post("/voice/recording", voice),
        post("/voice/status", voice),
        post("/voice/fallback", voice),
        get("/voice/relay/PASS", voice.map(|status| if status == 200 { 426 } else { status })),
        get("/voice/relay/x", voice.map(|status| if status == 200 { 426 } else { status })),
        get("/nowhere", [404; 4]),
    ]
}

async fn ask(
    bridge: &TestBridge,
    console: &Browser,
    who: Who,
    method: &Method,
    path: &str,
    links: &Links,
) -> u16 {
    let nobody = Browser::at(bridge);
    let browser = if who == Who::Console { console } else { &nobody };
    let body = path.contains("whisper").then(|| json!({"text": "a note"}));
    let mut request = browser.request(method.clone(), path, body);
    if path.starts_with("/api/") {
        request = request.header("x-warmline", "1");
    }
    if path.starts_with("/voice/") && *method == Method::POST {
        request = request.header("content-type", "application/x-www-form-urlencoded").body("CallSid=CA1");
    }
    if who == Who::Twilio {
        let fields =
            if *method == Method::POST { vec![("CallSid".to_owned(), "CA1".to_owned())] } else { vec![] };
        request = request.header("x-twilio-signature", sign(TOKEN, &format!("{PUBLIC}{path}"), &fields));
    }
    // Links open what they name. Elsewhere whoever has them is nobody, wherever they put them.
    if who == Who::Links {
        let Links { desk, relay, .. } = links;
        request = request
            .header("referer", format!("{PUBLIC}/desk/{desk}"))
            .header("cookie", format!("warmline_session={desk}"))
            .header("authorization", format!("Bearer {relay}"))
            .header("x-warmline-phone", relay.as_str());
    }
    request.send().await.unwrap().status().as_u16()
}

async fn check(bridge: &TestBridge, console: &Browser, routes: Vec<Route>) {
    // The tables are there.
    assert!(bridge.store.flush().await);
    let links = Links::of(bridge).await;
    assert!(bridge.store.flush().await);
    let mut wrong = Vec::new();
    for Route(method, path, statuses) in routes {
        let path = links.fill(path);
        for (who, expected) in [Who::Nobody, Who::Console, Who::Links, Who::Twilio].into_iter().zip(statuses)
        {
            let status = ask(bridge, console, who, &method, &path, &links).await;
            if status != expected {
                wrong.push(format!("{method} {path} by {who:?}: {status} in place of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_server_with_a_password_lets_in_whoever_knows_it() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let console = Browser::signed_in(&bridge).await;
    check(&bridge, &console, routes(401, [401, 200, 401, 401], [403, 403, 403, 200], 200)).await;
}

#[tokio::test]
async fn a_server_without_a_password_has_no_console() {
    let bridge = TestBridge::with(&[], helpful).await;
    let console = Browser::at(&bridge);
    check(&bridge, &console, routes(404, [404; 4], [403, 403, 403, 200], 404)).await;
    let answer = console.send(Method::GET, "/", None).await;
    assert!(answer.text().await.unwrap().contains("WARMLINE_CONSOLE_PASSWORD"), "how to turn it on");
    let signed_in = console.post("/api/v1/session", json!({"password": PASSWORD})).await;
    assert_eq!(signed_in.0, 404);
}

#[tokio::test]
async fn an_open_server_is_open_to_its_own_machine() {
    let bridge = TestBridge::with(&OPEN, helpful).await;
    let console = Browser::at(&bridge);
    check(&bridge, &console, routes(200, [200; 4], [200; 4], 200)).await;
    assert_eq!(console.get("/api/v1/session").await["access"], "open");
    for path in ["/api/v1/calls", "/desk/x", "/console/desk.css", "/", "/api/v1/live"] {
        let answer =
            console.request(Method::GET, path, None).header("host", "abc.ngrok.app").send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path} through a tunnel");
    }
}

#[tokio::test]
async fn an_open_server_with_a_password_asks_for_it() {
    let bridge = TestBridge::with(&[&OPEN[..], &LOCKED].concat(), helpful).await;
    let console = Browser::signed_in(&bridge).await;
    check(&bridge, &console, routes(401, [401, 200, 401, 401], [200; 4], 200)).await;
}

#[tokio::test]
async fn a_desk_link_opens_one_page_and_nothing_else() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let pass = DeskPass { handoff_id: "HO1".into(), call_sid: "CA1".parse().unwrap(), expires: u64::MAX };
    let token = bridge.inner.keyring.seal(Purpose::Desk, &pass);
    let browser = Browser::at(&bridge);
    // There is no such hand-off, but the link itself is good: it is no more than a page without content.
    assert_eq!(browser.send(Method::GET, &format!("/desk/{token}"), None).await.status(), 404);
    for header in ["cookie", "authorization"] {
        let value = format!("warmline_session={token}");
        let answer =
            browser.request(Method::GET, "/api/v1/calls", None).header(header, value).send().await.unwrap();
        assert_eq!(answer.status(), 401, "a desk link as {header}");
    }
}

#[tokio::test]
async fn what_changes_something_comes_from_the_consoles_own_page() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::signed_in(&bridge).await;
    let sent = |headers: &'static [(&'static str, &'static str)]| {
        let request = browser.request(Method::POST, "/api/v1/phone", Some(json!({})));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send()
    };
    for (headers, status) in [
        (&[("x-warmline", "1")][..], 200),
        (&[("x-warmline", "1"), ("origin", PUBLIC)], 200),
        (&[("x-warmline", "1"), ("sec-fetch-site", "same-origin")], 200),
        (&[], 403),
        (&[("origin", PUBLIC)], 403),
        (&[("x-warmline", "1"), ("origin", "https://evil.example")], 403),
        (&[("x-warmline", "1"), ("sec-fetch-site", "cross-site")], 403),
    ] {
        assert_eq!(sent(headers).await.unwrap().status(), status, "{headers:?}");
    }
    // Signing in and out too: nobody is to be signed in as somebody else.
    let password = json!({"password": PASSWORD});
    let forged = browser.request(Method::POST, "/api/v1/session", Some(password)).send().await.unwrap();
    assert_eq!(forged.status(), 403);
}

#[tokio::test]
async fn a_session_ends_when_somebody_signs_out_and_its_cookie_is_for_us_alone() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::at(&bridge);
    let (status, _) = browser.post("/api/v1/session", json!({"password": "something else"})).await;
    assert_eq!(status, 401);
    let answer = browser.send(Method::POST, "/api/v1/session", Some(json!({"password": PASSWORD}))).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    for part in
        ["warmline_session=", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Path=/", "; Max-Age=43200"]
    {
        assert!(cookie.contains(part), "{part} not in {cookie}");
    }
    let browser = Browser::signed_in(&bridge).await;
    assert_eq!(browser.get("/api/v1/session").await["access"], "signedIn");
    let mut events = browser.events("/api/v1/live").await;
    events.next().await.unwrap();
    assert_eq!(browser.send(Method::DELETE, "/api/v1/session", None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/api/v1/session").await["access"], "signedOut");
    assert_eq!(browser.send(Method::GET, "/api/v1/calls", None).await.status(), StatusCode::UNAUTHORIZED);
    // A call that comes in then is shown to nobody there.
    let _call = bridge.connected(0).await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::at(&bridge);
    for path in [
        "/",
        "/console/desk.css",
        "/console/nothing",
        "/api/v1/session",
        "/api/v1/calls",
        "/api/x",
        "/desk/x",
    ] {
        let answer = browser.send(Method::GET, path, None).await;
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("base-uri 'none'") && policy.contains("frame-ancestors"), "{path}");
        assert!(
            !policy.contains("ws") && !policy.contains('*'),
            "{path} lets a script send anywhere: {policy}"
        );
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
        let stored = header("cache-control").unwrap_or_default();
        let expected =
            if path.starts_with("/api") || path.starts_with("/desk") { "no-store" } else { "no-cache" };
        assert_eq!(stored, expected, "{path}");
    }
    let first = browser.send(Method::GET, "/", None).await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = browser.request(Method::GET, "/", None).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn too_many_wrong_passwords_have_to_wait() {
    let bridge = TestBridge::with(&LOCKED, helpful).await;
    let browser = Browser::at(&bridge);
    let mut last = None;
    for _ in 0..12 {
        let answer =
            browser.send(Method::POST, "/api/v1/session", Some(json!({"password": "wrong wrong"}))).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            last = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            break;
        }
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert!(last.is_some_and(|seconds| seconds.parse::<u64>().unwrap() > 0));
}
