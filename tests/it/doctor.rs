//! `warmline doctor`: every finding that it can print, each against a world that gives cause for it.

use std::collections::BTreeMap;
use std::net::TcpListener as Blocking;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use warmline::doctor::{Level, Report, examine};

use super::bridge::{TOKEN, TestBridge, WORKFLOW, escalation};
use super::model::{FakeModel, Step};

const HEX: &str = "0123456789abcdef0123456789abcdef";
const HERE: &str = "http://public.localhost.invalid";

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let usual = [
        ("PORT", "0"),
        ("BIND", "127.0.0.1"),
        ("DATABASE_URL", "none"),
        ("WARMLINE_PROMPTS", concat!(env!("CARGO_MANIFEST_DIR"), "/prompts")),
        ("WARMLINE_TOOLS", concat!(env!("CARGO_MANIFEST_DIR"), "/tools")),
    ];
    usual.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn report(pairs: &[(&str, &str)]) -> Report {
    let report = Box::pin(examine(&settings(pairs), None)).await;
    let printed = format!("{report:?}");
    for secret in [TOKEN, "sk-secretive", "secretive-token"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    report
}

/// A check of this name ended so, and said so; where something is wrong, with what to do.
#[track_caller]
fn found(report: &Report, name: &str, level: Level, says: &str) {
    let fits = report
        .findings
        .iter()
        .find(|finding| finding.name == name && finding.level == level && finding.what.contains(says));
    let finding = fits.unwrap_or_else(|| panic!("no {level:?} {name} {says:?} in {report:#?}"));
    assert!(finding.fix.is_some() || matches!(level, Level::Ok | Level::Skip), "{finding:?} says no way out");
}

/// A folder of its own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("warmline-doctor-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Something that answers, at an address of its own.
struct Served {
    base: String,
    _tasks: JoinSet<()>,
}

impl Served {
    async fn start(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, _tasks: tasks }
    }
}

/// What Twilio answers.
#[derive(Clone)]
struct Account {
    status: u16,
    account: Value,
    date: Option<&'static str>,
    numbers: Value,
    numbers_status: u16,
    has_workflow: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            status: 200,
            account: json!({"status": "active", "type": "Full"}),
            date: None,
            numbers: json!([]),
            numbers_status: 200,
            has_workflow: true,
        }
    }
}

async fn twilio(account: Account) -> Served {
    let refused = || axum::Json(json!({"code": 20003, "message": "no", "status": 401}));
    let app = Router::new()
        .route(
            "/2010-04-01/Accounts/{name}",
            get(move |State(all): State<Arc<Account>>| async move {
                let status = StatusCode::from_u16(all.status).unwrap();
                let mut answer = (status, axum::Json(all.account.clone())).into_response();
                if let Some(date) = all.date {
                    answer.headers_mut().insert("date", date.parse().unwrap());
                }
                answer
            }),
        )
        .route(
            "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json",
            get(move |State(all): State<Arc<Account>>| async move {
                let status = StatusCode::from_u16(all.numbers_status).unwrap();
                if status != StatusCode::OK {
                    return (status, refused()).into_response();
                }
                axum::Json(json!({"incoming_phone_numbers": all.numbers})).into_response()
            }),
        )
        .route(
            "/v1/Workspaces",
            get(|| async {
                let one = json!({"sid": format!("WS{HEX}"), "friendly_name": "Flex"});
                axum::Json(json!({"workspaces": [one], "meta": {"next_page_url": null}}))
            }),
        )
        .route(
            "/v1/Workspaces/{workspace}/Workflows/{workflow}",
            get(|State(all): State<Arc<Account>>, Path((_, sid)): Path<(String, String)>| async move {
                if all.has_workflow {
                    axum::Json(json!({"sid": sid, "friendly_name": "Anyone"})).into_response()
                } else {
                    (StatusCode::NOT_FOUND, axum::Json(json!({"code": 20404}))).into_response()
                }
            }),
        )
        .with_state(Arc::new(account));
    Served::start(app).await
}

async fn with_twilio(account: Account, more: &[(&str, &str)]) -> Report {
    let twilio = twilio(account).await;
    let sid = format!("AC{HEX}");
    let usual = [
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_ACCOUNT_SID", sid.as_str()),
        ("TWILIO_WORKFLOW_SID", WORKFLOW),
        ("TWILIO_API_BASE_URL", twilio.base.as_str()),
    ];
    report(&[&usual[..], more].concat()).await
}

