//! Reads a TwiML document back, as strictly as Twilio would, and safely: what it reads may be anything.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::element::{Element, is_legal};

/// How deep elements may nest. TwiML needs four levels.
const DEEPEST: usize = 32;

/// Why a text is not a document. Never holds the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not well-formed XML. The position is in bytes, near the fault.
    #[error("not well-formed xml near byte {0}")]
    Malformed(u64),
    /// A character that XML 1.0 cannot carry, written plainly or as a reference.
    #[error("a character that xml cannot carry near byte {0}")]
    IllegalCharacter(u64),
    /// Elements nest deeper than anything Twilio runs.
    #[error("elements nest deeper than {DEEPEST} levels")]
    TooDeep,
    /// A document type: TwiML has none, and its entities are a way to attack a reader.
    #[error("a document type is not allowed")]
    DocumentType,
    /// No element at all.
    #[error("no element in the document")]
    Empty,
}

/// Reads a document into its root element. Comments and processing instructions are skipped.
///
/// # Errors
///
/// When the text is not one well-formed element of at most 32 levels.
pub fn parse(document: &str) -> Result<Element, ReadError> {
    if let Some((at, _)) = document.char_indices().find(|(_, character)| !is_legal(*character)) {
        return Err(ReadError::IllegalCharacter(at as u64));
    }
    let mut reader = Reader::from_str(document);
    reader.config_mut().enable_all_checks(true);
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(|_| ReadError::Malformed(reader.error_position()))?;
        let at = reader.buffer_position();
        match event {
            Event::Start(tag) => tree.open(element(&tag, at)?, at)?,
            Event::Empty(tag) => {
                tree.open(element(&tag, at)?, at)?;
                tree.close(at)?;
            }
            Event::End(_) => tree.close(at)?,
            Event::Text(text) => tree.text(&text.xml10_content(), at)?,
            Event::CData(text) => tree.text(&text.xml10_content(), at)?,
            Event::GeneralRef(reference) => tree.text(&resolved(&reference, at)?, at)?,
            Event::DocType(_) => return Err(ReadError::DocumentType),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return tree.finish(at),
        }
    }
}

/// The elements that are open, outermost first, and the root once it was closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn open(&mut self, element: Element, at: u64) -> Result<(), ReadError> {
        if self.root.is_some() {
            return Err(ReadError::Malformed(at));
        }
        if self.open.len() == DEEPEST {
            return Err(ReadError::TooDeep);
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self, at: u64) -> Result<(), ReadError> {
        let mut element = self.open.pop().ok_or(ReadError::Malformed(at))?;
        if !element.children.is_empty() && is_space(&element.text) {
            element.text.clear();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), ReadError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if is_space(text) => {}
            None => return Err(ReadError::Malformed(at)),
        }
        Ok(())
    }

    fn finish(self, at: u64) -> Result<Element, ReadError> {
        if self.open.is_empty() { self.root.ok_or(ReadError::Empty) } else { Err(ReadError::Malformed(at)) }
    }
}

fn element(tag: &BytesStart<'_>, at: u64) -> Result<Element, ReadError> {
    let mut element = Element::new(name(tag.name().into_inner(), at)?);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| ReadError::Malformed(at))?;
        if attribute.value.contains('<') {
            return Err(ReadError::Malformed(at));
        }
        let key = name(attribute.key.into_inner(), at)?.to_owned();
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| ReadError::Malformed(at))?;
        element.attributes.push((key, legal(value.into_owned(), at)?));
    }
    Ok(element)
}

fn resolved(reference: &BytesRef<'_>, at: u64) -> Result<String, ReadError> {
    let character = reference.resolve_char_ref().map_err(|_| ReadError::Malformed(at))?;
    let text = match character {
        Some(character) => character.to_string(),
        None => resolve_xml_entity(reference).ok_or(ReadError::Malformed(at))?.to_owned(),
    };
    legal(text, at)
}

fn legal(text: String, at: u64) -> Result<String, ReadError> {
    if text.chars().all(is_legal) { Ok(text) } else { Err(ReadError::IllegalCharacter(at)) }
}

fn name(text: &str, at: u64) -> Result<&str, ReadError> {
    let begins_well = text.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if begins_well && text.chars().all(|character| character.is_alphanumeric() || "_-.:".contains(character))
    {
        Ok(text)
    } else {
        Err(ReadError::Malformed(at))
    }
}

