//! The texts that Twilio may have signed for one URL.
//!
//! Twilio is inconsistent about ports, so its libraries try several texts, and we do as they do. Nothing is
//! decoded or normalised: what is signed is the URL as text. A host in other letters is refused, as PyPI's
//! library does and npm's does not; the public URL is a setting, so its letters are ours.
//!
//! <https://www.twilio.com/docs/usage/security>

/// Every candidate once, the likeliest first.
pub(super) fn candidates(url: &str) -> Vec<String> {
    let url = without_fragment(url);
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, tail) = split_before(rest, &['/', '?']);
    let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let mut candidates = Vec::new();
    for user in ["", user] {
        for host in hosts(scheme, host) {
            for tail in tails(scheme, tail) {
                let candidate = format!("{scheme}://{user}{host}{tail}");
                if !candidates.contains(&candidate) {
                    candidates.push(candidate);
                }
            }
        }
    }
    candidates
}

/// The URL as it is requested and signed: the fragment only tells Twilio how to connect (`#rc=2`).
pub(super) fn without_fragment(url: &str) -> &str {
    split_before(url, &['#']).0
}

/// As written; then without its port, or with the one that the scheme implies. The libraries take 80 for
/// `wss`; a Twilio that writes 443 there would be right, so both are tried.
fn hosts(scheme: &str, host: &str) -> Vec<String> {
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((name, _)) = host.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        return vec![host.to_owned(), name.to_owned()];
    }
    let ports: &[&str] = match scheme {
        "https" => &[":443"],
        "wss" => &[":443", ":80"],
        _ => &[":80"],
    };
    std::iter::once(&"").chain(ports).map(|port| format!("{host}{port}")).collect()
}

/// As written; for a socket with and without the slash at the path's end; all with `'` as Twilio writes it.
fn tails(scheme: &str, tail: &str) -> [String; 4] {
    let (path, query) = split_before(tail, &['?']);
    let other_path = match (scheme, path.strip_suffix('/')) {
        ("ws" | "wss", Some(bare)) => bare.to_owned(),
        ("ws" | "wss", None) => format!("{path}/"),
        _ => path.to_owned(),
    };
    let encoded = query.replace('\'', "%27");
    [
        format!("{path}{query}"),
        format!("{path}{encoded}"),
        format!("{other_path}{query}"),
        format!("{other_path}{encoded}"),
    ]
}

fn split_before<'a>(text: &'a str, marks: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(marks).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_tried_with_and_without_a_port() {
        assert_eq!(
            candidates("https://a.example/v?b=1#rc=2"),
            ["https://a.example/v?b=1", "https://a.example:443/v?b=1"]
        );
        assert_eq!(candidates("http://[::1]:8080/v"), ["http://[::1]:8080/v", "http://[::1]/v"]);
        assert_eq!(candidates("http://[::1]"), ["http://[::1]", "http://[::1]:80"]);
    }

    #[test]
    fn a_socket_is_tried_with_both_ports_and_both_endings() {
        assert_eq!(
            candidates("wss://a.example/relay"),
            [
                "wss://a.example/relay",
                "wss://a.example/relay/",
                "wss://a.example:443/relay",
                "wss://a.example:443/relay/",
                "wss://a.example:80/relay",
                "wss://a.example:80/relay/",
            ]
        );
        assert_eq!(
            candidates("wss://a.example:443/relay/?b=1/"),
            [
                "wss://a.example:443/relay/?b=1/",
                "wss://a.example:443/relay?b=1/",
                "wss://a.example/relay/?b=1/",
                "wss://a.example/relay?b=1/",
            ]
        );
    }

    #[test]
    fn a_user_is_left_out_first_and_kept_second() {
        assert_eq!(
            candidates("https://user:p@ss@a.example:8443/v"),
            [
                "https://a.example:8443/v",
                "https://a.example/v",
                "https://user:p@ss@a.example:8443/v",
                "https://user:p@ss@a.example/v",
            ]
        );
    }

    #[test]
    fn an_apostrophe_is_encoded_in_the_query_only() {
        let candidates = candidates("https://a.example/o'hare?b=it's");
        assert_eq!(candidates[..2], ["https://a.example/o'hare?b=it's", "https://a.example/o'hare?b=it%27s"]);
    }

    #[test]
    fn what_is_no_url_is_its_own_only_candidate() {
        assert_eq!(candidates("/voice#x"), ["/voice"]);
        assert_eq!(candidates(""), [""]);
    }
}
