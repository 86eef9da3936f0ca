//! How a look at the held characters ends.

/// What follows the characters that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// More may come, and there is room to wait for it.
    Coming,
    /// More may come, but nothing more may be held: decide now.
    Full,
    /// Nothing: the reply is over.
    Over,
}

/// Whether the held characters begin with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan<T> {
    /// They do.
    Is(T),
    /// They do not, whatever follows.
    Not,
    /// That depends on what follows.
    Wait,
}

impl<T> Scan<T> {
    /// For a look that came to the end of the held characters: wait if one may, else `otherwise`.
    pub(super) fn at_end(rest: Rest, otherwise: Self) -> Self {
        match rest {
            Rest::Coming => Self::Wait,
            Rest::Full | Rest::Over => otherwise,
        }
    }

    /// What `other` finds, if this look found nothing.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::Not) { other() } else { self }
    }
}

/// Whether `text` begins with `prefix`, which is lower-case ASCII, in any case.
pub(super) fn prefix(text: &str, prefix: &str) -> Scan<()> {
    let shared = text.len().min(prefix.len());
    if !text.as_bytes()[..shared].eq_ignore_ascii_case(&prefix.as_bytes()[..shared]) {
        Scan::Not
    } else if shared == prefix.len() {
        Scan::Is(())
    } else {
        Scan::Wait
    }
}

/// The length in bytes of the run that `text` begins with.
pub(super) fn run(text: &str, member: impl Fn(char) -> bool) -> usize {
    text.find(|c| !member(c)).unwrap_or(text.len())
}
