//! One condition, such as `traits.docs_last_2_days > 0`: a fact, an operator and what it is compared with.
//!
//! A condition about a fact that is not known does not hold, whatever its operator, except `is missing`. Texts
//! are compared without regard to case.

use std::cmp::Ordering;

use super::facts::{Fact, Facts, KNOWN, Kind, Moment, TRAITS};

/// How far a moment may lie ahead and still count as recent, in seconds: clocks differ.
const AHEAD: i64 = 300;

/// A condition that was checked when the settings were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    fact: String,
    test: Test,
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub cause: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    OneOf(Vec<Literal>),
    NoneOf(Vec<Literal>),
    /// Compares, and holds for these outcomes.
    Order(Literal, &'static [Ordering]),
    Contains(String),
    StartsWith(String),
    /// The moment is at most so many seconds ago.
    Within(i64),
    /// The moment is more than so many seconds ago.
    OlderThan(i64),
    Known,
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Flag(bool),
}

impl Condition {
    /// Reads a condition for rules that are asked at this moment. `is_listed` says whether a trait may be named.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where: a fact or an operator that is not known, a value that cannot be.
    pub fn parse(text: &str, at: Moment, is_listed: impl Fn(&str) -> bool) -> Result<Self, Fault> {
        let mut reader = Reader { text, at: 0 };
        let (fact, kind) = reader.fact(at, is_listed)?;
        let test = reader.test(kind)?;
        reader.skip_space();
        match reader.rest() {
            "" => Ok(Self { text: text.trim().to_owned(), fact, test }),
            _ => Err(reader.fault("nothing more was expected here: one condition in each text")),
        }
    }

    /// The fact it is about.
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        let Some(fact) = facts.get(&self.fact) else { return self.test == Test::Missing };
        let age = || fact.moment().map(|at| facts.now().saturating_sub(at));
        match &self.test {
            Test::OneOf(literals) => literals.iter().any(|literal| literal.is(fact)),
            Test::NoneOf(literals) => !literals.iter().any(|literal| literal.is(fact)),
            Test::Order(literal, wanted) => {
                literal.compare(fact).is_some_and(|ordering| wanted.contains(&ordering))
            }
            Test::Contains(part) => match fact {
                Fact::List(items) => items.iter().any(|item| fold(item) == *part),
                Fact::Text(text) | Fact::Time { text, .. } => fold(text).contains(part),
                Fact::Number(_) | Fact::Flag(_) => false,
            },
            Test::StartsWith(part) => fold(&fact.text()).starts_with(part),
            Test::Within(seconds) => age().is_some_and(|age| (-AHEAD..=*seconds).contains(&age)),
            Test::OlderThan(seconds) => age().is_some_and(|age| age > *seconds),
            Test::Known => true,
            Test::Missing => false,
        }
    }
}

impl Literal {
    fn is(&self, fact: &Fact) -> bool {
        match (self, fact) {
            (Self::Text(text), Fact::Text(_) | Fact::Time { .. } | Fact::Flag(_)) => {
                fold(&fact.text()) == *text
            }
            (Self::Text(text), Fact::Number(number)) => text.parse() == Ok(*number),
            (Self::Number(wanted), _) => fact.number() == Some(*wanted),
            (Self::Flag(wanted), Fact::Flag(flag)) => wanted == flag,
            (Self::Flag(wanted), Fact::Text(text)) => fold(text) == wanted.to_string(),
            (Self::Text(_) | Self::Flag(_), _) => false,
        }
    }

