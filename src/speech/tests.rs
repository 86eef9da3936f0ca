use proptest::prelude::*;

use super::{MOST_HELD, Speakable, speakable};

/// Written, language, spoken.
const TABLE: &[(&str, &str, &str)] = &[
    // Prose leaves as it came.
    ("", "en", ""),
    ("Hello.", "en", "Hello."),
    (
        "It's 10:30 - you owe $4.50, i.e. 20% (or so)...",
        "en",
        "It's 10:30 - you owe $4.50, i.e. 20% (or so)...",
    ),
    ("¿Qué tal? ¡Muy bien!", "es", "¿Qué tal? ¡Muy bien!"),
    ("« Bien sûr ! », dit-il.", "fr", "« Bien sûr ! », dit-il."),
    ("Two  spaces, a\ttab, a trailing one ", "en", "Two  spaces, a\ttab, a trailing one "),
    ("C# is #1, not # 2", "en", "C# is #1, not # 2"),
    ("1.5 or 2? 3!", "en", "1.5 or 2? 3!"),
    ("a/b = c + d @ e ^ f", "en", "a/b = c + d @ e ^ f"),
    // Line breaks.
    ("One line\nand the next", "en", "One line and the next"),
    ("One.  \r\n\r\n  Two.\n", "en", "One. Two."),
    ("\n\nFirst", "en", "First"),
    ("One\u{2028}two\u{B}three", "en", "One two three"),
    // Emphasis and code.
    ("This is **very** important", "en", "This is very important"),
    ("*This* is __also__ _so_ ~~not~~ ***all***", "en", "This is also so not all"),
    ("un*frigging*believable", "en", "unfriggingbelievable"),
    ("my_file_name and _my_file_", "en", "my_file_name and my_file"),
    ("2 * 3 is 6, and 2*3 too", "en", "2 * 3 is 6, and 2 * 3 too"),
    ("2**3 is 8", "en", "2 ** 3 is 8"),
    ("From $9*", "en", "From $9"),
    ("*terms apply", "en", "terms apply"),
    ("About ~5 minutes", "en", "About ~5 minutes"),
    ("Say `help` or ``stop``", "en", "Say help or stop"),
    ("Card ****1234", "en", "Card 1234"),
    ("a ** b", "en", "a b"),
    ("**Note:** pay  **now** please", "en", "Note: pay now please"),
    (r"snake\_case costs \$5 \*not\* C:\dir", "en", r"snake_case costs $5 not C:\dir"),
    ("**Bonjour** !", "fr", "Bonjour !"),
    // Code fences, headings, quotes, rules.
    ("Run:\n```sh\ncargo test\n```\nDone.", "en", "Run: cargo test. Done."),
    ("~~~\nx\n~~~", "en", "x."),
    ("```one``` line", "en", "one line"),
    ("# Your bill\nIt is due.", "en", "Your bill. It is due."),
    ("###### Small ##\nText", "en", "Small. Text"),
    ("####### seven", "en", "####### seven"),
    ("#", "en", ""),
    ("> He said so\n> twice", "en", "He said so twice"),
    (">> - quoted item", "en", "quoted item."),
    ("Above\n---\nBelow", "en", "Above. Below"),
    ("Title\n=====\nText", "en", "Title. Text"),
    ("* * *\nText\n***\n___", "en", "Text."),
    ("-5 degrees, -- dashes", "en", "-5 degrees, -- dashes"),
    // Lists.
    ("- Apples\n- Pears", "en", "Apples. Pears."),
    ("You need:\n\n* an ID\n* a card!\n\nReady?", "en", "You need: an ID. a card! Ready?"),
    ("Options\n1. Pay now\n2) Pay later", "en", "Options. 1. Pay now. 2) Pay later."),
    ("- one\n  and more\n- two", "en", "one and more. two."),
    ("- one\n\n  more", "en", "one. more"),
    ("- one\nThen", "en", "one. Then"),
    ("  - one\n    - nested,\n+ plus \n• dot\n•dot", "en", "one. nested, plus. dot. dot."),
    ("- [ ] call\n- [x] pay\n- [no] box", "en", "call. pay. [no] box."),
    ("- \"Quoted.\"\n- (so)\n- **bold**", "en", "\"Quoted.\" (so). bold."),
    ("✅ Paid\n❌ Not sent", "en", "Paid. Not sent"),
    ("-\n-", "en", ""),
    ("- a 👍\n- b", "en", "a. b."),
    ("2024 was good", "en", "2024 was good"),
    // Links and addresses.
    ("See [our site](https://example.com/a?b=c) now", "en", "See our site now"),
    ("[a](b) [c](d \"title (x)\") [e]() [f](<g h>)", "en", "a c e f"),
    ("![Logo](logo.png) Hi ![x] there!", "en", "Logo Hi ![x] there!"),
    ("[![badge](b.svg)](https://ci)", "en", "badge"),
    ("[**Bold** text](/a_(b)_c).", "en", "Bold text."),
    ("See ![a map](map.png) here!", "en", "See a map here!"),
    ("[1] [note](page 4) and [open", "en", "[1] [note](page 4) and [open"),
    ("[https://example.com/x](https://example.com/x)", "en", "example dot com"),
    ("Go to https://www.example.com/path?x=1&y=2.", "en", "Go to example dot com."),
    ("(HTTP://sub.my-shop.co.uk:8080)", "en", "(sub dot my-shop dot co dot uk)"),
    ("www.example.com, or http://a.org/b_c/", "en", "example dot com, or a dot org"),
    ("Visita www.ejemplo.mx", "es", "Visita ejemplo punto mx"),
    ("Voyez https://exemple.fr !", "fr", "Voyez exemple point fr !"),
    ("Siehe https://beispiel.de/x", "de", "Siehe beispiel Punkt de"),
    ("Veja https://exemplo.com.br", "pt-BR", "Veja exemplo ponto com ponto br"),
    ("**https://example.com**", "en", "example dot com"),
    (
        "Is it https://example.com/a? Yes: https://example.com: ok",
        "en",
        "Is it example dot com? Yes: example dot com: ok",
    ),
    (
        "Write to first_last@www.example.com or <a.b+c@d.org>",
        "en",
        "Write to first_last@www.example.com or a.b+c@d.org",
    ),
    ("<https://example.com/x> ok", "en", "example dot com ok"),
    ("https:// and www. and http", "en", "https:// and www. and http"),
    // Ampersands, comparisons, tags.
    ("AT&T, R & D, Q&A.", "en", "AT and T, R and D, Q and A."),
    ("Tú & yo", "es-MX", "Tú y yo"),
    ("Toi & moi", "fr", "Toi et moi"),
    ("H&M", "de", "H und M"),
    ("Você & eu", "pt", "Você e eu"),
    ("a && b", "en", "a and b"),
    (
        "AT&amp;T &lt;3 &quot;x&quot; it&#39;s a&nbsp;b &#x26; &bogus;",
        "en",
        "AT and T less than 3 \"x\" it's a b and and bogus;",
    ),
    ("&#42;x&#42; &#128512; &#0;&#x110000;!", "en", "x!"),
    ("x < 5, y<3, z <= 2", "en", "x less than 5, y less than 3, z less than or equal to 2"),
    ("x > 5, y>3, z >= 2", "en", "x greater than 5, y greater than 3, z greater than or equal to 2"),
    ("x < 5 > 2", "de", "x kleiner als 5 größer als 2"),
    (">5 items (<9)", "es", "mayor que 5 items (menor que 9)"),
    ("<b>bold</b>ly <i class='x'>said</i>", "en", "boldly said"),
    ("one<br/>two <br> three<p>four</p>.", "en", "one two three four."),
    ("<speak>Hi<break time=\"1s\"/>there</speak>", "en", "Hi there"),
    ("a <!-- no --> b <!DOCTYPE html> c", "en", "a b c"),
    ("a <b and c> d", "en", "a less than b and c greater than d"),
    ("Menu -> Bill >> x", "en", "Menu - Bill x"),
    // Tables and pauses.
    ("| Plan | Price |\n|:---|---:|\n| Basic | $5 |", "en", "Plan, Price. Basic, $5."),
    ("a | b\n--- | ---\nc | d", "en", "a, b. c, d."),
    ("Settings → Bill • Pay | Now", "en", "Settings, Bill, Pay, Now."),
    // Emoji and invisible characters.
    ("Hello 👋 there", "en", "Hello there"),
    ("Great 👍. Bye 😀!", "en", "Great. Bye!"),
    ("😀 Hi😀you", "en", "Hi you"),
    ("Fine 👩🏽‍🚒🏴󠁧󠁢󠁳󠁣󠁴󠁿🇲🇽❤️", "en", "Fine"),
    ("Press 1️⃣ or 2️⃣", "en", "Press 1 or 2"),
    ("zero\u{200B}width\u{FEFF} and\u{7} bell", "en", "zerowidth and bell"),
];