#[tokio::test]
async fn without_any_settings_what_is_skipped_says_why() {
    let report = report(&[]).await;
    assert_eq!(report.code(), 0, "{report:#?}");
    found(&report, "settings", Level::Ok, "are set");
    found(&report, "prompts", Level::Ok, "version");
    found(&report, "tools", Level::Ok, "escalate");
    found(&report, "rules", Level::Ok, "0 for calls that come in");
    found(&report, "store", Level::Skip, "none");
    found(&report, "model", Level::Skip, "embedded agent");
    found(&report, "twilio", Level::Skip, "TWILIO_AUTH_TOKEN");
    found(&report, "public", Level::Skip, "this machine");
    found(&report, "profiles", Level::Skip, "SEGMENT_SPACE_ID");
    found(&report, "tracking", Level::Skip, "SEGMENT_WRITE_KEY");
    found(&report, "port", Level::Ok, "free");
}

#[tokio::test]
async fn settings_that_cannot_be_read_do_not_hide_the_rest() {
    let report = report(&[
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("OPENAI_BASE_URL", "nowhere"),
        ("WARMLINE_SECRET", "short"),
        ("WARMLINE_CONFIG", "/nowhere/warmline.toml"),
    ])
    .await;
    assert_eq!(report.code(), 64);
    for name in ["OPENAI_BASE_URL", "WARMLINE_SECRET", "WARMLINE_CONFIG", "HANDOFF_NUMBER"] {
        found(&report, "settings", Level::Fail, name);
    }
    found(&report, "port", Level::Ok, "free");
    found(&report, "twilio", Level::Skip, "cannot be asked");
    let unread = warmline::config::ConfigError(vec!["`.env` has a line that is not NAME=value".to_owned()]);
    let report = Box::pin(examine(&settings(&[]), Some(&unread))).await;
    assert_eq!(report.code(), 64);
    found(&report, "settings", Level::Fail, ".env");
    found(&report, "port", Level::Ok, "free");
}

