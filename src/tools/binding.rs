//! `http` of a manifest: which request a tool is, read and checked before any call.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Means;
use super::address::Address;
use super::answer::{AnswerTable, LONGEST, Taking};
use super::secret::{Given, Secrets};
use super::template::{Place, Template, Values};
use crate::chat::Effect;
use crate::pii::Pii;

/// The largest answer that may be read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The header of the key by which an endpoint knows a request that it had before:
/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>
const KEY_HEADER: &str = "idempotency-key";
/// Headers that belong to the connection or to the body.
const NOT_OURS: [&str; 7] =
    ["connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"];

/// A mistake: the text to look for in the file, and what is wrong there.
pub(super) type Mistake = (String, String);

/// `http`, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTable {
    url: String,
    #[serde(default)]
    method: Method,
    #[serde(default)]
    headers: BTreeMap<String, Given>,
    body: Option<Value>,
    retry: Option<RetryTable>,
    #[serde(default)]
    answer: AnswerTable,
    max_bytes: Option<usize>,
    idempotency_header: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    #[default]
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryTable {
    times: u32,
    #[serde(default = "pause")]
    wait_ms: u64,
}

fn pause() -> u64 {
    250
}

/// A request that was read.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) method: reqwest::Method,
    pub(super) address: Address,
    pub(super) headers: Vec<(HeaderName, Header)>,
    pub(super) body: Body,
    /// How many times it is tried again, and how long the first pause is.
    pub(super) retry: (u32, Duration),
    pub(super) taking: Taking,
    pub(super) most_bytes: usize,
    /// The header of the idempotency key, on what changes something.
    pub(super) key_header: Option<HeaderName>,
    /// The keys that are sent.
    pub(super) keys: Vec<Pii<String>>,
}

/// The value of a header.
#[derive(Debug, Clone)]
pub(super) enum Header {
    Text(Template),
    /// Marked as sensitive, so that nothing prints it.
    Secret(HeaderValue),
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Nothing,
    /// The checked arguments as they are.
    Arguments,
    Shape(Shape),
}

/// JSON with places for values.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Fixed(Value),
    Text(Template),
    List(Vec<Shape>),
    Object(Vec<(String, Shape)>),
}

impl HttpTable {
    /// What an interrupt may do, if the manifest does not say.
    pub(super) fn effect(&self) -> Effect {
        if self.method == Method::Get { Effect::Read } else { Effect::Write }
    }

    /// Reads it. `parameters` is the schema of the arguments.
    pub(super) fn read(self, effect: Effect, parameters: &Value, means: &Means) -> Result<Binding, Mistake> {
        let address = Address::parse(&self.url).map_err(|cause| mistake("url", cause))?;
        means.hosts.check(address.base()).map_err(|cause| mistake("url", cause))?;
        let (headers, keys) = headers(self.headers, &means.secrets)?;
        let body = body(self.method, self.body)?;
        let (taking, most_bytes) = (self.answer.read(), self.max_bytes.unwrap_or(LONGEST));
        if !(1..=LARGEST).contains(&most_bytes) {
            return Err(mistake("max_bytes", format!("`max_bytes` must lie between 1 and {LARGEST}")));
        }
        let retry = self.retry.map_or(Ok((0, Duration::ZERO)), RetryTable::read)?;
        let key_header = match effect {
            Effect::Read => None,
            Effect::Write => {
                let name = self.idempotency_header.as_deref().unwrap_or(KEY_HEADER);
                Some(header_name(name).map_err(|cause| mistake("idempotency_header", cause))?)
            }
        };
        let binding = Binding {
            method: self.method.into(),
            address,
            headers,
            body,
            retry,
            taking: taking.map_err(|(key, cause)| mistake(key, cause))?,
            most_bytes,
            key_header,
            keys,
        };
        binding.check_places(parameters)?;
        Ok(binding)
    }
}

fn mistake(key: &str, cause: impl Into<String>) -> Mistake {
    (key.to_owned(), cause.into())
}

