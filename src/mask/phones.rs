//! Which digits are a phone number.
//!
//! A `+`, or groups as North America writes them, say so by themselves. Any other digits are a phone number only
//! where the words before them say so, because orders have as many.

use std::ops::Range;

use super::digits::{PHONE, Run, runs};
use super::{before, ends_of, has};

/// How many digits E.164 allows, and how few are a number that can be dialled.
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;
/// The fewest digits behind `00`, which also begins orders.
const SHORTEST_ABROAD: usize = 11;

/// Words that say that digits are a phone number. Lower case.
const CUES: [&str; 37] = [
    "phone",
    "telephone",
    "smartphone",
    "mobile",
    "cell",
    "cellphone",
    "tel",
    "whatsapp",
    "sms",
    "call me",
    "call you",
    "call him",
    "call her",
    "callback",
    "call back",
    "text me",
    "reach me",
    "reach you",
    "ring me",
    "my number is",
    "teléfono",
    "telefono",
    "celular",
    "móvil",
    "movil",
    "llámame",
    "llamarme",
    "téléphone",
    "portable",
    "rappeler",
    "telefon",
    "mobiltelefon",
    "telefonnummer",
    "handynummer",
    "rufnummer",
    "telefone",
    "telemóvel",
];

/// Words that say that digits are something else, when they stand closer. Lower case.
const OTHER: [&str; 22] = [
    "order",
    "parcel",
    "package",
    "tracking",
    "reference",
    "invoice",
    "ticket",
    "case",
    "account",
    "customer",
    "contract",
    "serial",
    "pedido",
    "paquete",
    "factura",
    "commande",
    "colis",
    "facture",
    "bestellung",
    "bestellnummer",
    "rechnung",
    "encomenda",
];

/// The digits of every phone number. `cue` is what was said before the text, in lower case.
pub(super) fn phones(text: &str, cue: &str) -> Vec<Vec<Range<usize>>> {
    let found = runs(text, &PHONE).into_iter().flat_map(|run| in_run(&run, text, cue));
    found.collect()
}

fn in_run(run: &Run, text: &str, cue: &str) -> Vec<Vec<Range<usize>>> {
    let places = |from: usize, to: usize| run.digits[from..to].iter().map(|d| d.place.clone()).collect();
    let count = run.digits.len();
    // Whatever else stands in the run belongs to a number that begins with `+`.
    let plus = run
        .edges
        .iter()
        .position(|edge| run.digits.get(*edge).is_some_and(|digit| text[..digit.place.start].ends_with('+')));
    if let Some(plus) = plus.map(|at| run.edges[at]) {
        return if LENGTHS.contains(&(count - plus)) { vec![places(plus, count)] } else { Vec::new() };
    }
    let abroad = run.digits.len() >= SHORTEST_ABROAD
        && run.digits[..2].iter().all(|digit| digit.value == 0)
        && LENGTHS.contains(&(count - 2));
    if abroad || (LENGTHS.contains(&count) && is_told(run, text, cue)) {
        return vec![places(0, count)];
    }
    grouped(run).map(|(from, to)| places(from, to)).collect()
}

/// Whether the words before a run say that it is a phone number: the last of them that says anything counts.
fn is_told(run: &Run, text: &str, cue: &str) -> bool {
    let before = before(text, run);
    let last = |words: &[&str]| words.iter().filter_map(|word| ends_of(&before, word).last()).max();
    match (last(&CUES), last(&OTHER)) {
        (Some(phone), Some(other)) => phone > other,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => has(cue, &CUES) && !has(cue, &OTHER),
    }
}

/// Groups of three, three and four digits, or with a `1` before them, as North America numbers its phones.
fn grouped(run: &Run) -> impl Iterator<Item = (usize, usize)> {
    run.edges.windows(4).filter_map(|edges| {
        let [from, second, third, to] = edges else { return None };
        let sizes = [second - from, third - second, to - third];
        // Neither an area nor an exchange begins with 0 or 1, which tells a phone from most other numbers.
        let begins = |at: usize| run.digits[at].value >= 2;
        (sizes == [3, 3, 4] && begins(*from) && begins(*second)).then(|| {
            let country = from.checked_sub(1).filter(|at| run.digits[*at].value == 1);
            (country.filter(|at| run.edges.contains(at)).unwrap_or(*from), *to)
        })
    })
}