#[tokio::test]
async fn broken_prompts_and_tools_are_named() {
    let folder = folder("prompts");
    std::fs::write(folder.join("agent.md"), "{% if never").unwrap();
    let broken = report(&[("WARMLINE_PROMPTS", folder.to_str().unwrap())]).await;
    assert_eq!(broken.code(), 1);
    found(&broken, "prompts", Level::Fail, "agent.md");
    std::fs::write(folder.join("escalate.json"), "{").unwrap();
    let broken =
        report(&[("WARMLINE_TOOLS", folder.to_str().unwrap()), ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")])
            .await;
    found(&broken, "tools", Level::Fail, "escalate.json");
    found(&broken, "model", Level::Skip, "prompts or tools");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_store_is_looked_at_and_not_made() {
    use sqlx::Executor;

    let folder = folder("store");
    let file = folder.join("calls.db");
    let url = format!("sqlite:{}", file.display());
    let told = |url: String| async move { report(&[("DATABASE_URL", &url)]).await };
    found(&told(url.clone()).await, "store", Level::Ok, "makes it");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "looking makes nothing");
    found(&told(format!("sqlite:{}/no/calls.db", folder.display())).await, "store", Level::Fail, "folder");
    drop(warmline::store::archive::Archive::open(&options(&url)).await.unwrap_err());
    warmline::store::numbers::Ledger::open(&options(&url)).await.unwrap();
    found(&told(url.clone()).await, "store", Level::Ok, "writable, schema");
    found(&told(format!("{url}?mode=ro")).await, "store", Level::Fail, "not written");
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    pool.execute("DELETE FROM warmline_migrations WHERE version > 3").await.unwrap();
    found(&told(url.clone()).await, "store", Level::Warn, "older than this version");
    pool.execute(
        "INSERT INTO warmline_migrations (version, description, success, checksum, execution_time) \
         WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 120) \
         SELECT i, 'x', 1, x'00', 0 FROM n",
    )
    .await
    .unwrap();
    found(&told(url).await, "store", Level::Warn, "newer");
    pool.close().await;
    std::fs::write(&file, "this is no database, and never was one").unwrap();
    let report = told(format!("sqlite:{}", file.display())).await;
    found(&report, "store", Level::Fail, "cannot be used");
    std::fs::remove_dir_all(folder).unwrap();
}

fn options(url: &str) -> warmline::store::Options {
    let vars = settings(&[("DATABASE_URL", url)]);
    warmline::config::Config::load(&vars).unwrap().store.unwrap()
}

#[tokio::test]
async fn the_port_is_free_or_ours_or_somebody_elses() {
    let taken = Blocking::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    // It accepts, and never answers.
    found(&report(&[("PORT", &port)]).await, "port", Level::Fail, "another program");
    found(&report(&[("BIND", "127.0.0.1"), ("PORT", "0")]).await, "port", Level::Ok, "free");
    let elsewhere = [("BIND", "192.0.2.1"), ("TWILIO_AUTH_TOKEN", TOKEN), ("TWILIO_WORKFLOW_SID", WORKFLOW)];
    found(&report(&elsewhere).await, "port", Level::Fail, "cannot be listened on");
    let bridge = TestBridge::start(|_| Vec::new()).await;
    let port = bridge.base.port().unwrap().to_string();
    found(&report(&[("PORT", &port)]).await, "port", Level::Ok, "Warmline listens");
}

#[tokio::test]
async fn a_model_shows_that_it_streams_and_escalates() {
    let forced = |request: &Value| request["tool_choice"].is_object();
    let ask = |model: &FakeModel| {
        let base = model.base_url.clone();
        async move {
            let fallback = format!("{base}/");
            report(&[
                ("OPENAI_BASE_URL", &base),
                ("OPENAI_API_KEY", "sk-secretive"),
                ("OPENAI_FALLBACK_BASE_URL", &fallback),
            ])
            .await
        }
    };
    let arguments = escalation();
    let good = FakeModel::start(move |request| {
        if forced(request) {
            vec![Step::Tool("escalate", arguments.clone())]
        } else {
            vec![Step::Say("Hello.".into())]
        }
    })
    .await;
    let report = ask(&good).await;
    assert_eq!(report.code(), 0, "{report:#?}");
    for name in ["model", "fallback"] {
        found(&report, name, Level::Ok, "first word after");
    }
    for name in ["model tool", "fallback tool"] {
        found(&report, name, Level::Ok, "escalates");
    }
    let mute = FakeModel::start(|request| {
        if request["tool_choice"].is_object() {
            vec![Step::Say("No.".into())]
        } else {
            vec![Step::Tool("x", json!({}))]
        }
    })
    .await;
    let report = ask(&mute).await;
    found(&report, "model", Level::Fail, "without a word");
    found(&report, "model tool", Level::Fail, "did not");
    let sloppy = FakeModel::start(|_| vec![Step::Tool("escalate", json!({"sentiment": 7}))]).await;
    found(&ask(&sloppy).await, "model tool", Level::Fail, "do not fit");
    for (status, says) in [(401, "OPENAI_API_KEY"), (429, "rate"), (500, "500")] {
        let refusing = FakeModel::start(move |_| vec![Step::Status(status)]).await;
        let report = ask(&refusing).await;
        found(&report, "model", Level::Fail, says);
        found(&report, "fallback tool", Level::Fail, says);
    }
    let silent = FakeModel::start(|_| vec![Step::Hold]).await;
    let report = ask(&silent).await;
    found(&report, "model", Level::Fail, "no word in 5 s");
    found(&report, "model tool", Level::Fail, "no tool call in 5 s");
    let report = super::doctor::report(&[("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")]).await;
    found(&report, "model", Level::Fail, "could not be reached");
}

#[tokio::test]
async fn twilio_says_how_the_account_is() {
    let report = with_twilio(Account::default(), &[]).await;
    assert_eq!(report.code(), 0, "{report:#?}");
    found(&report, "token", Level::Ok, "is that of the account");
    found(&report, "account", Level::Ok, "active");
    found(&report, "clock", Level::Ok, "within 5 s");
    found(&report, "workflow", Level::Ok, "\"Anyone\" of the workspace \"Flex\"");
    found(&report, "numbers", Level::Skip, "PUBLIC_URL");
    found(&report, "public", Level::Skip, "Twilio cannot reach");
    let of = |account: Value| Account { account, ..Account::default() };
    let trial = with_twilio(of(json!({"status": "active", "type": "Trial"})), &[]).await;
    found(&trial, "account", Level::Warn, "trial");
    let late = Account { date: Some("Tue, 01 Jan 2030 00:00:00 GMT"), ..of(json!({"status": "suspended"})) };
    let report = with_twilio(late, &[]).await;
    found(&report, "account", Level::Fail, "suspended");
    found(&report, "clock", Level::Fail, "Twilio's");
    let timeless = Account { date: Some("yesterday"), ..Account::default() };
    found(&with_twilio(timeless, &[]).await, "clock", Level::Skip, "no time");
    let report = with_twilio(Account { status: 401, ..Account::default() }, &[]).await;
    found(&report, "token", Level::Fail, "refuses TWILIO_ACCOUNT_SID");
    found(&report, "clock", Level::Skip, "nobody");
    let rotating = with_twilio(Account::default(), &[("TWILIO_AUTH_TOKEN", "secretive-token, other")]).await;
    found(&rotating, "token", Level::Ok, "token 1");
    let report = with_twilio(Account { has_workflow: false, ..Account::default() }, &[]).await;
    found(&report, "workflow", Level::Fail, WORKFLOW);
    let people = [("TWILIO_WORKFLOW_SID", ""), ("HANDOFF_NUMBER", "+15550100000")];
    found(&with_twilio(Account::default(), &people).await, "workflow", Level::Skip, "no TaskRouter");
    let report = with_twilio(Account::default(), &[("TWILIO_API_BASE_URL", "http://127.0.0.1:1")]).await;
    found(&report, "token", Level::Fail, "cannot be reached");
    found(&report, "workflow", Level::Fail, "cannot be reached");
}

#[tokio::test]
async fn a_key_of_the_api_is_tried() {
    let key = format!("SK{HEX}");
    let keyed = [("TWILIO_API_KEY", key.as_str()), ("TWILIO_API_SECRET", "secretive-token")];
    found(&with_twilio(Account::default(), &keyed).await, "api key", Level::Ok, "works");
    for (status, says) in [(401, "refuses TWILIO_API_KEY"), (503, "not available")] {
        let refusing = Account { numbers_status: status, ..Account::default() };
        found(&with_twilio(refusing, &keyed).await, "api key", Level::Fail, says);
    }
}

#[tokio::test]
async fn numbers_that_lead_here_are_looked_at() {
    let number = |n: u32, more: Value| {
        let mut all = json!({
            "sid": format!("PN{n:032x}"), "phone_number": format!("+1555010000{n}"),
            "voice_url": format!("{HERE}/voice/incoming"),
            "voice_fallback_url": "https://handler.twilio.com/twiml/EH1",
            "status_callback": format!("{HERE}/voice/status"),
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let numbers = json!([
        number(1, json!({})),
        number(2, json!({"voice_fallback_url": ""})),
        number(3, json!({"status_callback": ""})),
        number(4, json!({"voice_application_sid": "APx"})),
        number(5, json!({"voice_url": "https://elsewhere.example.com/"})),
    ]);
    let here = [("PUBLIC_URL", HERE)];
    let report = with_twilio(Account { numbers, ..Account::default() }, &here).await;
    found(&report, "numbers", Level::Ok, "+15550100001");
    found(&report, "numbers", Level::Warn, "+15550100002 leads here, and has no fallback");
    found(&report, "numbers", Level::Warn, "+15550100003 leads here, and its status");
    found(&report, "numbers", Level::Fail, "application APx");
    assert!(!format!("{report:?}").contains("+15550100005"));
    let none = with_twilio(Account::default(), &here).await;
    found(&none, "numbers", Level::Warn, "none of 0");
    let refused = Account { numbers_status: 403, ..Account::default() };
    found(&with_twilio(refused, &here).await, "numbers", Level::Fail, "credentials");
}

fn free_port() -> String {
    Blocking::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn from_outside_a_server_is_what_twilio_needs() {
    let port = free_port();
    // Another name for this machine: an address that was set, and not the one that is taken without.
    let public = format!("http://localhost:{port}");
    let settings = [
        ("PORT", port.as_str()),
        ("PUBLIC_URL", public.as_str()),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_WORKFLOW_SID", WORKFLOW),
    ];
    let bridge = TestBridge::with(&settings, |_| Vec::new()).await;
    let report = report(&settings).await;
    assert_eq!(report.code(), 0, "{report:#?}");
    found(&report, "public", Level::Ok, "leads to this server");
    found(&report, "signature", Level::Ok, "is taken");
    found(&report, "forgery", Level::Ok, "is refused");
    found(&report, "socket", Level::Ok, "is opened");
    assert_eq!(bridge.inner.calls.count(), 0, "no call comes of it");
    // Who has another token than the server learns that.
    let other = [&settings[..], &[("TWILIO_AUTH_TOKEN", "secretive-token")]].concat();
    let report = super::doctor::report(&other).await;
    assert_eq!(report.code(), 1);
    found(&report, "signature", Level::Fail, "another token");
    found(&report, "socket", Level::Fail, "another token");
    // And who has another secret too.
    let other = [&settings[..], &[("WARMLINE_SECRET", "a secret of another node")]].concat();
    let report = super::doctor::report(&other).await;
    found(&report, "signature", Level::Ok, "is taken");
    found(&report, "socket", Level::Fail, "secret");
    // A second server here is another one.
    let second = TestBridge::start(|_| Vec::new()).await;
    let elsewhere = second.base.port().unwrap().to_string();
    let report = super::doctor::report(&[&settings[..], &[("PORT", elsewhere.as_str())]].concat()).await;
    found(&report, "public", Level::Warn, "another Warmline");
    let report = super::doctor::report(&[&settings[..], &[("PORT", "0")]].concat()).await;
    found(&report, "public", Level::Ok, "a Warmline elsewhere");
}

/// A proxy with a mind of its own.
#[derive(Clone, Default)]
struct Front {
    health: Option<&'static str>,
    health_status: u16,
    status: u16,
    socket: u16,
    ngrok: bool,
}

async fn front(front: Front) -> Served {
    let answer = |status: u16, text: &str| -> Response {
        (StatusCode::from_u16(status).unwrap(), text.to_owned()).into_response()
    };
    let app = Router::new().fallback(any(
        move |State(all): State<Front>, _: HeaderMap, request: Request| async move {
            match request.uri().path() {
                "/healthz" => {
                    let mut health = answer(all.health_status, all.health.unwrap_or("<html>"));
                    if all.ngrok {
                        health.headers_mut().insert("ngrok-error-code", "ERR_NGROK_8012".parse().unwrap());
                    }
                    health
                }
                "/voice/status" => answer(all.status, ""),
                _ => answer(all.socket, ""),
            }
        },
    ));
    Served::start(app.with_state(front)).await
}

#[tokio::test]
async fn what_a_tunnel_or_proxy_does_to_requests_is_told() {
    let ours = Some("{\"status\":\"live\",\"instance\":\"x\"}");
    let asked = |base: String, port: String| async move {
        report(&[
            ("PORT", &port),
            ("PUBLIC_URL", &base.replace("127.0.0.1", "localhost")),
            ("TWILIO_AUTH_TOKEN", TOKEN),
            ("TWILIO_WORKFLOW_SID", WORKFLOW),
        ])
        .await
    };
    let open = Front { health: ours, health_status: 200, status: 200, socket: 426, ngrok: false };
    let proxy = front(open.clone()).await;
    let report = asked(proxy.base.clone(), "0".into()).await;
    found(&report, "forgery", Level::Fail, "status 200");
    found(&report, "socket", Level::Fail, "WebSockets do not get through: status 426");
    let proxy = front(Front { status: 502, socket: 503, ..open.clone() }).await;
    let report = asked(proxy.base.clone(), "0".into()).await;
    found(&report, "signature", Level::Fail, "status 502");
    found(&report, "socket", Level::Warn, "no more sockets");
    // Nobody is behind it, or somebody else.
    let bridge = TestBridge::start(|_| Vec::new()).await;
    let port = bridge.base.port().unwrap().to_string();
    let elsewhere = front(Front { health: None, health_status: 404, ..open.clone() }).await;
    found(
        &asked(elsewhere.base.clone(), port.clone()).await,
        "public",
        Level::Fail,
        "something else (status 404)",
    );
    found(&asked(elsewhere.base.clone(), "0".into()).await, "public", Level::Skip, "something else");
    let nowhere = front(Front { health: None, health_status: 502, ngrok: true, ..open }).await;
    found(&asked(nowhere.base.clone(), port.clone()).await, "public", Level::Fail, "ERR_NGROK_8012");
    found(&asked("http://127.0.0.1:1".into(), port).await, "public", Level::Fail, "cannot be reached");
    let report = asked("http://127.0.0.1:1".into(), "0".into()).await;
    found(&report, "public", Level::Skip, "no server runs here");
    assert_eq!(report.code(), 0, "{report:#?}");
}

#[tokio::test]
async fn segment_is_asked_without_a_profile_of_anybody() {
    for (status, level, says) in [
        (404, Level::Ok, "answers the token"),
        (200, Level::Ok, "answers the token"),
        (401, Level::Fail, "refused"),
        (503, Level::Fail, "unavailable"),
    ] {
        let app = Router::new().fallback(any(move || async move {
            (StatusCode::from_u16(status).unwrap(), axum::Json(json!({"traits": {}})))
        }));
        let segment = Served::start(app).await;
        let report = report(&[
            ("SEGMENT_SPACE_ID", "spa_x"),
            ("SEGMENT_PROFILE_TOKEN", "secretive-token"),
            ("SEGMENT_PROFILE_BASE_URL", &segment.base),
            ("SEGMENT_WRITE_KEY", "a key of words"),
        ])
        .await;
        found(&report, "profiles", level, says);
        found(&report, "tracking", Level::Fail, "blanks");
    }
    let report = report(&[("SEGMENT_WRITE_KEY", "secretive-token")]).await;
    found(&report, "tracking", Level::Ok, "debugger");
}
