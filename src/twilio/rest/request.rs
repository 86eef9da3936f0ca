//! What is asked.

use serde_json::Value;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::Product;

/// Whether something is read or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

/// A request, in parts.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) product: Product,
    pub(super) verb: Verb,
    path: String,
    query: Vec<(String, String)>,
    form: Vec<(&'static str, String)>,
    /// The version of the resource that is to be changed, and no other.
    pub(super) version: Option<String>,
}

impl Request {
    /// Reads the resource at a path of these segments.
    pub(super) fn get(product: Product, segments: &[&str]) -> Self {
        Self::new(product, Verb::Get, segments)
    }

    /// Makes or changes the resource at a path of these segments.
    pub(super) fn post(product: Product, segments: &[&str]) -> Self {
        Self::new(product, Verb::Post, segments)
    }

    fn new(product: Product, verb: Verb, segments: &[&str]) -> Self {
        let encoded =
            |segment: &&str| byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20");
        let path = segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
        Self { product, verb, path, query: Vec::new(), form: Vec::new(), version: None }
    }

    /// The same with a parameter of the address, if there is a value.
    pub(super) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    /// The same with a field of the form, if there is a value.
    pub(super) fn field(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.form.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// The same with a field that is there once for each value.
    pub(super) fn fields(mut self, name: &'static str, values: &[&str]) -> Self {
        self.form.extend(values.iter().map(|value| (name, (*value).to_owned())));
        self
    }

    /// The same, to be done only if the resource is still of this version.
    pub(super) fn only_if(self, version: Option<&str>) -> Self {
        Self { version: version.map(str::to_owned), ..self }
    }

    pub(super) fn path_and_query(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        let query = Serializer::new(String::new()).extend_pairs(&self.query).finish();
        format!("{}?{query}", self.path)
    }

    pub(super) fn body(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.form).finish()
    }

    /// What asks for the page after this one. Its address is Twilio's, but the host stays ours: the credentials go
    /// nowhere else.
    pub(super) fn next_page(&self, page: &Value) -> Option<Self> {
        let of_v1 = page["meta"]["next_page_url"].as_str();
        let next = page["next_page_uri"].as_str().or(of_v1).filter(|next| !next.is_empty())?;
        // The host of a path alone does not matter.
        let base = Url::parse("https://api.twilio.com").ok()?;
        let next = base.join(next).ok()?;
        let query = next.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        (next.path() == self.path).then(|| Self { query, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_a_path_adds_nothing_to_it() {
        let request = Request::get(Product::Api, &["2010-04-01", "a/../b?c#d e"]);
        assert_eq!(request.path_and_query(), "/2010-04-01/a%2F..%2Fb%3Fc%23d%20e");
    }

    #[test]
    fn the_next_page_is_asked_for_at_the_host_of_the_first() {
        let first = Request::get(Product::TaskRouter, &["v1", "x"]).query("PageSize", Some(2));
        let next = |page: Value| first.next_page(&page).map(|request| request.path_and_query());
        let token = Some("/v1/x?PageSize=2&PageToken=PA+1".to_owned());
        assert_eq!(next(json!({"next_page_uri": "/v1/x?PageSize=2&PageToken=PA%201"})), token);
        let elsewhere = "https://evil.example.com/v1/x?PageSize=2&PageToken=PA%201";
        assert_eq!(next(json!({"meta": {"next_page_url": elsewhere}})), token);
        for last in [json!({}), json!({"next_page_uri": null}), json!({"next_page_uri": ""})] {
            assert_eq!(next(last), None);
        }
        assert_eq!(next(json!({"next_page_uri": "/v1/other"})), None);
    }
}
