//! One XML element: what every builder fills, what the reader returns, and the only code that writes XML.
//!
//! <https://www.w3.org/TR/xml/#charsets>

use std::borrow::Cow;
use std::fmt;
use std::io;

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A node of a TwiML document, with its references resolved.
///
/// `Debug` shows the shape and no values: greetings and tasks hold what a caller said.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    /// The tag, case-sensitive.
    pub name: String,
    /// Names and values, in document order.
    pub attributes: Vec<(String, String)>,
    /// The text directly inside. Beside children, only what is more than white space.
    pub text: String,
    /// The elements directly inside, in document order.
    pub children: Vec<Element>,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first element of that name directly inside.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    pub(super) fn with_text(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(name) }
    }

    /// Sets or replaces: an attribute given twice would make the whole document malformed.
    pub(super) fn set(&mut self, name: &'static str, value: impl fmt::Display) {
        let value = value.to_string();
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// The element as a document.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        self.write_document(&mut writer).expect("memory takes every byte");
        String::from_utf8(writer.into_inner()).expect("only strings were written")
    }

    fn write_document(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        self.write(writer)
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let mut tag = BytesStart::new(self.name.as_str());
        for (name, value) in &self.attributes {
            // Escapes `"`, and writes line breaks and tabs as references, which a parser would fold otherwise.
            tag.push_attribute((name.as_str(), without_illegal(value)));
        }
        if self.text.is_empty() && self.children.is_empty() {
            return writer.write_event(Event::Empty(tag));
        }
        writer.write_event(Event::Start(tag))?;
        let text = partial_escape(without_illegal(&self.text));
        writer.write_event(Event::Text(BytesText::from_escaped(text)))?;
        for child in &self.children {
            child.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new(self.name.as_str())))
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, _) in &self.attributes {
            write!(f, " {name}")?;
        }
        f.write_str(">")?;
        f.debug_list().entries(&self.children).finish()
    }
}

/// Whether XML 1.0 can carry the character at all, even as a reference.
pub(super) fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn without_illegal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_legal) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|character| is_legal(*character)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_set_twice_is_written_once() {
        let mut element = Element::new("Say");
        element.set("voice", "Polly.Amy");
        element.set("language", "en-GB");
        element.set("voice", "Polly.Joanna");
        assert!(element.to_xml().ends_with("<Say voice=\"Polly.Joanna\" language=\"en-GB\"/>"));
    }

    #[test]
    fn what_xml_cannot_carry_is_left_out_and_line_breaks_are_kept() {
        let mut element = Element::with_text("Say", "a\u{0}\u{7}\u{FFFE}\u{FFFF}b\r\nc");
        element.set("voice", "x\u{1B}\t\r\ny");
        assert!(element.to_xml().ends_with("<Say voice=\"x&#9;&#13;&#10;y\">ab&#13;\nc</Say>"));
    }
}
