//! `knowledge.md`: what the agent may tell. A model reads its text; the embedded agent finds its topics by the
//! words a caller uses.

use std::collections::BTreeMap;

use super::FileError;

/// What the line that lists a topic's words begins with.
const WORDS: &str = "Words:";

/// What the agent knows, by language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// The primary tag of the file without a language in its name.
    first: String,
    articles: BTreeMap<String, Article>,
}

/// One knowledge file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// The text for a model: the file without its `Words:` lines.
    pub text: String,
    /// The topics, in the order of the file.
    pub topics: Vec<Topic>,
}

/// One `##` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The heading.
    pub heading: String,
    /// Words and phrases a caller uses who means this topic.
    pub words: Vec<String>,
    /// What to say, as one paragraph.
    pub answer: String,
}

impl Knowledge {
    /// Nothing yet; the file without a language in its name is written in `first`.
    pub(super) fn new(first: &str) -> Self {
        Self { first: primary(first), articles: BTreeMap::new() }
    }

    /// Adds a file; `language` is the one in its name.
    pub(super) fn add(&mut self, language: Option<&str>, article: Article) {
        let language = language.map_or_else(|| self.first.clone(), primary);
        self.articles.insert(language, article);
    }

    /// What is known in a language: in its own words, else those of the file without a language in its name.
    pub fn within(&self, language: &str) -> Option<&Article> {
        let article = self.articles.get(&primary(language)).or_else(|| self.articles.get(&self.first));
        article.or_else(|| self.articles.values().next())
    }

    /// Whether there is a file in this very language.
    pub fn speaks(&self, language: &str) -> bool {
        self.articles.contains_key(&primary(language))
    }
}

impl Article {
    pub(super) fn read(file: &str, text: &str) -> Result<Self, FileError> {
        let mut article = Self::default();
        let mut begun = 0;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            let heading = line.strip_prefix("## ");
            if let Some(heading) = heading {
                article.close(file, begun)?;
                begun = index + 1;
                let heading = heading.trim().to_owned();
                article.topics.push(Topic { heading, words: Vec::new(), answer: String::new() });
            }
            if let Some(words) = article.topics.last_mut().and_then(|topic| topic.words_in(line)) {
                article.topics.last_mut().expect("it has the words").words = words;
                continue;
            }
            if heading.is_none()
                && let Some(topic) = article.topics.last_mut()
            {
                topic.add(line);
            }
            article.text.push_str(line);
            article.text.push('\n');
        }
        article.close(file, begun)?;
        article.text = article.text.trim().to_owned();
        Ok(article)
    }

    /// Refuses a topic that was never answered.
    fn close(&self, file: &str, line: usize) -> Result<(), FileError> {
        match self.topics.last() {
            Some(topic) if topic.answer.is_empty() => {
                Err(FileError::at(file, line, "this topic has no answer"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Topic {
    /// The words a line lists, if it is the first below the heading and lists words.
    fn words_in(&self, line: &str) -> Option<Vec<String>> {
        let list = line.strip_prefix(WORDS).filter(|_| self.answer.is_empty())?;
        Some(list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn add(&mut self, line: &str) {
        let line = line.trim();
        if !line.is_empty() && !self.answer.is_empty() {
            self.answer.push(' ');
        }
        self.answer.push_str(line);
    }
}

fn primary(language: &str) -> String {
    language.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "We are Acme.\n\n## Prices\nWords: price, how much\n\nSix dollars.\nPer box.\n\n## Hours\nNine to five.\n";

    #[test]
    fn a_topic_has_words_and_an_answer_and_the_model_reads_no_words() {
        let article = Article::read("knowledge.md", TEXT).unwrap();
        let topic = |heading: &str, words: &[&str], answer: &str| Topic {
            heading: heading.into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            answer: answer.into(),
        };
        assert_eq!(
            article.topics,
            [
                topic("Prices", &["price", "how much"], "Six dollars. Per box."),
                topic("Hours", &[], "Nine to five.")
            ]
        );
        assert!(article.text.starts_with("We are Acme.") && article.text.contains("## Hours"));
        assert!(!article.text.contains("how much"));
    }

    #[test]
    fn a_topic_without_an_answer_is_reported_at_its_heading() {
        for text in ["## A\nx\n\n## B\nWords: b\n\n## C\ny\n", "## A\nx\n\n## B\n"] {
            let error = Article::read("knowledge.md", text).unwrap_err();
            assert_eq!(error.to_string(), "knowledge.md:4: this topic has no answer");
        }
    }

    #[test]
    fn a_language_without_a_file_reads_the_first_one() {
        let mut knowledge = Knowledge::new("en-US");
        let article = |text: &str| Article { text: text.into(), topics: Vec::new() };
        knowledge.add(None, article("english"));
        knowledge.add(Some("es"), article("spanish"));
        let text = |language| knowledge.within(language).map(|article| article.text.as_str());
        assert_eq!(
            (text("es-MX"), text("en-GB"), text("fr")),
            (Some("spanish"), Some("english"), Some("english"))
        );
        assert!(knowledge.speaks("es-US") && !knowledge.speaks("fr-FR"));
    }
}
