//! The address of an endpoint, with places for values in its path and in the values of its query.
//!
//! Scheme, host and port are fixed when the manifest is read. A value is written so that it stays in its segment
//! of the path, or is the value of its key, whatever it holds: <https://url.spec.whatwg.org/#percent-encoded-bytes>

use url::Url;

use super::template::{Place, Template, Values, percent_encoded};
use crate::outbound;

/// An address that was read.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// Scheme, host and port.
    base: Url,
    segments: Vec<Template>,
    /// The keys of the query with what follows their `=`, if anything does.
    query: Vec<(String, Option<Template>)>,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for the person who edits the file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("`url` is no address".to_owned());
        };
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        if format!("{scheme}{authority}").contains(['{', '}']) {
            return Err(
                "scheme, host and port of `url` are fixed: a value may stand in the path and in the query"
                    .into(),
            );
        }
        if text.contains(['#', '\\']) {
            return Err("`url` holds a `#` or a `\\`, which have no meaning there".to_owned());
        }
        let base = Url::parse(&format!("{scheme}://{authority}/")).ok().filter(Url::has_host);
        let base = base.ok_or("`url` is no address")?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(
                "`url` holds a name or a password; they belong into `headers`, from the environment".into()
            );
        }
        if !outbound::is_private(&base) {
            return Err("`url` must begin with https:// (http:// is for this machine alone)".to_owned());
        }
        let segments: Result<Vec<Template>, String> = path.split('/').skip(1).map(Template::parse).collect();
        let segments = segments?;
        if segments.iter().any(|segment| segment.places().next().is_none() && is_dots(segment)) {
            return Err("`url` holds a segment of dots, which would be taken away".to_owned());
        }
        let query: Result<_, String> =
            query.into_iter().flat_map(|query| query.split('&')).map(pair).collect();
        Ok(Self { base, segments, query: query? })
    }

    /// Scheme, host and port.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The places that must have a value.
    pub(super) fn needed(&self) -> impl Iterator<Item = &Place> {
        self.segments.iter().flat_map(Template::places)
    }

    /// The places that may be without one: then their key is left out.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Place> {
        self.query.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Template::places)
    }

    /// The address with its values.
    ///
    /// # Errors
    ///
    /// When a value is absent or cannot stand there. The text is meant for the model.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<Url, String> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            let names = || segment.places().map(Place::name).collect::<Vec<_>>().join(", ");
            let filled = segment.fill(values, percent_encoded)?;
            let filled = filled.ok_or_else(|| format!("`{}` is needed", names()))?;
            // Such a segment would be taken away, and another resource be asked.
            if segment.places().next().is_some() && (filled.is_empty() || dots(&filled)) {
                return Err(format!("`{}` cannot be that", names()));
            }
            path.push_str(&filled);
        }
        let mut query = String::new();
        for (key, value) in &self.query {
            let filled = match value {
                None => key.clone(),
                Some(value) => match value.fill(values, percent_encoded)? {
                    Some(value) => format!("{key}={value}"),
                    None => continue,
                },
            };
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(&filled);
        }
        let mut url = self.base.clone();
        url.set_path(&path);
        url.set_query((!query.is_empty()).then_some(&query));
        Ok(url)
    }
}

fn pair(text: &str) -> Result<(String, Option<Template>), String> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    if key.contains(['{', '}']) {
        return Err("the keys of the query of `url` are fixed: a value may stand after a `=`".to_owned());
    }
    Ok((key.to_owned(), value.map(Template::parse).transpose()?))
}

/// Whether a segment without places is one of dots.
fn is_dots(segment: &Template) -> bool {
    let nothing = super::Occasion::default();
    let values = Values { arguments: &serde_json::Value::Null, occasion: &nothing };
    segment.fill(values, percent_encoded).is_ok_and(|text| text.is_some_and(|text| dots(&text)))
}

