//! The words that stand in for characters a voice would stumble over, one fixed table per language.

/// What is said for a character that has no sound of its own.
#[derive(Debug)]
pub(super) struct Table {
    /// The `.` of a host name.
    pub(super) dot: &'static str,
    /// `&`
    pub(super) and: &'static str,
    /// `<`
    pub(super) less: &'static str,
    /// `>`
    pub(super) greater: &'static str,
    /// `<=`
    pub(super) at_most: &'static str,
    /// `>=`
    pub(super) at_least: &'static str,
}

impl Table {
    /// The table of a BCP-47 tag's primary subtag; English for a language without one.
    pub(super) fn of(language: &str) -> &'static Self {
        match primary_subtag(language).to_ascii_lowercase().as_str() {
            "es" => &SPANISH,
            "fr" => &FRENCH,
            "de" => &GERMAN,
            "pt" => &PORTUGUESE,
            _ => &ENGLISH,
        }
    }
}

fn primary_subtag(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or_default()
}

static ENGLISH: Table = Table {
    dot: "dot",
    and: "and",
    less: "less than",
    greater: "greater than",
    at_most: "less than or equal to",
    at_least: "greater than or equal to",
};

static SPANISH: Table = Table {
    dot: "punto",
    and: "y",
    less: "menor que",
    greater: "mayor que",
    at_most: "menor o igual que",
    at_least: "mayor o igual que",
};

static FRENCH: Table = Table {
    dot: "point",
    and: "et",
    less: "inférieur à",
    greater: "supérieur à",
    at_most: "inférieur ou égal à",
    at_least: "supérieur ou égal à",
};

static GERMAN: Table = Table {
    dot: "Punkt",
    and: "und",
    less: "kleiner als",
    greater: "größer als",
    at_most: "kleiner oder gleich",
    at_least: "größer oder gleich",
};

static PORTUGUESE: Table = Table {
    dot: "ponto",
    and: "e",
    less: "menor que",
    greater: "maior que",
    at_most: "menor ou igual a",
    at_least: "maior ou igual a",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_subtag_picks_the_table() {
        for (tag, and) in [
            ("en-US", "and"),
            ("es-MX", "y"),
            ("ES", "y"),
            ("fr_CA", "et"),
            ("de-CH-1996", "und"),
            ("pt-BR", "e"),
            ("est", "and"),
            ("ja-JP", "and"),
            ("", "and"),
        ] {
            assert_eq!(Table::of(tag).and, and, "{tag}");
        }
    }
}
