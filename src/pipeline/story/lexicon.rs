//! What words mean to a headline: which are mere grammar, which a number or a day, which say the same, which the
//! opposite. The lists are in `lexicon/*.txt`.

mod memo;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::pipeline::text::{self, fold};

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Grammar: it ties others together.
    Function,
    /// Said of any event: "breaking", "announces", "video".
    Light,
    /// It turns the meaning round.
    Negation,
    /// A number in words, a scale ("thousand") or an ordinal.
    Number(u64),
    /// An article that may stand for one.
    One,
    /// A day of the week, Monday first.
    Weekday(u8),
    /// A month.
    Month(u8),
    /// Today, tomorrow, yesterday.
    Day(i8),
    /// One of many words for one thing; the second is the class of things of which an event has one ("win" and "lose"),
    /// or 0.
    Group(u16, u16),
    /// A word of many headlines.
    Common,
    /// A name: never cut.
    Name,
}

/// Hashes words fast and the same way each time.
type Fixed = BuildHasherDefault<Fnv>;

/// FNV-1a over the bytes of a word.
#[derive(Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What is known of one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    /// Without article and particles.
    pub(super) bare: &'a str,
    /// Without endings, too.
    pub(super) stem: &'a str,
    pub(super) meaning: Option<Meaning>,
}

/// The lists, read once.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: HashMap<String, Meaning, Fixed>,
    /// By stem, for the forms that nobody listed.
    stems: HashMap<String, Meaning, Fixed>,
    /// Forms that nobody listed, and that mean this unless somebody did.
    forms: Vec<(String, Meaning)>,
    /// Nouns that are counted without a number: "قتيل" is one, "قتيلان" are two.
    counted: HashMap<String, u64, Fixed>,
    /// The groups of words for winning, losing and drawing.
    results: Vec<u16>,
    /// Names of several words, by the first one: the rest, and the shorter name.
    phrases: HashMap<String, Vec<(String, String)>, Fixed>,
    /// The marks of those first words.
    phrase_marks: Marks,
    /// The stems of what comes every day.
    bulletins: HashSet<String, Fixed>,
    /// The group of words for prices.
    price: u16,
    /// What remains of names: no ending is taken off that.
    names: HashSet<String, Fixed>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    let (mut groups, mut classes) = (Names::default(), Names::default());
    for list in [
        include_str!("lexicon/arabic.txt"),
        include_str!("lexicon/french.txt"),
        include_str!("lexicon/english.txt"),
    ] {
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let Some((what, words)) = line.split_once(':') else { continue };
            lexicon.learn(what, words, &mut groups, &mut classes);
        }
    }
    lexicon.with_stems()
});

/// The lexicon.
pub(super) fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// Which marks any word of a list has: most words are known by theirs not to be in it.
#[derive(Debug)]
struct Marks([bool; 256]);

impl Default for Marks {
    fn default() -> Self {
        Self([false; 256])
    }
}

/// A number below 256 that is made of its length and its ends.
fn mark(word: &str) -> usize {
    let (first, last) = match word.as_bytes() {
        [first, second, .., before, last] => (first ^ second, before.wrapping_mul(3) ^ last),
        [first, .., last] => (*first, *last),
        _ => (0, 0),
    };
    let length = u8::try_from(word.len() % 256).unwrap_or_default();
    usize::from(first.wrapping_mul(31) ^ last.wrapping_mul(7) ^ length)
}

/// Names with the numbers that they got, from 1.
#[derive(Default)]
struct Names(HashMap<String, u16>);