fn is_space(text: &str) -> bool {
    text.chars().all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::WorkflowSid;
    use crate::twiml::{Connect, Enqueue, Relay, Response, Say, Task};

    #[test]
    fn a_laid_out_document_reads_like_a_compact_one() {
        let laid_out = "<?xml version=\"1.0\"?>\n<!-- queue -->\n<Response>\n  <Say voice='Polly.Amy'>Hi &amp; \
                        <![CDATA[<bye>]]>&#33;</Say>\n  <Hangup />\n</Response>\n";
        let root = parse(laid_out).unwrap();
        assert_eq!(root.text, "");
        let say = root.child("Say").unwrap();
        assert_eq!(say.attribute("voice"), Some("Polly.Amy"));
        assert_eq!(say.attribute("Voice"), None);
        assert_eq!(say.text, "Hi & <bye>!");
        assert!(root.child("Hangup").is_some());
        assert!(root.child("Leave").is_none());
    }

    #[test]
    fn what_is_not_one_well_formed_element_is_refused() {
        for document in [
            "<Response>",
            "<Response></response>",
            "</Response>",
            "<Response/><Response/>",
            "hello",
            "<Response/>hello",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=1/>",
            "<a b=\"<\"/>",
            "<a b=\"&nbsp;\"/>",
            "<a>&nbsp;</a>",
            "<a>&#xD800;</a>",
            "<a>a & b</a>",
            "<>x</>",
            "<a",
        ] {
            assert!(matches!(parse(document), Err(ReadError::Malformed(_))), "{document}");
        }
        assert_eq!(parse(""), Err(ReadError::Empty));
        assert_eq!(parse("<?xml version=\"1.0\"?> <!-- nothing -->"), Err(ReadError::Empty));
        assert_eq!(parse("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>"), Err(ReadError::DocumentType));
        for illegal in ["<a>\u{7}</a>", "<a>&#7;</a>", "<a b=\"&#xFFFE;\"/>"] {
            assert!(matches!(parse(illegal), Err(ReadError::IllegalCharacter(_))), "{illegal}");
        }
    }

    #[test]
    fn nesting_ends_at_thirty_two_levels() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(&nested(DEEPEST)).is_ok());
        assert_eq!(parse(&nested(DEEPEST + 1)), Err(ReadError::TooDeep));
        assert_eq!(parse(&"<a>".repeat(100_000)), Err(ReadError::TooDeep));
    }

    /// Any text, with a taste for what XML treats specially.
    fn text() -> impl Strategy<Value = String> {
        let special = proptest::sample::select(
            "\0\u{7}\u{1b}\t\n\r \u{85}\u{2028}\u{feff}\u{fffd}\u{fffe}\u{ffff}\u{1ffff}<>&;\"'#x]!-/="
                .chars()
                .collect::<Vec<_>>(),
        );
        proptest::collection::vec(prop_oneof![special, any::<char>()], 0..40)
            .prop_map(|characters| characters.into_iter().collect())
    }

    /// What is more likely to get far into the parser than random characters.
    fn document() -> impl Strategy<Value = String> {
        let pieces = vec![
            "<",
            ">",
            "/>",
            "</",
            "a",
            "b",
            "<a>",
            "</a>",
            "<a ",
            "b=\"",
            "'",
            "\"",
            "&",
            "&amp;",
            "&#",
            "&#10;",
            ";",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?xml ",
            "?>",
            "<!DOCTYPE ",
            "[",
            "]",
            " ",
            "\n",
            "é",
            "\0",
        ];
        proptest::collection::vec(proptest::sample::select(pieces), 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_words_come_back_as_they_were_sent(words in text()) {
            let carried: String = words.chars().filter(|character| is_legal(*character)).collect();
            let relay = Relay::new("wss://x").greeting(&words).parameter(&words, &words);
            let response = Response::new()
                .connect(Connect::new(relay).action(&words))
                .say(Say::new(&words))
                .enqueue(Enqueue::workflow(&WorkflowSid::nobody()).task(Task::new(&words)));
            let root = parse(&response.to_xml()).unwrap();
            let connect = root.child("Connect").unwrap();
            let relay = connect.child("ConversationRelay").unwrap();
            let parameter = relay.child("Parameter").unwrap();
            prop_assert_eq!(connect.attribute("action"), Some(carried.as_str()));
            prop_assert_eq!(relay.attribute("welcomeGreeting"), Some(carried.as_str()));
            prop_assert_eq!(parameter.attribute("name"), Some(carried.as_str()));
            prop_assert_eq!(parameter.attribute("value"), Some(carried.as_str()));
            prop_assert_eq!(&root.child("Say").unwrap().text, &carried);
            let task = root.child("Enqueue").unwrap().child("Task").unwrap();
            prop_assert_eq!(&task.text, &carried);
        }

        #[test]
        fn no_input_makes_the_reader_panic_and_what_it_reads_it_can_write(
            document in prop_oneof![text(), document(), document().prop_map(|inner| format!("<a>{inner}</a>"))]
        ) {
            if let Ok(root) = parse(&document) {
                prop_assert_eq!(parse(&root.to_xml()), Ok(root));
            }
        }
    }
}