#[test]
fn the_table_is_spoken() {
    for (written, language, spoken) in TABLE {
        assert_eq!(speakable(written, language), *spoken, "{written:?}");
    }
    assert!(TABLE.len() >= 60);
}

#[test]
fn every_row_is_spoken_alike_when_it_comes_letter_by_letter() {
    for (written, language, spoken) in TABLE {
        let pieces = written.char_indices().map(|(at, c)| &written[at..at + c.len_utf8()]);
        assert_eq!(streamed(pieces, language), *spoken, "{written:?}");
    }
}

fn streamed<'a>(deltas: impl Iterator<Item = &'a str>, language: &str) -> String {
    let mut spoken = String::new();
    let mut speakable = Speakable::new(language);
    for delta in deltas {
        speakable.push(delta, &mut spoken);
        assert!(speakable.held() <= MOST_HELD, "{} held", speakable.held());
    }
    speakable.finish(&mut spoken);
    assert_eq!(speakable.held(), 0);
    spoken
}

/// What each delta lets out.
fn steps(deltas: &[&str]) -> Vec<String> {
    let mut speakable = Speakable::new("en");
    let step = |delta: &&str| {
        let mut out = String::new();
        speakable.push(delta, &mut out);
        out
    };
    deltas.iter().map(step).collect()
}