impl Names {
    fn number(&mut self, name: &str) -> u16 {
        let next = u16::try_from(self.0.len() + 1).unwrap_or(u16::MAX);
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

impl Lexicon {
    fn learn(&mut self, what: &str, words: &str, groups: &mut Names, classes: &mut Names) {
        let mut parts = what.split(' ');
        let (kind, value, pole) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        let meaning = match kind {
            Some("function") => Meaning::Function,
            Some("light") => Meaning::Light,
            Some("negation") => Meaning::Negation,
            Some("one") => Meaning::One,
            Some("number") => Meaning::Number(value.parse().unwrap_or_default()),
            Some("weekday") => Meaning::Weekday(value.parse().unwrap_or_default()),
            Some("month") => Meaning::Month(value.parse().unwrap_or_default()),
            Some("day") => Meaning::Day(value.parse().unwrap_or_default()),
            Some("group") => {
                let class =
                    pole.and_then(|pole| pole.split_once('.')).map_or(0, |(class, _)| classes.number(class));
                if pole.is_some_and(|pole| pole.starts_with("result.")) {
                    self.results.push(groups.number(value));
                }
                if value == "price" {
                    self.price = groups.number(value);
                }
                Meaning::Group(groups.number(value), class)
            }
            Some("phrase") => {
                let short = fold(what.strip_prefix("phrase ").unwrap_or_default());
                let long = fold(words);
                let (first, rest) = long.split_once(' ').unwrap_or((&long, ""));
                self.phrase_marks.0[mark(first)] = true;
                return self.phrases.entry(first.to_owned()).or_default().push((rest.to_owned(), short));
            }
            Some("counted") => return self.count(words),
            Some("bulletin") => return self.bulletins.extend(words.split_whitespace().map(fold)),
            Some("name") => Meaning::Name,
            _ => Meaning::Common,
        };
        for word in words.split_whitespace().map(fold) {
            let with_article =
                word.strip_prefix("ال").filter(|_| meaning == Meaning::Name).map(str::to_owned);
            let word = with_article.unwrap_or(word);
            if meaning == Meaning::Name {
                self.names.insert(trunk(&word).to_owned());
            }
            // Verbs are listed for one person: «تضرب» for «يضرب», «استقبلت» for «استقبل».
            if text::is_arabic(&word) && matches!(meaning, Meaning::Group(..) | Meaning::Light) {
                let other =
                    word.strip_prefix('ي').map_or_else(|| format!("{word}ت"), |rest| format!("ت{rest}"));
                self.forms.push((other, meaning));
            }
            // What a word means first is what it means.
            self.words.entry(word).or_insert(meaning);
        }
    }

    fn count(&mut self, nouns: &str) {
        for noun in nouns.split_whitespace().map(fold) {
            let trunk = noun.strip_suffix('ه').map_or_else(|| noun.clone(), |trunk| format!("{trunk}ت"));
            for dual in ["ان", "ين"] {
                self.counted.insert(format!("{trunk}{dual}"), 2);
            }
            self.counted.insert(noun.clone(), 1);
            self.counted.insert(format!("{noun}ا"), 1);
        }
    }

    /// Learns the stems of everything listed, which takes the words.
    fn with_stems(mut self) -> Self {
        for (form, meaning) in std::mem::take(&mut self.forms) {
            self.words.entry(form).or_insert(meaning);
        }
        let meant = |meaning: &Meaning| matches!(meaning, Meaning::Group(..) | Meaning::Common);
        let mut stems: Vec<(String, Meaning)> = self
            .words
            .iter()
            .filter(|(_, meaning)| meant(meaning))
            .map(|(word, meaning)| (self.stem(word).to_owned(), *meaning))
            .collect();
        // A stem of two meanings has none, whatever the order of the map.
        stems.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for same in stems.chunk_by(|one, other| one.0 == other.0) {
            if let [(stem, meaning), rest @ ..] = same
                && rest.iter().all(|(_, other)| other == meaning)
            {
                self.stems.insert(stem.clone(), *meaning);
            }
        }
        let bulletins = std::mem::take(&mut self.bulletins);
        self.bulletins = bulletins.iter().map(|word| self.stem(word).to_owned()).collect();
        self
    }

    /// Whether it is listed, so that no letter is taken off in front.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word) || self.counted.contains_key(word)
    }

    /// The stem of a folded word; a name is its own.
    fn stem<'a>(&self, word: &'a str) -> &'a str {
        // Also while the lists are being learnt, when nothing must be remembered.
        self.read_anew(word).stem
    }

    /// A folded word without what is joined to it, and what it means.
    pub(super) fn read<'a>(&self, word: &'a str) -> Read<'a> {
        memo::read(word, |word| self.read_anew(word))
    }

    fn read_anew<'a>(&self, word: &'a str) -> Read<'a> {
        if let Some(meaning) = self.words.get(word) {
            return Read {
                bare: word,
                stem: self.trunk_or_stem(word, Some(*meaning)),
                meaning: Some(*meaning),
            };
        }
        let bare = text::bare(word, |word| self.knows(word));
        let meaning = self.words.get(bare).copied();
        let stem = self.trunk_or_stem(bare, meaning);
        Read { bare, stem, meaning: meaning.or_else(|| self.stems.get(stem).copied()) }
    }

    fn trunk_or_stem<'a>(&self, bare: &'a str, meaning: Option<Meaning>) -> &'a str {
        match meaning {
            Some(Meaning::Name) => trunk(bare),
            _ => text::stem(bare, |word| self.names.contains(word)),
        }
    }

    /// A folded text with the short names of what has a long one as well: "pm" for "prime minister".
    pub(super) fn shortened<'a>(&self, folded: &'a str) -> Cow<'a, str> {
        let may_begin = |word: &&str| self.phrase_marks.0[mark(word)];
        if !folded.split(' ').filter(may_begin).any(|word| self.phrases.contains_key(word)) {
            return Cow::Borrowed(folded);
        }
        let mut out = String::with_capacity(folded.len());
        let mut rest = folded;
        while !rest.is_empty() {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let long = self.phrases.get(word).into_iter().flatten().find_map(|(tail, short)| {
                let behind = after.strip_prefix(tail.as_str())?;
                (behind.is_empty() || behind.starts_with(' ') || tail.is_empty())
                    .then_some((short.as_str(), behind))
            });
            let (word, after) = long.unwrap_or((word, after));
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            rest = after.trim_start();
        }
        Cow::Owned(out)
    }

    /// Whether a group is one of winning, losing or drawing.
    pub(super) fn is_result(&self, group: u16) -> bool {
        self.results.contains(&group)
    }

    /// Whether a stem is that of something that comes every day.
    pub(super) fn is_bulletin(&self, stem: &str) -> bool {
        self.bulletins.contains(stem)
    }

    /// Whether a group is that of the words for prices.
    pub(super) fn is_price(&self, group: u16) -> bool {
        group == self.price
    }

    /// How many a noun tells by its form: «قتيل» one, «قتيلان» two.
    pub(super) fn counted(&self, word: &str) -> Option<u64> {
        self.counted.get(self.read(word).bare).copied()
    }

    /// The stems of the words that many headlines have, with the group of those that have one.
    pub(super) fn common(&self) -> impl Iterator<Item = (&str, Option<u16>)> {
        self.words.iter().filter_map(|(word, meaning)| match meaning {
            Meaning::Common => Some((self.stem(word), None)),
            Meaning::Group(group, _) => Some((self.stem(word), Some(*group))),
            _ => None,
        })
    }
}

/// A name as its adjective has it: «فرنسا» as «فرنسي», «ليبيا» as «ليبي».
fn trunk(name: &str) -> &str {
    let shorter = name.strip_suffix("يا").or_else(|| name.strip_suffix('ا'));
    shorter.filter(|rest| text::is_arabic(rest) && rest.chars().count() >= 3).unwrap_or(name)
}
