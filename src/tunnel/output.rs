//! Public addresses in what a program prints.
//!
//! Programs print links to their documentation beside the address that they opened. An address has no path; a link as a
//! rule has one.

use crate::config::Origin;

/// What the addresses of a service's own pages begin with.
const PAGES: [&str; 8] = ["admin", "app", "console", "dashboard", "developers", "docs", "status", "www"];

/// The public addresses in a line, in their order.
///
/// A line may also tell what a visitor asked for, and a visitor can ask for anything: an address counts only where it
/// stands alone, or as the value of a name, and never within another address.
pub(super) fn addresses_in(line: &str) -> impl Iterator<Item = Origin> {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>|".contains(c);
    line.split(ends).filter_map(|piece| {
        let (before, authority) = piece.split_once("https://")?;
        let authority = authority.trim_end_matches(['/', '.', ',', ';', ')']);
        // A name that others can look up, and nothing behind it.
        let is_bare = !authority.contains(['/', '?', '#', '@', ':']) && authority.contains('.');
        let is_page = PAGES.contains(&authority.split('.').next().unwrap_or_default());
        let origin = Origin::parse(&format!("https://{authority}")).ok()?;
        (is_bare && !is_page && is_lead(before)).then_some(origin)
    })
}

/// Whether this may stand right before an address: nothing, a name with `=`, a bracket, or what is left of a colour.
fn is_lead(text: &str) -> bool {
    let text = text.trim_start_matches('(');
    let is_colour = || {
        let digits = text.strip_prefix('[').and_then(|text| text.strip_suffix('m'));
        digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit() || c == ';'))
    };
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.is_empty() || text.strip_suffix('=').is_some_and(is_name) || is_colour()
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
            "https://dashboard.pinggy.io",
            "** welcome to https://admin.localhost.run/ **",
            "ERR Request failed dest=https://calm-sea.trycloudflare.com/?x=https://evil.trycloudflare.com type=http",
            "GET /?to=https://evil.trycloudflare.com",
            "referer=http://x/?https://evil.trycloudflare.com",
            "",
        ] {
            assert!(found(line).is_empty(), "{line}");
        }
    }
}
