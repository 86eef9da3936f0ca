//! The command line of `warmline eval`.

use std::path::PathBuf;

/// Measure prompts and models on scenarios, before they meet callers
///
/// Without a model configured, the embedded agent is measured. Exit code 0 says that the run is over and no threshold was
/// missed, 1 that a threshold was missed or nothing could be held, 64 that the command line, a scenario or a prompt makes
/// no sense. docs/EVAL.md tells how to write scenarios, and how to read the figures.
#[derive(Debug, Clone, clap::Args)]
pub struct EvalArgs {
    /// A folder of scenarios, the folder of one trade, or one file
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// How often each scenario is tried
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub trials: u32,
    /// How many trials run at once [default: 4 with a model, else one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Only scenarios whose name contains this, or fits it where it has a `*`; may be given again
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Only scenarios with this tag; may be given again
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// No scenarios with this tag; may be given again
    #[arg(long, value_name = "TAG")]
    pub skip_tag: Vec<String>,
    /// The model to ask, over OPENAI_MODEL
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The variant of the prompts to measure; `base` is what stands in the folder itself
    #[arg(long, value_name = "NAME", conflicts_with = "compare")]
    pub variant: Option<String>,
    /// Compare two, on the same scenarios: each a folder of prompts, a variant, or model:NAME
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Option<Vec<String>>,
    /// Exit with 1 where figures are worse: `0.9` (the share that passes), or `pass=0.9,missed=0.05`; of two that are
    /// compared, the second counts
    #[arg(long, value_name = "RATE")]
    pub fail_under: Option<String>,
    /// Write everything that was found as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the trials as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write one page with figures and transcripts
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// The model that plays callers in scenarios without lines of their own
    #[arg(long, value_name = "MODEL")]
    pub caller_model: Option<String>,
    /// Where that model is [default: OPENAI_BASE_URL]
    #[arg(long, value_name = "URL", requires = "caller_model")]
    pub caller_base_url: Option<String>,
    /// The environment variable with its key [default: OPENAI_API_KEY]
    #[arg(long, value_name = "NAME", requires = "caller_model")]
    pub caller_key: Option<String>,
    /// Another model gives each trial 1 to 5; no check and no threshold hangs on it
    #[arg(long, value_name = "MODEL")]
    pub judge: Option<String>,
    /// Where that model is [default: OPENAI_BASE_URL]
    #[arg(long, value_name = "URL", requires = "judge")]
    pub judge_base_url: Option<String>,
    /// The environment variable with its key [default: OPENAI_API_KEY]
    #[arg(long, value_name = "NAME", requires = "judge")]
    pub judge_key: Option<String>,
    /// Sent to the provider, so that its randomness is the same again where it can do that
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The price of a million tokens read; two, with a comma, where models are compared
    #[arg(long, value_name = "PRICE", value_delimiter = ',', requires = "price_out")]
    pub price_in: Vec<f64>,
    /// The price of a million tokens written
    #[arg(long, value_name = "PRICE", value_delimiter = ',', requires = "price_in")]
    pub price_out: Vec<f64>,
    /// Do not ask the provider how many tokens it were, for servers that refuse the question
    #[arg(long)]
    pub estimate_tokens: bool,
}

impl EvalArgs {
    /// Whether a scenario of this name with these tags is wanted.
    pub(super) fn wants(&self, name: &str, tags: &[String]) -> bool {
        let tagged = |tag: &String| tags.contains(tag);
        (self.only.is_empty() || self.only.iter().any(|pattern| fits(pattern, name)))
            && (self.tag.is_empty() || self.tag.iter().any(tagged))
            && !self.skip_tag.iter().any(tagged)
    }

    /// The prices of subject `index`.
    pub(super) fn prices(&self, index: usize) -> Option<(f64, f64)> {
        let of = |prices: &[f64]| prices.get(index).or(prices.first()).copied();
        of(&self.price_in).zip(of(&self.price_out))
    }
}

/// Whether a name contains the pattern; whether all of it fits one with a `*`.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else { return name.contains(pattern) };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_by_a_part_or_by_a_pattern() {
        for (pattern, fitting) in [
            ("key", true),
            ("parcel/*", true),
            ("*zero", true),
            ("p*l/*_z*o", true),
            ("*", true),
            ("parcel", true),
            ("clinic/*", false),
            ("key*", false),
            ("*parcel/key_zero_*", false),
            ("parcel/key_zero*key_zero", false),
        ] {
            assert_eq!(fits(pattern, "parcel/key_zero"), fitting, "{pattern}");
        }
    }
}
