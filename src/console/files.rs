//! The console's page and its files, compiled in.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use super::{Desk, access};

/// The folder of this repository. A debug build reads it anew each time.
#[derive(Embed)]
#[folder = "console/"]
#[exclude = "test/*"]
#[exclude = "package.json"]
struct Files;

/// The page; where there is no console, how to get one.
pub(super) async fn index(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    if !desk.bridge.gate.is_on() {
        let text = format!("Warmline is running.\n\n{}.\n", access::OFF);
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    found("index.html", &headers)
}

/// One of its files. They hold nothing of anybody, and the page of a hand-off needs one of them everywhere.
pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    found(&path, &headers)
}

fn found(path: &str, headers: &HeaderMap) -> Response {
    match Files::get(path) {
        Some(file) => answer(path, &file, headers),
        None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    if known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let headers = [(header::CONTENT_TYPE, kind(path).to_owned()), (header::ETAG, tag)];
    (headers, file.data.to_vec()).into_response()
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
