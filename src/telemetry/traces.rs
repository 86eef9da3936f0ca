//! Traces to a collector, by OTLP over HTTP.
//!
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
//!
//! Spans leave from a thread of their own, in batches; a collector that is slow or away costs calls nothing. A span
//! holds names, times and counts, no words of anybody.

use std::collections::HashMap;

use tracing::Subscriber;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Where traces go.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    /// Without `/v1/traces`.
    endpoint: String,
    headers: HashMap<String, String>,
    service: String,
}

/// Why there are no traces. Holds no header.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The address is none.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: expected http:// or https:// and a host")]
    Endpoint,
    /// A header is none.
    #[error("OTEL_EXPORTER_OTLP_HEADERS: expected name=value, more of them after commas")]
    Headers,
    /// The exporter cannot be built.
    #[error("traces cannot be sent: {0}")]
    Exporter(String),
    /// This program was built without them.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT: this program was built without traces (feature otlp)")]
    NotBuilt,
}

impl Collector {
    /// As the variables of the environment say; none without an address.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read.
    pub fn read(
        endpoint: Option<String>,
        headers: Option<String>,
        service: Option<String>,
    ) -> Result<Option<Self>, CollectorError> {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let Some(endpoint) = given(endpoint) else { return Ok(None) };
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        let url = url::Url::parse(&endpoint).map_err(|_| CollectorError::Endpoint)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(CollectorError::Endpoint);
        }
        let headers = given(headers).unwrap_or_default();
        let headers = headers.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(CollectorError::Headers)?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        });
        let service = given(service).unwrap_or_else(|| "warmline".to_owned());
        Ok(Some(Self { endpoint, headers: headers.collect::<Result<_, CollectorError>>()?, service }))
    }
}

/// Keeps traces going; what waits leaves when this is dropped.
#[must_use = "no span leaves once this is dropped"]
pub struct Traces(#[cfg(feature = "otlp")] Option<opentelemetry_sdk::trace::SdkTracerProvider>);

#[cfg(feature = "otlp")]
mod sent {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::{Level, Metadata};
    use tracing_subscriber::filter::filter_fn;

    use super::{Collector, CollectorError, Layer, LookupSpan, Subscriber, Traces};

    pub(in crate::telemetry) fn open<S>(
        collector: &Collector,
    ) -> Result<(impl Layer<S> + use<S>, Traces), CollectorError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", collector.endpoint))
            .with_headers(collector.headers.clone())
            .build()
            .map_err(|error| CollectorError::Exporter(error.to_string()))?;
        let resource = Resource::builder()
            .with_service_name(collector.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("warmline"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // Nothing of ours asks for the current context; setting it at every poll of a call would cost.
            .with_context_activation(false)
            .with_filter(filter_fn(is_traced));
        Ok((layer, Traces(Some(provider))))
    }

    /// The spans of a call, and what went wrong in it.
    fn is_traced(metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        if metadata.is_span() {
            target == "warmline::trace" || (metadata.name() == "call" && target.starts_with("warmline::"))
        } else {
            // More severe levels are lesser ones to `tracing`.
            *metadata.level() <= Level::WARN && target.starts_with("warmline::")
        }
    }

    impl Traces {
        pub(in crate::telemetry) fn none() -> Self {
            Self(None)
        }
    }

    impl Drop for Traces {
        fn drop(&mut self) {
            // A collector that is away has had its time: nothing more can be done about it.
            let _ = self.0.take().map(|provider| provider.shutdown());
        }
    }
}

#[cfg(not(feature = "otlp"))]
mod sent {
    use super::{Collector, CollectorError, Layer, LookupSpan, Subscriber, Traces};

    pub(in crate::telemetry) fn open<S>(
        _: &Collector,
    ) -> Result<(impl Layer<S> + use<S>, Traces), CollectorError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Err::<(tracing_subscriber::layer::Identity, Traces), _>(CollectorError::NotBuilt)
    }

    impl Traces {
        pub(in crate::telemetry) fn none() -> Self {
            Self()
        }
    }
}

pub(super) use sent::open;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(endpoint: &str, headers: &str) -> Result<Option<Collector>, CollectorError> {
        Collector::read(Some(endpoint.into()), Some(headers.into()), None)
    }

    #[test]
    fn a_collector_is_read_from_the_variables_that_all_tools_share() {
        let collector =
            read("http://127.0.0.1:4318/", "authorization=Bearer a=b, x-team=voice").unwrap().unwrap();
        assert_eq!(collector.endpoint, "http://127.0.0.1:4318");
        assert_eq!(collector.headers["authorization"], "Bearer a=b");
        assert_eq!(collector.headers["x-team"], "voice");
        assert_eq!(collector.service, "warmline");
        assert!(read(" ", "").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_read_is_said_by_name_and_not_by_value() {
        for (endpoint, headers, name) in [
            ("127.0.0.1:4318", "", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("ftp://example.com", "", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("http://127.0.0.1:4318", "hunter2", "OTEL_EXPORTER_OTLP_HEADERS"),
        ] {
            let error = read(endpoint, headers).err().unwrap().to_string();
            assert!(error.starts_with(name) && !error.contains("hunter2"), "{error}");
        }
    }
}
