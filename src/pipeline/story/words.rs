//! A headline as words with their meanings.

use super::lexicon::{Meaning, lexicon};
use crate::pipeline::text;

/// What a rare word weighs; the others weigh less.
pub(super) const RARE: u32 = 100;
const COMMON: u32 = 50;
const GROUPED: u32 = 60;
const NUMBER: u32 = 60;

/// A word of a headline.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Folded.
    pub(super) text: String,
    /// Its stem.
    pub(super) stem: String,
    pub(super) meaning: Option<Meaning>,
    /// What ties it to the words before: "on", "by", «ب»; empty for a bare one.
    pub(super) role: String,
    /// Whether it stands behind the last dash or bar, where sites put their names.
    pub(super) tail: Tail,
}

/// What stands between a headline and the name of its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// It is the headline.
    No,
    /// A dash, which teams have between them as well.
    Dash,
    /// A bar.
    Bar,
}

impl Word {
    /// How much it says, in hundredths of a rare word.
    pub(super) fn weight(&self) -> u32 {
        match self.meaning {
            Some(Meaning::Function | Meaning::Light | Meaning::Negation | Meaning::One | Meaning::Day(_)) => {
                0
            }
            Some(Meaning::Common | Meaning::Weekday(_) | Meaning::Month(_)) => COMMON,
            Some(Meaning::Group(..)) => GROUPED,
            Some(Meaning::Number(_)) => NUMBER,
            // Two letters are an ending, an initial or a unit.
            None if self.text.chars().count() < 2 => 0,
            None | Some(Meaning::Name) => RARE,
        }
    }

    /// Whether it tells what the event is; numbers and dates are looked at on their own.
    pub(super) fn is_content(&self) -> bool {
        self.weight() > 0
            && !matches!(self.meaning, Some(Meaning::Number(_) | Meaning::Weekday(_) | Meaning::Month(_)))
    }

    pub(super) fn number(&self) -> Option<u64> {
        match self.meaning {
            Some(Meaning::Number(number)) => Some(number),
            _ => None,
        }
    }
}

/// A headline.
#[derive(Clone, Debug, Default)]
pub(super) struct Headline {
    pub(super) words: Vec<Word>,
    /// Whether it ends with "…": its last word may be half a one, and more may follow.
    pub(super) is_cut: bool,
}

/// Words of a site's name at most.
const TAIL_WORDS_MAX: usize = 4;
/// Words that a headline has before it.
const HEAD_WORDS_MIN: usize = 4;
/// Words before a colon that are a topic.
const TOPIC_WORDS_MAX: usize = 5;
/// Words that a headline seldom has more of.
const WORDS_USUAL: usize = 16;
/// Words of a headline that are looked at.
const WORDS_MAX: usize = 60;

impl Headline {
    pub(super) fn of(title: &str) -> Self {
        let title =
            title.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '»' | '”' | ')' | ']'));
        let is_cut = title.ends_with('…') || title.ends_with("...") || title.ends_with("..");
        let (head, tail, kind) = split_tail(title);
        let mut words = Vec::with_capacity(WORDS_USUAL);
        add(&mut words, head, Tail::No);
        add(&mut words, tail, kind);
        let whole = title.trim_end_matches(['…', '.']);
        if is_cut && whole.ends_with(|c: char| c.is_numeric()) {
            // Half a number is another one.
            words.pop();
        }
        Self { words: sums(words), is_cut }
    }

    /// Whether a word of this headline stands beside one that is not in `left`, as the first name beside the last, and
    /// `is_pair` knows the two.
    pub(super) fn is_part_of_known(
        &self,
        word: &Word,
        left: &[&Word],
        is_pair: impl Fn(&str, &str) -> bool,
    ) -> bool {
        let is_it = |one: &Word| std::ptr::eq(one, word);
        let is_left = |one: &Word| left.iter().any(|left| std::ptr::eq(*left, one));
        self.words.windows(2).any(|pair| match pair {
            [one, other] => {
                (is_it(one) && !is_left(other) || is_it(other) && !is_left(one))
                    && is_pair(&one.text, &other.text)
            }
            _ => false,
        })
    }

    /// Whether it comes every day: by one of its words, or because it tells today's prices.
    pub(super) fn is_bulletin(&self) -> bool {
        let today = self.words.iter().any(|word| word.meaning == Some(Meaning::Day(0)));
        let lexicon = lexicon();
        self.words.iter().any(|word| {
            lexicon.is_bulletin(&word.stem)
                || today && matches!(word.meaning, Some(Meaning::Group(group, _)) if lexicon.is_price(group))
        })
    }

    /// Whether both are the same, word for word.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        !self.words.is_empty()
            && self.words.iter().map(|word| &word.text).eq(other.words.iter().map(|word| &word.text))
    }
}