/// Whether a parser of addresses takes a segment for `.` or `..`.
fn dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::tools::Occasion;

    fn fill(address: &str, arguments: &Value) -> Result<String, String> {
        let occasion = Occasion { language: "de-DE".into(), ..Occasion::default() };
        let address = Address::parse(address)?;
        Ok(address.fill(Values { arguments, occasion: &occasion })?.to_string())
    }

    #[test]
    fn values_stand_in_path_and_query() {
        let arguments = json!({"number": "a/b?c#d", "day": "1 & 2", "version": 2});
        for (address, expected) in [
            ("https://a.example/", "https://a.example/"),
            ("https://a.example", "https://a.example/"),
            ("https://a.example:8443/p/{number}/e", "https://a.example:8443/p/a%2Fb%3Fc%23d/e"),
            ("http://127.0.0.1:9/v{version}/", "http://127.0.0.1:9/v2/"),
            (
                "https://a.example/p?day={day}&lang={call.language}&all",
                "https://a.example/p?day=1%20%26%202&lang=de-DE&all",
            ),
            ("https://a.example/p?absent={absent}&v={version}", "https://a.example/p?v=2"),
            ("https://a.example/p?absent={absent}", "https://a.example/p"),
        ] {
            assert_eq!(fill(address, &arguments), Ok(expected.to_owned()), "{address}");
        }
    }

    #[test]
    fn a_value_that_would_lead_elsewhere_is_refused() {
        let address = "https://a.example/parcels/{number}/events";
        for value in ["", ".", ".."] {
            assert_eq!(fill(address, &json!({"number": value})), Err("`number` cannot be that".to_owned()));
        }
        assert_eq!(fill(address, &json!({})), Err("`number` is needed".to_owned()));
        let mixed = fill("https://a.example/%2E{number}", &json!({"number": "."}));
        assert_eq!(mixed, Err("`number` cannot be that".to_owned()));
        let harmless = fill(address, &json!({"number": "%2e%2e"}));
        assert_eq!(harmless, Ok("https://a.example/parcels/%252e%252e/events".to_owned()));
    }

    #[test]
    fn only_path_and_query_have_places() {
        for (address, expected) in [
            ("https://{host}/a", "scheme, host and port of `url` are fixed"),
            ("https://a.example:{port}/", "scheme, host and port of `url` are fixed"),
            ("{scheme}://a.example/", "scheme, host and port of `url` are fixed"),
            ("https://a.example?{key}=1", "the keys of the query of `url` are fixed"),
            ("https://a.example/#{number}", "`url` holds a `#`"),
            ("https://a.example\\{number}", "scheme, host and port"),
            ("https://me:secret@a.example/", "`url` holds a name or a password"),
            ("https://a.example/../b", "`url` holds a segment of dots"),
            ("https://a.example/%2e%2E/b", "`url` holds a segment of dots"),
            ("http://a.example/", "`url` must begin with https://"),
            ("file:///etc/passwd", "`url` is no address"),
            ("a.example/b", "`url` is no address"),
        ] {
            let error = fill(address, &json!({})).unwrap_err();
            assert!(error.starts_with(expected), "{address}: {error}");
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let tricks = r"(/|\\|\.|\.\.|\?|#|&|=|%2f|%2e|%00|@|:|;|//|http://|\{|\}|\n|\t| |ä|☎|a|1){0,12}";
        prop_oneof![tricks, any::<String>()]
    }

    proptest! {
        #[test]
        fn no_value_changes_anything_but_its_own_place(path in hostile(), query in hostile()) {
            let arguments = json!({"path": path, "query": query});
            let address = "https://a.example:8443/v1/{path}/events?lang=en&q={query}&all=1";
            match fill(address, &arguments) {
                Err(error) => {
                    prop_assert_eq!(error, "`path` cannot be that");
                    prop_assert!(["", ".", ".."].contains(&path.as_str()));
                }
                Ok(filled) => {
                    let url = Url::parse(&filled).unwrap();
                    prop_assert_eq!(url.origin().ascii_serialization(), "https://a.example:8443");
                    prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
                    let segments: Vec<&str> = url.path_segments().unwrap().collect();
                    prop_assert_eq!(segments.len(), 3);
                    prop_assert_eq!((segments[0], segments[2]), ("v1", "events"));
                    let decoded = form_decoded(segments[1]);
                    prop_assert_eq!(decoded, path);
                    let pairs: Vec<(String, String)> =
                        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
                    let expected = [("lang", "en"), ("q", query.as_str()), ("all", "1")];
                    prop_assert_eq!(pairs, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
                }
            }
        }

        #[test]
        fn no_address_makes_its_reader_panic(text in hostile()) {
            let _ = Address::parse(&text);
            let _ = Address::parse(&format!("https://a.example/{text}"));
        }
    }

    /// What a server reads from a segment that holds no `+` that is not encoded.
    fn form_decoded(segment: &str) -> String {
        let query = format!("v={segment}");
        url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()).collect()
    }
}