#[test]
fn a_plain_delta_leaves_at_once() {
    assert_eq!(
        steps(&["Hello", ",", " we", " have", " 3", " left", "!"]),
        ["Hello", ",", " we", " have", " 3", " left", "!"]
    );
    assert_eq!(steps(&["Claro", " que", " sí", "."]), ["Claro", " que", " sí", "."]);
}

#[test]
fn what_may_become_markup_waits_and_nothing_else_does() {
    assert_eq!(steps(&["two *", "*", "bold"]), ["two", "", " bold"]);
    assert_eq!(
        steps(&["see h", "ow", " http", "s://a", ".com/", "path", " ok"]),
        ["see", " how", "", " a", " dot com", "", " ok"]
    );
    assert_eq!(steps(&["AT&", "T"]), ["AT", " and T"]);
    assert_eq!(steps(&["a <", "b", ">c"]), ["a", "", " c"]);
    assert_eq!(steps(&["[text", "](", "https://", "long/path", ") on"]), ["", "", "text", "", " on"]);
}

#[test]
fn a_space_waits_for_what_may_take_it_along() {
    assert_eq!(steps(&["Great ", "👍", "."]), ["Great", "", "."]);
    assert_eq!(steps(&["Hello ", "there"]), ["Hello", " there"]);
}

#[test]
fn a_candidate_that_grows_too_long_is_text() {
    let text = format!("[{}", "words of text ".repeat(9));
    assert_eq!(speakable(&text, "en"), text);
    let tag = format!("<a b=\"{}\">x", "y".repeat(70));
    assert_eq!(speakable(&tag, "en"), format!("less than a b=\"{}\" greater than x", "y".repeat(70)));
    let rule = format!("a\n{}\nb", "-".repeat(200));
    assert_eq!(speakable(&rule, "en"), "a. b");
    let spaces = format!("a{}b", " ".repeat(100));
    assert_eq!(speakable(&spaces, "en"), spaces);
}

#[test]
fn the_address_of_a_long_link_is_dropped_though_its_text_had_to_go() {
    let text = "Read the terms and conditions that apply to your account since the last of May";
    let link = format!("[{text}](https://example.com/{}) now", "x/".repeat(99));
    assert_eq!(speakable(&link, "en"), format!("[{text} now"));
    let short = format!("[terms](https://example.com/{}) now", "x/".repeat(99));
    assert_eq!(speakable(&short, "en"), "terms now");
}

#[test]
fn debug_never_prints_what_is_held() {
    let mut speakable = Speakable::new("en");
    speakable.push("[5551230000", &mut String::new());
    assert_eq!(format!("{speakable:?}"), "Speakable { held: 11, .. }");
}

#[test]
fn a_finished_reply_leaves_nothing_to_the_next() {
    let mut speakable = Speakable::new("en");
    for unfinished in
        ["- item", "# x", "[a](http", "https://exam", "<b", "a *", "**a", "| a", "a ->", "&am", "x 😀 "]
    {
        speakable.push(unfinished, &mut String::new());
        speakable.finish(&mut String::new());
        let mut next = String::new();
        speakable.push(" Hello_ ", &mut next);
        speakable.finish(&mut next);
        assert_eq!(next, " Hello ", "after {unfinished:?}");
    }
}

