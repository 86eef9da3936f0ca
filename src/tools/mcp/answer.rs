//! What a server answered to a run, as a model can read it: texts joined, anything else named and left out.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use rmcp::service::ServiceError;

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Well(String),
    /// In words for the model.
    Badly(String),
    /// Nothing came in time.
    Late,
    /// Nobody is there.
    Lost,
}

/// Reads what came.
pub(super) fn came(result: Result<CallToolResult, ServiceError>, most_bytes: usize) -> Came {
    match result {
        Ok(result) => {
            let failed = result.is_error == Some(true);
            let text = text(result);
            match text {
                text if failed && text.trim().is_empty() => Came::Badly("the tool failed".to_owned()),
                text if failed => Came::Badly(text),
                text if text.len() > most_bytes => Came::Badly("the tool's answer was too long".to_owned()),
                text => Came::Well(text),
            }
        }
        Err(ServiceError::McpError(error)) => Came::Badly(format!("the tool failed: {}", error.message)),
        Err(ServiceError::UnexpectedResponse) => {
            Came::Badly("the tool wants something that is not given here".to_owned())
        }
        Err(ServiceError::Timeout { .. }) => Came::Late,
        Err(_) => Came::Lost,
    }
}

fn text(result: CallToolResult) -> String {
    let parts: Vec<String> = result.content.into_iter().map(part).collect();
    match result.structured_content {
        Some(structured) if parts.iter().all(|part| part.trim().is_empty()) => structured.to_string(),
        Some(_) | None => parts.join("\n"),
    }
}

fn part(block: ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Image(image) => format!("[image, {}, left out]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[audio, {}, left out]", audio.mime_type),
        ContentBlock::ResourceLink(link) => format!("[link to {}]", link.name),
        ContentBlock::Resource(embedded) => match embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => text,
            ResourceContents::BlobResourceContents { .. } => "[file, left out]".to_owned(),
            _ => "[resource, left out]".to_owned(),
        },
        _ => "[something, left out]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(result: serde_json::Value) -> Came {
        came(Ok(serde_json::from_value(result).unwrap()), 40)
    }

    #[test]
    fn texts_are_joined_and_the_rest_is_named() {
        let image = json!({"type": "image", "data": "AAAA", "mimeType": "image/png"});
        let content = json!([{"type": "text", "text": "left"}, image, {"type": "text", "text": "Ulm"}]);
        assert_eq!(
            told(json!({"content": content})),
            Came::Well("left\n[image, image/png, left out]\nUlm".into())
        );
        assert_eq!(
            told(json!({"content": [], "structuredContent": {"a": 1}})),
            Came::Well("{\"a\":1}".into())
        );
        assert_eq!(
            told(json!({"content": [{"type": "text", "text": "x".repeat(41)}]})),
            Came::Badly("the tool's answer was too long".into())
        );
    }

    #[test]
    fn an_error_of_the_tool_is_a_failure_with_its_words() {
        let content = json!([{"type": "text", "text": "no such parcel"}]);
        assert_eq!(told(json!({"content": content, "isError": true})), Came::Badly("no such parcel".into()));
        assert_eq!(told(json!({"content": [], "isError": true})), Came::Badly("the tool failed".into()));
    }
}