/// The headline, what may be the name of its site, and what stands between them.
fn split_tail(title: &str) -> (&str, &str, Tail) {
    // Dashes begin with the last of these bytes.
    if !title.bytes().any(|byte| matches!(byte, b'|' | b'-' | 0xE2)) {
        return (title, "", Tail::No);
    }
    let cuts =
        [(" | ", Tail::Bar), ("|", Tail::Bar), (" - ", Tail::Dash), (" – ", Tail::Dash), (" — ", Tail::Dash)];
    let last = cuts.iter().filter_map(|(cut, kind)| Some((title.rfind(cut)?, cut.len(), *kind)));
    // Of those at the same place the longer one.
    let Some((at, length, kind)) = last.max_by_key(|(at, length, _)| at + length) else {
        return (title, "", Tail::No);
    };
    let (head, rest) = title.split_at(at);
    let tail = rest.get(length..).unwrap_or_default();
    let count = |text: &str| text.split_whitespace().count();
    if (1..=TAIL_WORDS_MAX).contains(&count(tail)) && count(head) >= HEAD_WORDS_MIN {
        (head, tail, kind)
    } else {
        (title, "", Tail::No)
    }
}

fn add(words: &mut Vec<Word>, part: &str, tail: Tail) {
    let lexicon = lexicon();
    let folded = text::fold(part);
    let folded = lexicon.shortened(&folded);
    let mut role = String::new();
    let topic = topic_words(part);
    for (at, word) in folded.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if words.len() == WORDS_MAX {
            return;
        }
        // «بـ3» is "with 3".
        let bare = text::unjoined_digits(word).unwrap_or(word);
        let read = lexicon.read(word);
        let digits = bare.bytes().all(|byte| byte.is_ascii_digit()).then(|| bare.parse().ok()).flatten();
        let meaning = digits.map(Meaning::Number).or(read.meaning);
        let joined = particle(word, read.bare);
        let is_filling =
            matches!(meaning, Some(Meaning::Function | Meaning::One | Meaning::Light | Meaning::Negation));
        let this = if is_filling {
            String::new()
        } else {
            let tied = std::mem::take(&mut role);
            joined.map_or(tied, |joined| joined.to_string())
        };
        let is_article = matches!(word, "le" | "la" | "les" | "l" | "the" | "a" | "an" | "un" | "une" | "s");
        if meaning == Some(Meaning::Function) && !is_article {
            word.clone_into(&mut role);
        }
        let this = if this.is_empty() && at < topic { ":".to_owned() } else { this };
        words.push(Word { text: word.to_owned(), stem: read.stem.to_owned(), meaning, role: this, tail });
    }
    split_scripts(words);
}

/// How many words stand before a colon, or the two points of Arabic headlines: they name the place or the topic.
fn topic_words(part: &str) -> usize {
    // The ellipsis begins with the last of these bytes.
    if !part.bytes().any(|byte| matches!(byte, b':' | b'.' | 0xE2)) {
        return 0;
    }
    let ends = [part.find(": "), part.find(" :"), part.find(".. "), part.find("… ")];
    let end = ends.into_iter().flatten().min();
    let count = end.and_then(|end| part.get(..end)).map_or(0, |topic| text::fold(topic).split(' ').count());
    if count <= TOPIC_WORDS_MAX { count } else { 0 }
}

/// The particle that is joined to an Arabic word, other than the article.
fn particle(word: &str, bare: &str) -> Option<char> {
    let before = word.strip_suffix(bare)?;
    if before.starts_with("لل") {
        return Some('ل');
    }
    before.chars().next().filter(|c| *c != 'ا')
}

/// Words of a script that has no spaces become pairs of characters.
fn split_scripts(words: &mut Vec<Word>) {
    if !words.iter().any(|word| is_unspaced(&word.text)) {
        return;
    }
    let split = |word: Word| -> Vec<Word> {
        if !is_unspaced(&word.text) {
            return vec![word];
        }
        let chars: Vec<char> = word.text.chars().collect();
        let pair = |pair: &[char]| {
            let text: String = pair.iter().collect();
            Word { stem: text.clone(), text, ..word.clone() }
        };
        if chars.len() < 3 { vec![word] } else { chars.windows(2).map(pair).collect() }
    };
    *words = std::mem::take(words).into_iter().flat_map(split).collect();
}

/// Chinese, Japanese, Thai and their like.
fn is_unspaced(word: &str) -> bool {
    word.chars().next().is_some_and(|c| {
        matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
            | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{2FFFF}')
    })
}

/// Puts numbers of several words together: "1 200", "3 thousand", «خمسة وعشرون».
fn sums(words: Vec<Word>) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let before = out.last_mut();
        if let (Some(number), Some(before)) = (word.number(), before)
            && let Some(first) = before.number()
            && let Some(sum) = sum(first, &before.text, number, &word.text)
        {
            before.meaning = Some(Meaning::Number(sum));
            continue;
        }
        out.push(word);
    }
    for word in &mut out {
        if let Some(number) = word.number() {
            word.stem = number.to_string();
        }
    }
    out
}

fn sum(first: u64, first_text: &str, number: u64, text: &str) -> Option<u64> {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits(text) {
        let is_group = text.len() == 3 && are_digits(first_text) && (1..1000).contains(&first);
        return is_group.then(|| first * 1000 + number);
    }
    let is_scale = matches!(number, 100 | 1000 | 1_000_000 | 1_000_000_000 | 1_000_000_000_000);
    if is_scale && first < number && !text.starts_with('و') {
        return first.checked_mul(number);
    }
    // «خمسة وعشرون», "twenty five", «ثلاثة عشر».
    let adds = first < 10
        && (text.starts_with('و') && (20..100).contains(&number) || number == 10 && !are_digits(first_text))
        || (20..100).contains(&first) && first.is_multiple_of(10) && number < 10 && !are_digits(first_text);
    adds.then_some(first + number)
}
