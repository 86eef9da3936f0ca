//! Where typed lines come from. Reading blocks, so it has a thread of its own.

use std::io::{self, BufRead as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustyline::error::ReadlineError;
use rustyline::{DefaultEditor, ExternalPrinter};
use tokio::sync::mpsc;

const PROMPT: &str = "you> ";

/// Lines as they are typed; `None` when no more will come.
pub(super) struct Typed {
    lines: mpsc::Receiver<String>,
    enough: Arc<AtomicBool>,
    /// Somebody sits there: lines need not wait their turn, and are seen already.
    pub(super) live: bool,
}

/// Prints above the line that is being typed, whole lines at a time.
pub(super) struct AbovePrompt<P> {
    printer: P,
    pending: String,
}

impl Typed {
    pub(super) async fn next(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Nothing more is wanted: the next line typed is the last one. Returns when the terminal is its old self.
    pub(super) async fn leave(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        while self.lines.recv().await.is_some() {}
    }

    #[cfg(test)]
    pub(super) fn of(lines: &[&str]) -> Self {
        let (sender, receiver) = mpsc::channel(lines.len().max(1));
        for line in lines {
            sender.try_send((*line).to_owned()).expect("there is room for all");
        }
        Self { lines: receiver, enough: Arc::default(), live: false }
    }
}

impl<P: ExternalPrinter> Write for AbovePrompt<P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.printer.print(std::mem::take(&mut self.pending)).map_err(io::Error::other)
    }
}

/// Lines with editing and a history, while what happens is printed above them.
pub(super) fn terminal() -> Result<(Typed, AbovePrompt<impl ExternalPrinter>), ReadlineError> {
    let mut editor = DefaultEditor::new()?;
    let printer = editor.create_external_printer()?;
    let typed = read(true, move || {
        let line = editor.readline(PROMPT).ok()?;
        // The history is a comfort: a line that it does not take was typed all the same.
        let _ = editor.add_history_entry(&line);
        Some(line)
    });
    Ok((typed, AbovePrompt { printer, pending: String::new() }))
}

/// Lines of whatever is connected instead of a keyboard, or of one that is `live` and bare.
pub(super) fn pipe(live: bool) -> Typed {
    read(live, || io::stdin().lock().lines().next()?.ok())
}

fn read(live: bool, mut next: impl FnMut() -> Option<String> + Send + 'static) -> Typed {
    let (sender, lines) = mpsc::channel(1);
    let enough = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&enough);
    // Not joined: a read that is under way ends with the process.
    thread::spawn(move || {
        while let Some(line) = next() {
            let last = line.trim() == "/hangup";
            if sender.blocking_send(line).is_err() || over.load(Ordering::Relaxed) || last {
                return;
            }
        }
    });
    Typed { lines, enough, live }
}