/// Pieces that markup is made of, and words.
fn rich() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-zA-ZéñÜ]{1,6}",
        2 => Just(" ".to_owned()),
        1 => "[0-9]{1,3}",
        1 => "\\PC",
        4 => prop::sample::select(vec![
            "*", "**", "_", "__", "~", "~~", "`", "```", "\n", "\n\n", "\r\n", "- ", "+ ", "1. ", "2) ", "# ",
            "## ", "> ", ">", "<", "<=", ">=", "->", "&", "&amp;", "&lt;", "&#39;", "&#x1F600;", "<b>", "</b>",
            "<br/>", "<a href=\"x\">", "<!--", "-->", "[", "]", "](", ")", "(", "![", "[a](b)", "https://",
            "http://a.b/c", "www.", "www.x.y", "h", "w", ".", ",", "!", "?", ":", ";", "|", "---", ":-:", "===",
            "•", "→", "😀", "1️⃣", "🇲🇽", "👩🏽‍🚒", "\u{200D}", "\u{FE0F}", "\u{FEFF}", "\u{7}", "\\", "\t", "#",
            "@", "<a@b.c>", "[x] ", "-", "'", "\"", "“", "”", "        ",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn language() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["en-US", "es-MX", "fr", "de", "pt-BR"])
}

/// `text` cut after every character whose flag is set.
fn cut<'a>(text: &'a str, cuts: &[bool]) -> Vec<&'a str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (number, (at, _)) in text.char_indices().enumerate() {
        if !cuts.is_empty() && cuts[number % cuts.len()] {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Sentences with every kind of punctuation, in one line, from which nothing is to be dropped.
fn prose() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-zA-ZáéíñóúüçàèêôãõäößÑ]{1,9}",
        "[0-9]{1,4}([.,:/-][0-9]{1,3})?",
        "[a-z]{1,4}(['’-]|_)[a-z]{1,4}",
        "[#$€@£][0-9a-v]{1,3}",
    ];
    let between = prop::sample::select(vec![
        " ", " ", " ", "  ", ", ", ". ", "; ", ": ", "? ", "! ", " - ", " – ", "—", "… ", " (", ") ", " \"",
        "\" ", "% ", " “", "” ", " = ", " + ", "/", "\u{A0}", " ¿", "\t",
    ]);
    (prop::collection::vec((word, between), 1..25), "[A-Z]").prop_map(|(words, first)| {
        let words: String = words.into_iter().map(|(word, between)| word + between).collect();
        first + "o, " + &words
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn the_cuts_between_deltas_are_not_heard(
        text in rich(), language in language(), cuts in prop::collection::vec(any::<bool>(), 1..50),
    ) {
        prop_assert_eq!(streamed(cut(&text, &cuts).into_iter(), language), speakable(&text, language));
    }

    #[test]
    fn plain_prose_leaves_as_it_came(text in prose(), cuts in prop::collection::vec(any::<bool>(), 1..9)) {
        prop_assert_eq!(&speakable(&text, "en"), &text);
        prop_assert_eq!(&streamed(cut(&text, &cuts).into_iter(), "fr"), &text);
    }

    #[test]
    fn prose_over_several_lines_becomes_one(lines in prop::collection::vec(prose(), 1..4)) {
        let trimmed: Vec<&str> = lines.iter().map(|line| line.trim_matches([' ', '\t'])).collect();
        prop_assert_eq!(speakable(&trimmed.join("\n"), "en"), trimmed.join(" "));
    }

    #[test]
    fn no_letter_or_digit_is_lost_to_emphasis_lists_and_emoji(
        // Neither `>`, which adds words, nor code fences, whose first line is not read out.
        text in r"([a-gA-G0-9é]{1,5}|[ \n*_#|.,!?:-]|`a|~~b|\n- |\n1\. |😀|\\){0,60}",
    ) {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(letters(&speakable(&text, "en")), letters(&text));
    }

    #[test]
    fn nothing_a_voice_would_stumble_over_gets_out(text in rich(), language in language()) {
        let spoken = speakable(&text, language);
        let forbidden = |c: char| {
            matches!(c, '<' | '&' | '`' | '\u{200D}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
                || (c.is_control() && c != '\t')
        };
        prop_assert!(!spoken.contains(forbidden), "{:?}", spoken);
        let spoken: Vec<char> = spoken.chars().collect();
        for pair in spoken.windows(2) {
            let touches = |mark, other: char| mark == '*' && other.is_alphanumeric();
            prop_assert!(!touches(pair[0], pair[1]) && !touches(pair[1], pair[0]), "{:?}", pair);
        }
    }

    #[test]
    fn a_dropped_mark_leaves_no_doubled_space(
        words in prop::collection::vec("[a-g]{1,5}|😀|\\*\\*|👍🏽|<br>|❤️", 1..20),
    ) {
        let spoken = speakable(&words.join(" "), "en");
        prop_assert!(!spoken.contains("  ") && !spoken.ends_with(' '), "{:?}", spoken);
    }
}
