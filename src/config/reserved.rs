//! Keys of a Task that no setting can replace.

/// Those of the document …
pub(super) const OURS: [&str; 5] = ["reasonCode", "reason", "callSummary", "sentiment", "warmline"];
/// … those that Twilio adds to every Task of a call …
pub(super) const TWILIOS: [&str; 26] = [
    "from",
    "to",
    "caller",
    "called",
    "direction",
    "call_sid",
    "call_status",
    "account_sid",
    "api_version",
    "from_city",
    "from_state",
    "from_zip",
    "from_country",
    "to_city",
    "to_state",
    "to_zip",
    "to_country",
    "caller_city",
    "caller_state",
    "caller_zip",
    "caller_country",
    "called_city",
    "called_state",
    "called_zip",
    "called_country",
    "worker_call_sid",
];
/// … and those by which Flex leads the talk.
pub(super) const FLEXS: [&str; 5] = [
    "conference",
    "conversationSid",
    "flexInteractionSid",
    "flexInteractionChannelSid",
    "flexChannelInviteSid",
];

/// Whether a key of this name is in the Task already, or never ours to write.
pub(super) fn is_taken(name: &str) -> bool {
    OURS.contains(&name) || TWILIOS.contains(&name) || FLEXS.contains(&name)
}
