//! Requests of this server to others: clients that follow no redirect and share what is known of certificates.
//!
//! The system has some hundred root certificates. To read them takes milliseconds and a good part of a megabyte, and
//! each client would do so for itself.

use std::sync::{Arc, LazyLock};

use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls_platform_verifier::Verifier;
use url::{Host, Url};

/// Nothing where the system's certificates cannot be read: then each client says so itself.
static TLS: LazyLock<Option<ClientConfig>> = LazyLock::new(|| {
    let provider = Arc::new(default_provider());
    let verifier = Arc::new(Verifier::new(provider.clone()).ok()?);
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
});

/// A client that is yet to be set up.
pub fn client() -> reqwest::ClientBuilder {
    // Who is asked gets keys and callers' words; whom they name instead gets neither.
    let client = reqwest::Client::builder()
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .user_agent(concat!("warmline/", env!("CARGO_PKG_VERSION")));
    match &*TLS {
        Some(tls) => client.tls_backend_preconfigured(tls.clone()),
        None => client,
    }
}

/// Whether keys and callers' words may go to an address: encrypted, or not off this machine.
pub fn is_private(address: &Url) -> bool {
    address.scheme() == "https" || (address.scheme() == "http" && is_this_machine(address))
}

/// Whether the host of an address is this machine.
pub fn is_this_machine(address: &Url) -> bool {
    match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
