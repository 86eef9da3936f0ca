//! Public addresses in what a program prints.
//!
//! Programs print links to their documentation beside the address that they opened. An address has no path; a link as a
//! rule has one.

use crate::config::Origin;

/// The public addresses in a line, in their order.
pub(super) fn addresses_in(line: &str) -> impl Iterator<Item = Origin> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>|()[]{},;\\".contains(c);
    line.match_indices("https://").filter_map(move |(at, _)| {
        let text = &line[at..];
        let text = &text[..text.find(ends).unwrap_or(text.len())];
        let authority = text.strip_prefix("https://")?.trim_end_matches(['/', '.']);
        // A name that others can look up, and nothing behind it.
        let is_bare = !authority.contains(['/', '?', '#', '@']) && authority.contains('.');
        Origin::parse(&format!("https://{authority}")).ok().filter(|_| is_bare)
    })
}

/// Whether two addresses are names under one parent, such as those that a service gives out one after another.
pub(super) fn are_siblings(one: &Origin, other: &Origin) -> bool {
    let parent = |origin: &Origin| {
        let text = origin.to_string();
        text.split_once('.').map(|(_, parent)| parent.to_owned())
    };
    parent(one) == parent(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        addresses_in(line).map(|origin| origin.to_string()).collect()
    }

    #[test]
    fn the_address_is_told_from_the_links_around_it() {
        for (line, address) in [
            (
                "2026-11-27T10:00:00Z INF |  https://calm-sea.trycloudflare.com                |",
                "https://calm-sea.trycloudflare.com",
            ),
            (
                "t=2026-11-27 lvl=info msg=\"started tunnel\" addr=http://localhost:8080 url=https://a1.ngrok-free.app",
                "https://a1.ngrok-free.app",
            ),
            ("{\"url\":\"https://a1.ngrok-free.app\",\"lvl\":\"info\"}", "https://a1.ngrok-free.app"),
            ("\u{1b}[32mhttps://x.lhr.life\u{1b}[0m tunneled with tls termination", "https://x.lhr.life"),
            ("https://machine.tail1234.ts.net/", "https://machine.tail1234.ts.net"),
        ] {
            assert_eq!(found(line), [address], "{line}");
        }
        for line in [
            "Thank you for trying Cloudflare Tunnel. See https://developers.cloudflare.com/cloudflare-one/connections",
            "by our terms (https://www.cloudflare.com/website-terms/), and",
            "Sign up at https://dashboard.ngrok.com/signup",
            "forwarding to http://127.0.0.1:8080",
            "https://localhost",
            "https://user@host.example.com",
            "",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_service_gives_out_siblings() {
        let origin = |text: &str| Origin::parse(text).unwrap();
        let first = origin("https://a.trycloudflare.com");
        assert!(are_siblings(&first, &origin("https://b.trycloudflare.com")));
        assert!(!are_siblings(&first, &origin("https://dashboard.pinggy.io")));
    }
}
