//! A flow of Twilio Studio: the call is redirected to it, with what is known in the shape that Twilio Agent Connect
//! sends. Nothing comes back from there but what the flow itself sends.
//!
//! <https://www.twilio.com/docs/conversations/agent-connect/escalate-to-human-agent>

use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::config::Studio;
use crate::handoff::cut;
use crate::http::Transfer;

/// The longest address. A flow reads `{{trigger.call.HandoffData}}` from its query.
const LONGEST: usize = 4_000;
/// How much shorter the summary becomes at a time, in characters.
const SHORTER: usize = 50;

/// The address of a flow for a call. The summary is cut until it fits.
pub(super) fn address(studio: &Studio, call: &Transfer) -> String {
    let whole = call.handoff.call_summary.expose();
    let mut length = whole.chars().count();
    loop {
        let address = written(studio, call, &cut(whole, length));
        if address.len() <= LONGEST || length == 0 {
            return address;
        }
        length = length.saturating_sub(SHORTER);
    }
}

fn written(studio: &Studio, call: &Transfer, summary: &str) -> String {
    let handoff = &call.handoff;
    let context = &handoff.context;
    let mut ours = json!({
        "handoffId": context.handoff_id,
        "callSid": context.call_sid,
        "trigger": context.trigger,
        "language": call.language,
    });
    if let Some(url) = &context.desk_url {
        ours["deskUrl"] = json!(url);
    }
    let data = json!({
        "attributes": {
            "reason": handoff.reason,
            "reasonCode": handoff.reason_code,
            "callSummary": summary,
            "sentiment": handoff.sentiment,
            "warmline": ours,
        },
    });
    let query = Serializer::new(String::new())
        .append_pair("Trigger", "incomingCall")
        .append_pair("HandoffData", &data.to_string())
        .finish();
    format!("https://webhooks.twilio.com/v1/Accounts/{}/Flows/{}?{query}", studio.account, studio.flow)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use url::Url;

    use super::*;
    use crate::handoff::{Handoff, Trigger};
    use crate::http::people::tests::going;
    use crate::ids::AccountSid;

    #[test]
    fn a_flow_gets_what_agent_connect_would_send_and_no_more_than_an_address_holds() {
        let flow = format!("FW{}", "0".repeat(32)).parse().unwrap();
        let studio = Studio { account: AccountSid::phone(), flow };
        for summary in ["Charged twice & wants <money>.".to_owned(), "ж".repeat(1_500), "w ".repeat(2_000)] {
            let mut handoff = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Model);
            handoff.call_summary = summary.clone().into();
            let address = address(&studio, &going(handoff));
            assert!(address.len() <= LONGEST, "{}", address.len());
            let url = Url::parse(&address).unwrap();
            assert_eq!(url.path(), format!("/v1/Accounts/{}/Flows/{}", studio.account, studio.flow));
            let pairs: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
            assert_eq!(pairs["Trigger"], "incomingCall");
            let data: Value = serde_json::from_str(&pairs["HandoffData"]).unwrap();
            let attributes = &data["attributes"];
            assert_eq!(attributes["reason"], "The assistant asked for a person");
            assert_eq!(attributes["warmline"]["callSid"], "CA1");
            let told = attributes["callSummary"].as_str().unwrap();
            assert!(told == summary || (told.ends_with('…') && told.chars().count() > 100), "{told}");
        }
    }
}
