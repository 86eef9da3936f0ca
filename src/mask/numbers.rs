//! Which digits are a payment card or a social security number.

use std::ops::Range;

use super::digits::{Digit, Run};

const SHORTEST_CARD: usize = 13;
const LONGEST_CARD: usize = 19;
/// How much of a card's number may be kept: PCI DSS allows its last four digits.
const KEPT: usize = 4;

/// A payment card in a run of digits.
pub(super) struct Card {
    /// The places of its digits, but for the last four.
    pub(super) hidden: Vec<Range<usize>>,
    /// Where it ends in the text.
    pub(super) end: usize,
}

/// Every card of a run.
pub(super) fn cards(run: &Run) -> Vec<Card> {
    let mut cards = Vec::new();
    let mut from = 0;
    while from + 1 < run.edges.len() {
        // The longest number that begins at this group; a number never begins or ends within one.
        let ends = run.edges[from + 1..].iter().rev();
        let card = ends.map(|end| &run.digits[run.edges[from]..*end]).find(|digits| is_card(digits));
        match card {
            Some(digits) => {
                cards.push(Card {
                    hidden: digits[..digits.len() - KEPT].iter().map(|digit| digit.place.clone()).collect(),
                    end: digits[digits.len() - 1].place.end,
                });
                let end = run.edges[from] + digits.len();
                from = run.edges.iter().position(|edge| *edge == end).unwrap_or(run.edges.len());
            }
            None => from += 1,
        }
    }
    cards
}

fn is_card(digits: &[Digit]) -> bool {
    (SHORTEST_CARD..=LONGEST_CARD).contains(&digits.len()) && is_issued(digits) && has_check_digit(digits)
}

/// Whether a network issues numbers that begin so and have this length.
fn is_issued(digits: &[Digit]) -> bool {
    let prefix =
        |count: usize| digits[..count].iter().fold(0, |number, digit| number * 10 + u32::from(digit.value));
    let (one, two, three, four) = (prefix(1), prefix(2), prefix(3), prefix(4));
    match digits.len() {
        13 => one == 4,
        14 => (300..=305).contains(&three) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        // Visa, Mastercard, Discover, JCB, Diners, UnionPay, Maestro.
        16 => {
            matches!(one, 4..=6)
                || (2221..=2720).contains(&four)
                || (3528..=3589).contains(&four)
                || two == 36
        }
        17 | 18 => two == 62 || matches!(two, 50 | 56..=58) || one == 6,
        _ => one == 4 || one == 6 || matches!(two, 50 | 56..=58) || (3528..=3589).contains(&four),
    }
}

/// The check digit of ISO/IEC 7812-1, known as Luhn's.
fn has_check_digit(digits: &[Digit]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit.value)) {
            (0, value) => value,
            (_, value) if value > 4 => value * 2 - 9,
            (_, value) => value * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The places of digits written as a social security number is: three, two and four, set apart alike.
pub(super) fn hyphenated_ssns(run: &Run, text: &str) -> Vec<Range<usize>> {
    let between = |edge: usize| {
        // What stands before the group that begins at this edge, within the run.
        let (before, after) = (edge.checked_sub(1)?, run.digits.get(edge)?);
        Some(&text[run.digits[before].place.end..after.place.start])
    };
    let mut hidden = Vec::new();
    for edges in run.edges.windows(4) {
        let sizes = [edges[1] - edges[0], edges[2] - edges[1], edges[3] - edges[2]];
        let inner = between(edges[1]);
        let alike = sizes == [3, 2, 4]
            && inner == between(edges[2])
            && matches!(inner, Some("-" | " "))
            && between(edges[0]) != inner
            && between(edges[3]) != inner;
        let digits = &run.digits[edges[0]..edges[3]];
        if alike && is_assigned(digits) {
            hidden.extend(digits.iter().map(|digit| digit.place.clone()));
        }
    }
    hidden
}

/// Whether such a number can have been given to anybody.
fn is_assigned(digits: &[Digit]) -> bool {
    let number =
        |range: Range<usize>| digits[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit.value));
    !matches!(number(0..3), 0 | 666) && number(3..5) != 0 && number(5..9) != 0
}
