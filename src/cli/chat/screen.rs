//! What is shown of a call. Colour never carries a meaning of its own: every line says in words what it is.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::Value;

use crate::caller::{Cut, report};
use crate::twiml::Element;

/// Where the call is shown.
pub(super) struct Screen<W> {
    out: W,
    colour: bool,
    /// The reply whose clauses are being shown.
    reply: Option<usize>,
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Dim,
    Struck,
    Bold,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W, colour: bool) -> Self {
        Self { out, colour, reply: None }
    }

    /// A clause of the AI that was just heard.
    pub(super) fn ai(&mut self, reply: Option<usize>, clause: &str) -> io::Result<()> {
        let label = if reply.is_some() && reply == self.reply { "     " } else { "ai   " };
        self.reply = reply;
        self.lines(&report::wrapped(label, clause), Style::Plain)
    }

    /// What the caller says, where nobody typed it.
    pub(super) fn caller(&mut self, words: &str) -> io::Result<()> {
        self.reply = None;
        self.lines(&report::wrapped("you  ", words), Style::Bold)
    }

    /// The end of a reply, and how long its first token took.
    pub(super) fn answered(&mut self, first_token: Duration) -> io::Result<()> {
        self.reply = None;
        let milliseconds = first_token.as_secs_f64() * 1000.0;
        let digits = usize::from(milliseconds < 10.0);
        self.aside(&format!("first token after {milliseconds:.digits$} ms"))
    }

    /// What an interrupt cut off.
    pub(super) fn cut(&mut self, cut: &Cut) -> io::Result<()> {
        self.reply = None;
        if cut.heard.trim().is_empty() {
            self.aside("cut off before a word of it was heard")?;
        } else {
            self.aside("cut off there")?;
        }
        if cut.unheard.trim().is_empty() {
            return Ok(());
        }
        self.lines(&report::wrapped("     never heard: ", &cut.unheard), Style::Struck)
    }

    /// A remark.
    pub(super) fn aside(&mut self, text: &str) -> io::Result<()> {
        self.lines(&report::wrapped("     ", &format!("({text})")), Style::Dim)
    }

    /// A remark in columns of its own.
    pub(super) fn aside_as_it_is(&mut self, line: &str) -> io::Result<()> {
        self.lines(&format!("     {line}"), Style::Dim)
    }

    /// What the call does next, and the Task if it goes to a person.
    pub(super) fn document(&mut self, document: &Element) -> io::Result<()> {
        self.reply = None;
        self.lines(&format!("\n{}", report::document(document)), Style::Plain)?;
        match task(document) {
            Some(task) => self.lines(&format!("\n{}", report::task(&task)), Style::Plain),
            None => Ok(()),
        }
    }

    /// Something that is not as it should be.
    pub(super) fn failure(&mut self, text: &str) -> io::Result<()> {
        self.reply = None;
        self.lines(&report::wrapped("FAIL ", text), Style::Bold)
    }

    /// Something that is as it should be.
    pub(super) fn success(&mut self, text: &str) -> io::Result<()> {
        self.reply = None;
        self.lines(&report::wrapped("ok   ", text), Style::Plain)
    }

    fn lines(&mut self, lines: &str, style: Style) -> io::Result<()> {
        let code = match style {
            Style::Plain => 0,
            Style::Bold => 1,
            Style::Dim => 2,
            Style::Struck => 9,
        };
        for line in lines.lines() {
            if self.colour && code != 0 {
                writeln!(self.out, "\u{1b}[{code}m{line}\u{1b}[0m")?;
            } else {
                writeln!(self.out, "{line}")?;
            }
        }
        self.out.flush()
    }
}

/// The Task of a document that hands the call to a person.
pub(super) fn task(document: &Element) -> Option<Value> {
    serde_json::from_str(&document.child("Enqueue")?.child("Task")?.text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(colour: bool, show: impl FnOnce(&mut Screen<&mut Vec<u8>>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        show(&mut Screen::new(&mut out, colour)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn clauses_of_one_reply_stand_below_each_other() {
        let text = shown(false, |screen| {
            screen.ai(Some(0), "Hi,")?;
            screen.ai(Some(0), " how are you?")?;
            screen.answered(Duration::from_millis(12))?;
            screen.ai(Some(1), "Still there?")?;
            screen.answered(Duration::from_micros(340))
        });
        let lines = [
            "ai   Hi,",
            "     how are you?",
            "     (first token after 12 ms)",
            "ai   Still there?",
            "     (first token after 0.3 ms)",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn what_was_never_heard_is_named_with_and_without_colour() {
        let cut = Cut { heard: "It left".into(), unheard: " the depot this morning.".into() };
        let plain = shown(false, |screen| screen.cut(&cut));
        assert_eq!(plain, "     (cut off there)\n     never heard: the depot this morning.\n");
        let coloured = shown(true, |screen| screen.cut(&cut));
        assert!(coloured.contains("\u{1b}[9m     never heard: the depot this morning.\u{1b}[0m"));
    }
}