impl RetryTable {
    fn read(self) -> Result<(u32, Duration), Mistake> {
        if !(1..=5).contains(&self.times) {
            return Err(mistake("times", "`times` must lie between 1 and 5"));
        }
        if !(10..=10_000).contains(&self.wait_ms) {
            return Err(mistake("wait_ms", "`wait_ms` must lie between 10 and 10000"));
        }
        Ok((self.times, Duration::from_millis(self.wait_ms)))
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

impl Binding {
    /// Whether each place can have a value.
    fn check_places(&self, parameters: &Value) -> Result<(), Mistake> {
        let known = parameters.get("properties").and_then(Value::as_object);
        let required = parameters.get("required").and_then(Value::as_array);
        let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|one| one.as_str() == Some(name)))
        };
        let headers = self.headers.iter().filter_map(|(_, value)| match value {
            Header::Text(template) => Some(template.places()),
            Header::Secret(_) => None,
        });
        let mut places: Vec<&Place> = self.address.needed().chain(self.address.wanted()).collect();
        places.extend(headers.flatten());
        if let Body::Shape(shape) = &self.body {
            shape.places(&mut places);
        }
        for place in places {
            if let Some(name) = place.argument().filter(|name| !is_known(name)) {
                let cause =
                    format!("`{{{}}}` stands for `{name}`, which is not among the parameters", place.name());
                return Err((format!("{{{}}}", place.name()), cause));
            }
        }
        for place in self.address.needed() {
            if let Some(name) = place.argument().filter(|name| !is_required(name)) {
                let cause =
                    format!("`{{{}}}` stands in the path, so `{name}` must be required", place.name());
                return Err((format!("{{{}}}", place.name()), cause));
            }
        }
        Ok(())
    }
}

/// The headers with their names in order, and the keys among them.
type Headers = (Vec<(HeaderName, Header)>, Vec<Pii<String>>);

fn headers(given: BTreeMap<String, Given>, secrets: &Secrets) -> Result<Headers, Mistake> {
    let (mut headers, mut keys) = (Vec::new(), Vec::new());
    for (name, value) in given {
        let header = header_name(&name).map_err(|cause| mistake(&name, cause))?;
        let value = match value {
            Given::Text(text) => {
                let template = Template::parse(&text).map_err(|cause| mistake(&name, cause))?;
                Header::Text(template)
            }
            Given::Secret(named) => {
                let (value, key) =
                    secret_header(&named, secrets).map_err(|cause| mistake(named.name(), cause))?;
                keys.push(key);
                Header::Secret(value)
            }
        };
        headers.push((header, value));
    }
    Ok((headers, keys))
}

/// A header that holds a key, and the key.
pub(super) fn secret_header(
    named: &super::secret::Named,
    secrets: &Secrets,
) -> Result<(HeaderValue, Pii<String>), String> {
    let (text, key) = named.find(secrets)?;
    let value = HeaderValue::from_str(text.expose());
    let mut value = value.map_err(|_| format!("`{}` holds what no header can hold", named.name()))?;
    value.set_sensitive(true);
    Ok((value, key))
}

/// The name of a header that a manifest may set.
pub(super) fn header_name(name: &str) -> Result<HeaderName, String> {
    let header = HeaderName::from_bytes(name.as_bytes());
    let header = header.map_err(|_| format!("`{name}` is no name of a header"))?;
    if NOT_OURS.contains(&header.as_str()) {
        return Err(format!("`{name}` is set by Warmline"));
    }
    Ok(header)
}

fn body(method: Method, given: Option<Value>) -> Result<Body, Mistake> {
    match (method, given) {
        (Method::Get, Some(_)) => Err(mistake("body", "a GET has no `body`")),
        (Method::Get | Method::Delete, None) => Ok(Body::Nothing),
        (Method::Post | Method::Put | Method::Patch, None) => Ok(Body::Arguments),
        (_, Some(shape)) => Shape::read(shape).map(Body::Shape).map_err(|cause| mistake("body", cause)),
    }
}

impl Shape {
    fn read(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(&text)?),
            Value::Array(items) => Self::List(items.into_iter().map(Self::read).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let member = |(name, value)| Self::read(value).map(|shape| (name, shape));
                Self::Object(members.into_iter().map(member).collect::<Result<_, String>>()?)
            }
            fixed @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Self::Fixed(fixed),
        })
    }

    fn places<'a>(&'a self, to: &mut Vec<&'a Place>) {
        match self {
            Self::Fixed(_) => {}
            Self::Text(template) => to.extend(template.places()),
            Self::List(items) => items.iter().for_each(|item| item.places(to)),
            Self::Object(members) => members.iter().for_each(|(_, member)| member.places(to)),
        }
    }

    /// The JSON with its values; nothing where a value is absent. A text that is one place alone is what the
    /// argument is: a number, a list, an object.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<Option<Value>, String> {
        Ok(match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Text(template) => match template.alone() {
                Some(place) => place.value(values),
                None => template.fill(values, super::template::plainly)?.map(Value::from),
            },
            Self::List(items) => {
                let filled: Result<Vec<_>, String> = items.iter().map(|item| item.fill(values)).collect();
                Some(Value::Array(filled?.into_iter().flatten().collect()))
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    if let Some(value) = member.fill(values)? {
                        object.insert(name.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
        })
    }
}
