//! Which hosts tools may reach. A manifest fixes a host by its name; what the name stands for is asked anew for each
//! connection, and an address of a private network is refused unless the settings list the host. So neither a name
//! that was pointed elsewhere meanwhile nor a manifest from elsewhere reaches what only this machine can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::outbound;

/// The hosts that may stand for an address of a private network.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Arc<[String]>);

impl Hosts {
    /// Names, addresses, and `*.` with the end of a name.
    pub fn new(hosts: impl IntoIterator<Item = String>) -> Self {
        Self(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    /// Every host, for tools that are read and never run.
    pub(super) fn any() -> Self {
        Self::new(["*".to_owned()])
    }

    fn lists(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|listed| match listed.strip_prefix('*') {
            Some("") => true,
            Some(end) => end.len() > 1 && host.len() > end.len() && host.ends_with(end),
            None => *listed == host,
        })
    }

    /// Whether an address may be asked, as far as it can be told without asking for its host's name.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for the person who edits the file.
    pub(super) fn check(&self, address: &Url) -> Result<(), String> {
        let literal = match address.host() {
            Some(Host::Ipv4(ip)) => IpAddr::from(ip),
            Some(Host::Ipv6(ip)) => IpAddr::from(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if outbound::is_this_machine(address) || is_public(literal) || self.lists(&literal.to_string()) {
            return Ok(());
        }
        Err(format!(
            "`url` names an address of a private network; list \"{literal}\" in [tools] hosts of warmline.toml"
        ))
    }

    /// Which of the addresses that a host stands for may be connected to.
    fn allowed(&self, host: &str, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        let listed = self.lists(host);
        let own = host.eq_ignore_ascii_case("localhost");
        let may = |address: &SocketAddr| match address.ip() {
            ip if own => ip.is_loopback(),
            ip => listed || is_public(ip),
        };
        found.filter(may).collect()
    }
}

/// Why a host is not connected to.
#[derive(Debug, thiserror::Error)]
#[error("the host stands for addresses of a private network")]
struct Refused;

impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found = tokio::net::lookup_host((host, 0)).await?;
            let allowed = hosts.allowed(host, found);
            if allowed.is_empty() {
                tracing::warn!(host, "a tool's host is at a private address, [tools] hosts does not list it");
                return Err(Refused.into());
            }
            let allowed: Addrs = Box::new(allowed.into_iter());
            Ok(allowed)
        })
    }
}

/// Whether an address belongs to the public internet:
/// <https://www.iana.org/assignments/iana-ipv4-special-registry/>, and the same for version 6.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast();
    // "This network", carriers' own, protocol assignments, benchmarks, and what is reserved.
    let special = special || a == 0 || (a == 100 && (64..128).contains(&b)) || (a, b, c) == (192, 0, 0);
    !(special || (a == 198 && (18..20).contains(&b)) || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // An address of version 4 within one of version 6: mapped, translated, 6to4.
    let within = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => within(high, low),
        [0x2002, high, low, ..] => within(high, low),
        // Teredo hides an address of version 4, and documentation is nobody's.
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] => false,
        // Global unicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_internet_is_told_from_everything_else() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_private_address_needs_a_listed_host() {
        let hosts =
            Hosts::new(["Parcels.internal".to_owned(), "*.corp.example".to_owned(), "10.0.0.5".to_owned()]);
        let addresses = || ["10.0.0.5:1", "8.8.8.8:1"].map(|address| address.parse().unwrap()).into_iter();
        assert_eq!(hosts.allowed("parcels.internal", addresses()).len(), 2);
        assert_eq!(hosts.allowed("a.corp.example", addresses()).len(), 2);
        assert_eq!(hosts.allowed("A.CORP.example.", addresses()).len(), 2);
        assert_eq!(hosts.allowed("corp.example", addresses()), ["8.8.8.8:1".parse().unwrap()]);
        assert_eq!(hosts.allowed("parcels.internal.evil.example", addresses()).len(), 1);
        assert_eq!(hosts.allowed("localhost", addresses()), []);
        let check = |url: &str| hosts.check(&Url::parse(url).unwrap()).is_ok();
        assert!(check("https://10.0.0.5/") && check("http://127.0.0.1/") && check("https://8.8.8.8/"));
        assert!(
            !check("https://10.0.0.6/") && !check("https://169.254.169.254/") && !check("https://[fd00::1]/")
        );
        assert!(!check("https://0xa000006/"));
    }

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_refused_when_it_is_asked_for() {
        // `localhost` is the one name that every machine can ask for; under the other rule it is a name like any.
        let found = tokio::net::lookup_host(("localhost", 0)).await.unwrap();
        assert_eq!(Hosts::default().allowed("rebound.example", found), []);
        assert!(Hosts::default().resolve("localhost".parse().unwrap()).await.unwrap().count() > 0);
    }
}
