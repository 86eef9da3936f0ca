//! `variants.toml`: how many of the calls each variant gets.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::FileError;

/// What the prompts without a variant are called.
pub const BASE: &str = "base";
/// The name of the file beside `variants/`.
pub const SHARES: &str = "variants.toml";
/// How many variants there may be: each is a label in figures.
pub const MOST_VARIANTS: usize = 8;
/// The longest name of a variant, in characters.
const LONGEST_NAME: usize = 32;
/// All calls, in hundredths of a percent.
const ALL: u64 = 10_000;

/// The share of calls of each variant, by name, in hundredths of a percent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares(BTreeMap<String, u64>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareTable {
    share: Spanned<f64>,
}

/// Whether a variant may be called so: it is a folder, a label and a word of the settings.
pub fn is_variant(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    begins && name.len() <= LONGEST_NAME && name.bytes().all(plain) && name != BASE
}

impl Shares {
    /// Reads the file; `known` are the variants that there are.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub(crate) fn read(file: &str, text: &str, known: &[String]) -> Result<Self, FileError> {
        let tables: BTreeMap<Spanned<String>, ShareTable> =
            toml::from_str(text).map_err(|error| FileError::toml(file, text, 0, &error))?;
        let mut tables: Vec<_> = tables.into_iter().collect();
        tables.sort_by_key(|(name, _)| name.span().start);
        let mut shares = BTreeMap::new();
        let mut sum = 0;
        for (name, table) in tables {
            let at = |begins: usize, cause: String| {
                let line = 1 + text.bytes().take(begins).filter(|byte| *byte == b'\n').count();
                FileError::at(file, line, cause)
            };
            let (begins, name) = (name.span().start, name.into_inner());
            if !known.contains(&name) {
                return Err(at(begins, format!("there is no variant `{name}`: no folder `variants/{name}`")));
            }
            let (begins, percent) = (table.share.span().start, table.share.into_inner());
            let hundredths = (percent * 100.0).round();
            if !(0.0..=100.0).contains(&percent) || (percent * 100.0 - hundredths).abs() > 1e-6 {
                let cause = "`share` must lie between 0 and 100 percent, with two decimals at most";
                return Err(at(begins, cause.to_owned()));
            }
            sum += hundredths as u64;
            if sum > ALL {
                return Err(at(begins, "with this the shares add up to more than 100 percent".to_owned()));
            }
            shares.insert(name, hundredths as u64);
        }
        Ok(Self(shares))
    }

    /// The share of a variant, or what is left for the base, in percent.
    pub fn of(&self, name: &str) -> f64 {
        let hundredths = match name {
            BASE => ALL - self.0.values().sum::<u64>(),
            name => self.0.get(name).copied().unwrap_or(0),
        };
        hundredths as f64 / 100.0
    }

    /// The variant of a call; `None` for the base. The same for the same call, on every node that has these shares.
    pub fn pick(&self, call_sid: &str) -> Option<&str> {
        let hash = Sha256::new().chain_update("warmline variant ").chain_update(call_sid).finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        let place = u64::from_be_bytes(first) % ALL;
        let mut end = 0;
        let mut shares = self.0.iter();
        let found = shares.find(|(_, share)| {
            end += **share;
            place < end
        });
        found.map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Shares, String> {
        let known = ["brief", "formal"].map(str::to_owned);
        Shares::read("variants.toml", text, &known).map_err(|error| error.to_string())
    }

    #[test]
    fn shares_are_percent_and_the_base_has_the_rest() {
        let shares = read("[brief]\nshare = 10\n[formal]\nshare = 0.25\n").unwrap();
        assert_eq!((shares.of("brief"), shares.of("formal"), shares.of(BASE)), (10.0, 0.25, 89.75));
        assert_eq!(read("").unwrap().of(BASE), 100.0);
        assert_eq!(read("[brief]\nshare = 100").unwrap().of(BASE), 0.0);
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (text, expected) in [
            ("[brief]\nshare = 110", "variants.toml:2: `share` must lie between 0 and 100"),
            ("[brief]\nshare = -1", "variants.toml:2: `share` must lie"),
            ("[brief]\nshare = nan", "variants.toml:2: `share` must lie"),
            ("[brief]\nshare = 0.125", "variants.toml:2: `share` must lie"),
            ("[brief]\n\nshre = 1", "variants.toml:3: unknown field `shre`"),
            ("[brief]\nshare = \"10%\"", "variants.toml:2: invalid type"),
            ("[formal]\nshare = 60\n[brief]\nshare = 50", "variants.toml:4: with this the shares add up"),
            ("\n[breif]\nshare = 10", "variants.toml:2: there is no variant `breif`"),
            ("[brief]\n", "variants.toml:1: missing field `share`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn every_call_gets_one_variant_and_each_variant_its_share() {
        let shares = read("[brief]\nshare = 10\n[formal]\nshare = 30").unwrap();
        let mut counts = BTreeMap::new();
        for number in 0..20_000 {
            let call = format!("CA{number:032x}");
            assert_eq!(shares.pick(&call), shares.clone().pick(&call));
            *counts.entry(shares.pick(&call).unwrap_or(BASE)).or_insert(0_u32) += 1;
        }
        for (name, percent) in [("brief", 10.0), ("formal", 30.0), (BASE, 60.0)] {
            let got = f64::from(counts[name]) / 200.0;
            assert!((got - percent).abs() < 1.0, "{name}: {got}");
        }
    }

    #[test]
    fn the_choice_is_the_same_in_every_release() {
        // Nodes of two releases share calls while one is rolled out.
        let shares = read("[brief]\nshare = 50").unwrap();
        let picked: String = (0..16)
            .map(|number| if shares.pick(&format!("CA{number:032x}")).is_some() { 'v' } else { '.' })
            .collect();
        assert_eq!(picked, "vvv...vvvvvvv.v.");
    }

    #[test]
    fn a_share_of_nothing_and_of_everything_hold() {
        let (none, all) = (read("[brief]\nshare = 0").unwrap(), read("[brief]\nshare = 100").unwrap());
        for number in 0..1_000 {
            let call = format!("CA{number}");
            assert_eq!((none.pick(&call), all.pick(&call)), (None, Some("brief")));
        }
    }

    #[test]
    fn names_are_plain_words() {
        for (name, fits) in [
            ("brief", true),
            ("v2-short_greeting", true),
            ("2", true),
            ("base", false),
            ("", false),
            ("-x", false),
            ("Brief", false),
            ("a b", false),
            ("kürzer", false),
        ] {
            assert_eq!(is_variant(name), fits, "{name}");
        }
        assert!(!is_variant(&"x".repeat(33)));
    }
}
