//! `/api/v1/phone`: a call from the browser, which plays Twilio for it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Desk;
use super::given::Maybe;
use super::problem::Problem;
use crate::gate::Visitor;
use crate::ids::{AccountSid, CallSid};
use crate::pii::Pii;

/// The made-up numbers of a call from the browser, where none is given.
const CALLER: &str = "+15550100001";
const LINE: &str = "+15550100000";

/// Who calls.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Dial {
    /// The number to call from, in E.164; a made-up one without it.
    #[schema(value_type = Option<String>, pattern = r"^\+[0-9]{7,15}$")]
    from: Option<Pii<String>>,
}

/// A call that may begin.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    /// The call.
    #[schema(value_type = String)]
    call_sid: CallSid,
    /// The account of calls from the browser.
    #[schema(value_type = String)]
    account_sid: AccountSid,
    /// Goes into the header `X-Warmline-Phone` of every webhook of this call, and is valid for two hours.
    ticket: String,
    /// What Twilio would post to `/voice/incoming`.
    #[schema(value_type = BTreeMap<String, String>)]
    form: BTreeMap<&'static str, Pii<String>>,
}

/// Begin a call from the browser.
#[utoipa::path(post, path = "/api/v1/phone", tag = "phone", operation_id = "phone",
    request_body = Option<Dial>, responses((status = 200, body = Ticket)))]
pub(super) async fn dial(
    State(desk): State<Desk>,
    Extension(visitor): Extension<Visitor>,
    Maybe(given): Maybe<Dial>,
) -> Result<Json<Ticket>, Problem> {
    let from = given.from.unwrap_or_else(|| CALLER.into());
    if !is_number(from.expose()) {
        let detail = "from: expected a number such as +15550100001";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    let (call_sid, account_sid) = (call_sid(), AccountSid::phone());
    let ticket = desk.bridge.gate.ticket(&call_sid, &visitor);
    let form = BTreeMap::from([
        ("AccountSid", account_sid.as_str().into()),
        ("ApiVersion", "2010-04-01".into()),
        ("CallSid", call_sid.as_str().into()),
        ("CallStatus", "ringing".into()),
        ("Direction", "inbound".into()),
        ("From", from.clone()),
        ("Caller", from),
        ("To", LINE.into()),
        ("Called", LINE.into()),
    ]);
    Ok(Json(Ticket { call_sid, account_sid, ticket, form }))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name as Twilio gives them.
fn call_sid() -> CallSid {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    let name = format!("CA{:032x}", u128::from_be_bytes(bytes));
    name.parse().expect("letters and digits are a name")
}