    /// How the fact compares with it: numbers by size, times of day and dates as they are written.
    fn compare(&self, fact: &Fact) -> Option<Ordering> {
        match (self, fact) {
            (Self::Number(number), _) => fact.number()?.partial_cmp(number),
            (Self::Text(text), Fact::Text(value)) => Some(value.as_str().cmp(text)),
            (Self::Text(_) | Self::Flag(_), _) => None,
        }
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault(&self, cause: impl Into<String>) -> Fault {
        Fault { at: self.at, cause: cause.into() }
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    /// Takes a word up to the next space or sign.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "=!<>[]\"',".contains(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn fact(&mut self, at: Moment, is_listed: impl Fn(&str) -> bool) -> Result<(String, Kind), Fault> {
        self.skip_space();
        let start = self.at;
        let fault = |cause: String| Fault { at: start, cause };
        if self.rest().starts_with("traits[") {
            self.at += "traits[".len();
            let name = self.quoted()?;
            return match (self.take("]"), is_listed(&name)) {
                (true, true) => Ok((format!("{TRAITS}{name}"), Kind::Trait)),
                (true, false) => Err(fault(unlisted(&name))),
                (false, _) => Err(self.fault("expected ]")),
            };
        }
        let name = self.word();
        if let Some(trait_name) = name.strip_prefix(TRAITS) {
            let known = is_listed(trait_name);
            return if known { Ok((name.to_owned(), Kind::Trait)) } else { Err(fault(unlisted(trait_name))) };
        }
        match KNOWN.iter().find(|known| known.name == name) {
            Some(known) if at == Moment::Start && !known.at_start => {
                Err(fault(format!("`{name}` is not known when a call comes in")))
            }
            Some(known) => Ok((name.to_owned(), known.kind)),
            None => {
                let names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
                Err(fault(format!("unknown fact `{name}`: expected traits.NAME, {}", names.join(", "))))
            }
        }
    }

    fn test(&mut self, kind: Kind) -> Result<Test, Fault> {
        use Ordering::{Equal, Greater, Less};
        self.skip_space();
        let start = self.at;
        // Longer signs first.
        for (sign, wanted) in
            [(">=", &[Greater, Equal] as &[_]), ("<=", &[Less, Equal]), (">", &[Greater]), ("<", &[Less])]
        {
            if self.take(sign) {
                return match kind {
                    Kind::Text | Kind::Words(_) => Err(Fault { at: start, cause: unfit(sign) }),
                    Kind::Number | Kind::Trait => Ok(Test::Order(self.number()?, wanted)),
                    Kind::Clock | Kind::Date => Ok(Test::Order(self.literal(kind)?, wanted)),
                };
            }
        }
        if self.take("==") {
            return Ok(Test::OneOf(vec![self.literal(kind)?]));
        }
        if self.take("!=") {
            return Ok(Test::NoneOf(vec![self.literal(kind)?]));
        }
        let words = self.operator();
        let fits = match words.as_str() {
            "in" | "not in" | "is known" | "is missing" => true,
            "contains" | "starts with" => matches!(kind, Kind::Text | Kind::Trait),
            "within" | "older than" => kind == Kind::Trait,
            _ => {
                let cause = format!(
                    "unknown operator `{words}`: expected ==, !=, <, <=, >, >=, in, not in, contains, starts \
                     with, within, older than, is known, is missing"
                );
                return Err(Fault { at: start, cause });
            }
        };
        if !fits {
            return Err(Fault { at: start, cause: unfit(&words) });
        }
        Ok(match words.as_str() {
            "in" => Test::OneOf(self.list(kind)?),
            "not in" => Test::NoneOf(self.list(kind)?),
            "is known" => Test::Known,
            "is missing" => Test::Missing,
            "contains" => Test::Contains(self.part()?),
            "starts with" => Test::StartsWith(self.part()?),
            "within" => Test::Within(self.duration()?),
            _ => Test::OlderThan(self.duration()?),
        })
    }

    /// An operator of one or two words.
    fn operator(&mut self) -> String {
        let first = self.word();
        let pairs =
            [("not", "in"), ("starts", "with"), ("older", "than"), ("is", "known"), ("is", "missing")];
        let before = self.at;
        self.skip_space();
        let second = self.word();
        if pairs.contains(&(first, second)) {
            return format!("{first} {second}");
        }
        self.at = before;
        first.to_owned()
    }

    fn list(&mut self, kind: Kind) -> Result<Vec<Literal>, Fault> {
        self.skip_space();
        if !self.take("[") {
            return Err(self.fault("expected a list such as [\"a\", \"b\"]"));
        }
        let mut literals = vec![self.literal(kind)?];
        loop {
            self.skip_space();
            if self.take("]") {
                return Ok(literals);
            }
            if !self.take(",") {
                return Err(self.fault("expected , or ]"));
            }
            literals.push(self.literal(kind)?);
        }
    }

    fn part(&mut self) -> Result<String, Fault> {
        self.skip_space();
        Ok(fold(&self.quoted()?))
    }

    fn number(&mut self) -> Result<Literal, Fault> {
        match self.literal(Kind::Number)? {
            number @ Literal::Number(_) => Ok(number),
            Literal::Text(_) | Literal::Flag(_) => Err(self.fault("expected a number")),
        }
    }

    /// A value that a fact of this kind can have.
    fn literal(&mut self, kind: Kind) -> Result<Literal, Fault> {
        self.skip_space();
        let start = self.at;
        let fault = |cause: String| Err(Fault { at: start, cause });
        if !self.rest().starts_with(['"', '\'']) {
            let word = self.word();
            let literal = match (word, word.parse::<f64>()) {
                ("true", _) => Literal::Flag(true),
                ("false", _) => Literal::Flag(false),
                (_, Ok(number)) if number.is_finite() => Literal::Number(number),
                (_, _) => return fault("expected a text in quotes, a number, true or false".to_owned()),
            };
            return match (kind, &literal) {
                (Kind::Trait, _) | (Kind::Number, Literal::Number(_)) => Ok(literal),
                (Kind::Number, _) => fault("expected a number".to_owned()),
                (Kind::Text | Kind::Words(_) | Kind::Clock | Kind::Date, _) => {
                    fault("expected a text in quotes".to_owned())
                }
            };
        }
        let text = fold(&self.quoted()?);
        match kind {
            Kind::Text | Kind::Trait => Ok(Literal::Text(text)),
            Kind::Words(words) if words.contains(&text.as_str()) => Ok(Literal::Text(text)),
            Kind::Words(words) => fault(format!("it is always one of {}", words.join(", "))),
            Kind::Number => fault("expected a number".to_owned()),
            Kind::Clock if is_clock(&text) => Ok(Literal::Text(text)),
            Kind::Clock => fault("expected a time of day such as \"08:30\"".to_owned()),
            Kind::Date if is_date(&text) => Ok(Literal::Text(text)),
            Kind::Date => fault("expected a date such as \"2026-12-24\"".to_owned()),
        }
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        let quote = self.rest().chars().next().filter(|c| *c == '"' || *c == '\'');
        let Some(quote) = quote else { return Err(self.fault("expected a text in quotes")) };
        let inner = &self.rest()[1..];
        let Some(end) = inner.find(quote) else { return Err(self.fault("the text has no end")) };
        self.at += end + 2;
        Ok(inner[..end].to_owned())
    }

    fn duration(&mut self) -> Result<i64, Fault> {
        self.skip_space();
        let start = self.at;
        let word = self.word();
        let unit = match word.chars().next_back() {
            Some('m') => 60,
            Some('h') => 60 * 60,
            Some('d') => 24 * 60 * 60,
            _ => 0,
        };
        let count = word.get(..word.len().saturating_sub(1)).unwrap_or_default().parse::<u32>();
        match count {
            Ok(count) if unit > 0 => Ok(i64::from(count) * unit),
            _ => Err(Fault { at: start, cause: "expected a time such as 30m, 24h or 7d".to_owned() }),
        }
    }
}

fn unlisted(name: &str) -> String {
    format!("the trait `{name}` is not listed in `traits` of [profile], so it is never read")
}

fn unfit(operator: &str) -> String {
    format!("`{operator}` says nothing about this fact")
}

fn is_clock(text: &str) -> bool {
    let part = |text: &str, most: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|part| part <= most);
    text.split_once(':').is_some_and(|(hours, minutes)| part(hours, 23) && part(minutes, 59))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}
