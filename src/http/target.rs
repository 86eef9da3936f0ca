//! `/voice/target`: the target at this place of a call's list is tried now, by this server. That is another contact
//! centre, which is asked, or the AI, which gets the call again.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use tracing::{info, warn};

use super::form::Form;
use super::incoming::{Opened, connect};
use super::people::name;
use super::webhook::Asked;
use super::{Shared, Transfer, Twiml, replay};
use crate::config::Target;
use crate::store::{Delivery, DeliveryState};
use crate::token::Resumed;
use crate::twiml::Response;

/// Tries the target.
pub(super) async fn answer(
    State(bridge): State<Shared>,
    headers: HeaderMap,
    Extension(form): Extension<Form>,
) -> Twiml {
    let key = replay::key("target", &headers, &form, &["s"]);
    if let Some(before) = bridge.answered.before(key.as_ref()) {
        return before;
    }
    let (call, place) = Transfer::under_way(&bridge, &form).await;
    let answer = try_target(&bridge, &form, &call, place).await;
    bridge.answered.once(key, || answer)
}

async fn try_target(bridge: &Shared, form: &Form, call: &Transfer, place: Option<usize>) -> Twiml {
    let call_sid = form.call_sid();
    let call_sid = call_sid.as_ref().map(tracing::field::display);
    if !form.is_live() {
        bridge.delivered(form, DeliveryState::Abandoned.into());
        return (&Response::new()).into();
    }
    let Some(place) = place else {
        // A server that cannot read its own addresses would be asked for ever.
        warn!(call.sid = call_sid, "a target whose address cannot be verified: the call goes to people");
        if let Some(delivery) = bridge.people.delivery_without_callbacks(call) {
            bridge.delivered(form, delivery);
        }
        return (&bridge.people.without_callbacks(call)).into();
    };
    let next = || (&bridge.pass_on(form, place, call)).into();
    match bridge.people.target(place, call) {
        Some(target @ Target::Webhook(webhook)) => {
            match bridge.ask_centre(webhook, form, call, place).await {
                Asked::Taken(document) => {
                    info!(call.sid = call_sid, "another contact centre takes the call");
                    bridge.delivered(
                        form,
                        Delivery { target: Some(name(target)), state: DeliveryState::Passed },
                    );
                    Twiml(document)
                }
                Asked::NotTaken(why) => {
                    warn!(
                        call.sid = call_sid,
                        why, place, "the contact centre did not take the call; trying the next target"
                    );
                    next()
                }
            }
        }
        Some(target @ Target::Agent) => match back_to_the_agent(bridge, form, call, place) {
            Some(document) => {
                bridge
                    .delivered(form, Delivery { target: Some(name(target)), state: DeliveryState::Returned });
                (&document).into()
            }
            None => next(),
        },
        // What a contact centre was told to send a call to that it cannot keep.
        Some(
            Target::Workflow(_) | Target::Queue(_) | Target::Ring(_) | Target::Studio(_) | Target::Voicemail,
        )
        | None => (&bridge.go_to(form, place, call)).into(),
    }
}

/// The AI has the call again, unless this server takes no calls now or has no room.
fn back_to_the_agent(bridge: &Shared, form: &Form, call: &Transfer, place: usize) -> Option<Response> {
    let call_sid = form.call_sid()?;
    if !bridge.is_ready() {
        info!(call.sid = %call_sid, "draining: the call does not go back to the AI");
        return None;
    }
    if let Err(full) = bridge.room.take(&bridge.calls, &call_sid) {
        warn!(call.sid = %call_sid, full, "no room: the call does not go back to the AI");
        return None;
    }
    let returns = call.course.returns.saturating_add(1);
    info!(call.sid = %call_sid, returns, "nobody was free: the AI has the call again");
    let resumed = Resumed {
        target: place.try_into().unwrap_or(u8::MAX),
        rule: call.way.rule.and_then(|rule| rule.try_into().ok()),
        returns,
    };
    let opened = Opened {
        attempt: call.course.session.saturating_add(1),
        provider: None,
        spoken: call.course.spoken.clone(),
        resumed: Some(resumed),
        returned: true,
    };
    Some(connect(bridge, form, call_sid, opened, call.course.verified.clone()))
}
