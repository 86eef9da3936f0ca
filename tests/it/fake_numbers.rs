//! Twilio's numbers, as far as they are read and changed: what is set stays set.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const HEX: &str = "0123456789abcdef0123456789abcdef";

/// How the fields of a form are named in answers.
const FIELDS: [(&str, &str); 8] = [
    ("VoiceUrl", "voice_url"),
    ("VoiceMethod", "voice_method"),
    ("VoiceFallbackUrl", "voice_fallback_url"),
    ("VoiceFallbackMethod", "voice_fallback_method"),
    ("StatusCallback", "status_callback"),
    ("StatusCallbackMethod", "status_callback_method"),
    ("VoiceApplicationSid", "voice_application_sid"),
    ("TrunkSid", "trunk_sid"),
];

pub(crate) fn account() -> String {
    format!("AC{HEX}")
}

/// A form as it came.
pub(crate) type Form = Vec<(String, String)>;

#[derive(Default)]
struct Kept {
    numbers: Vec<Value>,
    changes: Vec<Form>,
    /// Every change is refused.
    refuses: bool,
}

/// An account with numbers.
pub(crate) struct FakeNumbers {
    pub(crate) base_url: String,
    kept: Arc<Mutex<Kept>>,
    _tasks: JoinSet<()>,
}

impl FakeNumbers {
    /// With these numbers, which are as Twilio sells them but for what is given.
    pub(crate) async fn start(numbers: impl IntoIterator<Item = (&str, Value)>) -> Self {
        let numbers = numbers.into_iter().zip(1..).map(|((digits, more), n)| {
            let mut number = json!({
                "sid": format!("PN{n:032x}"), "phone_number": digits, "friendly_name": "A line",
                "voice_url": "https://demo.twilio.com/welcome/voice/", "voice_method": "POST",
                "voice_fallback_url": "", "voice_fallback_method": "POST",
                "status_callback": "", "status_callback_method": "POST",
                "voice_application_sid": "", "trunk_sid": null,
            });
            number.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            number
        });
        let kept = Arc::new(Mutex::new(Kept { numbers: numbers.collect(), ..Kept::default() }));
        let app = Router::new()
            .route("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", get(list))
            .route("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}", get(read).post(change))
            .with_state(kept.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base_url, kept, _tasks: tasks }
    }

    /// A number as it is now.
    pub(crate) fn number(&self, digits: &str) -> Value {
        let kept = self.kept.lock().unwrap();
        kept.numbers.iter().find(|number| number["phone_number"] == digits).unwrap().clone()
    }

    /// Somebody changes something in the Console.
    pub(crate) fn edit(&self, digits: &str, key: &str, value: &str) {
        let mut kept = self.kept.lock().unwrap();
        let number = kept.numbers.iter_mut().find(|number| number["phone_number"] == digits).unwrap();
        number[key] = value.into();
    }

    /// From now on no change is granted, or every one is.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.kept.lock().unwrap().refuses = refuses;
    }

    /// Every change so far.
    pub(crate) fn changes(&self) -> Vec<Form> {
        self.kept.lock().unwrap().changes.clone()
    }
}

/// One number on each page, whatever is asked for.
async fn list(
    State(kept): State<Arc<Mutex<Kept>>>,
    Path(account): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let kept = kept.lock().unwrap();
    let part = query.get("PhoneNumber").cloned().unwrap_or_default();
    let found: Vec<_> = kept
        .numbers
        .iter()
        .filter(|number| number["phone_number"].as_str().unwrap().contains(&part))
        .cloned()
        .collect();
    let page: usize = query.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let next = (page + 1 < found.len()).then(|| {
        format!(
            "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?Page={}&PageToken=PA{page}",
            page + 1
        )
    });
    let numbers: Vec<_> = found.into_iter().skip(page).take(1).collect();
    axum::Json(json!({"incoming_phone_numbers": numbers, "next_page_uri": next})).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, axum::Json(json!({"code": 20404, "message": "not found", "status": 404})))
        .into_response()
}

async fn read(State(kept): State<Arc<Mutex<Kept>>>, Path((_, sid)): Path<(String, String)>) -> Response {
    let kept = kept.lock().unwrap();
    let found = kept.numbers.iter().find(|number| number["sid"] == sid.trim_end_matches(".json"));
    found.map_or_else(missing, |number| axum::Json(number.clone()).into_response())
}

async fn change(
    State(kept): State<Arc<Mutex<Kept>>>,
    Path((_, sid)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let form: Form = url::form_urlencoded::parse(&body).into_owned().collect();
    let mut kept = kept.lock().unwrap();
    kept.changes.push(form.clone());
    if kept.refuses {
        let body = json!({"code": 21402, "message": "VoiceUrl is not valid", "status": 400});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    let found = kept.numbers.iter_mut().find(|number| number["sid"] == sid.trim_end_matches(".json"));
    let Some(number) = found else { return missing() };
    for (name, value) in form {
        let (_, key) = FIELDS.iter().find(|(known, _)| *known == name).expect("a field of a number");
        number[*key] = value.into();
    }
    axum::Json(number.clone()).into_response()
}
