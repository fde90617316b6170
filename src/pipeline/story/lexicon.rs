//! What words mean to a headline: which are mere grammar, which a number or a day, which say the same, which the
//! opposite. The lists are in `lexicon/*.txt`.

mod forms;
mod learn;
mod memo;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use self::learn::Names;
use crate::pipeline::text;

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
    /// Words that are names where they have the article: «الفتح».
    definite: HashSet<String, Fixed>,
    /// Words that are the names of places where something is in them: «بالجديدة».
    places: HashSet<String, Fixed>,
    /// The groups of a word of several senses but for the first one.
    senses: HashMap<String, Vec<u16>, Fixed>,
    /// What is called by the name behind it: «مدينة الجديدة».
    before_places: HashSet<String, Fixed>,
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

impl Lexicon {
    /// Whether two words of groups may mean one thing in one of their senses.
    pub(super) fn are_synonyms(&self, one: (&str, u16), other: (&str, u16)) -> bool {
        let senses = |(word, group): (&str, u16)| {
            let word = if self.words.contains_key(word) { word } else { self.read(word).bare };
            let more = self.senses.get(word).map(Vec::as_slice).unwrap_or_default();
            [group].into_iter().chain(more.iter().copied()).collect::<Vec<u16>>()
        };
        one.1 == other.1 || {
            let others = senses(other);
            senses(one).iter().any(|group| others.contains(group))
        }
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

    /// The same, where `before` stands in front: a word that is a name there is read as one.
    pub(super) fn read_after<'a>(&self, before: &str, word: &'a str) -> Read<'a> {
        let read = self.read(word);
        if !text::is_arabic(word) || matches!(read.meaning, None | Some(Meaning::Name | Meaning::Common)) {
            return read;
        }
        let Some((front, bare)) = ["ال", "بال", "وال", "وبال", "لل", "فال", "كال"]
            .into_iter()
            .find_map(|article| Some((article, word.strip_prefix(article)?)))
        else {
            return read;
        };
        let is_called = || {
            let mut nouns = std::iter::once(before).chain(text::unjoined(before));
            front == "ال" && nouns.any(|noun| self.before_places.contains(noun))
        };
        // An adjective is as definite as the noun before it: «الخطة الجديدة», but «في الجديدة» and «ضواحي الجديدة».
        let stands_alone = || matches!(front, "بال" | "وبال") || front == "ال" && !self.is_definite(before);
        let is_place = self.places.contains(bare) && stands_alone();
        if is_place || self.definite.contains(bare) || is_called() {
            return Read { bare, stem: trunk(bare), meaning: Some(Meaning::Name) };
        }
        read
    }

    /// Whether a word may have a definite adjective behind it: it has the article or a possessor, or is a name.
    fn is_definite(&self, word: &str) -> bool {
        let has_article =
            ["ال", "وال", "بال", "فال", "كال", "لل", "ولل"].iter().any(|front| word.starts_with(front));
        let is_owned = ["ها", "هم", "نا", "كم"].iter().any(|end| word.ends_with(end));
        has_article || is_owned || self.read(word).meaning == Some(Meaning::Name)
    }

    fn trunk_or_stem<'a>(&self, bare: &'a str, meaning: Option<Meaning>) -> &'a str {
        match meaning {
            Some(Meaning::Name) => trunk(bare),
            _ => text::stem(bare, |word| self.names.contains(word)),
        }
    }

    /// A folded text with the short names of what has a long one as well, "pm" for "prime minister", and with names
    /// of two words as one.
    pub(super) fn shortened<'a>(&self, folded: &'a str) -> Cow<'a, str> {
        let may_begin = |word: &&str| self.phrase_marks.0[mark(word)];
        let begins = |word: &str| may_begin(&word) && self.phrases.contains_key(word) || is_half_name(word);
        if !folded.split(' ').any(begins) {
            return Cow::Borrowed(folded);
        }
        let mut out = String::with_capacity(folded.len());
        let mut rest = folded;
        let mut is_half = false;
        while !rest.is_empty() {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let long = self.phrases.get(word).into_iter().flatten().find_map(|(tail, short)| {
                let behind = after.strip_prefix(tail.as_str())?;
                (behind.is_empty() || behind.starts_with(' ') || tail.is_empty())
                    .then_some((short.as_str(), behind))
            });
            let (word, after) = long.unwrap_or((word, after));
            if !out.is_empty() && !is_half {
                out.push(' ');
            }
            is_half = is_half_name(word);
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

/// Whether the next word is the rest of a name that others write as one word: «عبد الله», «أبو ظبي».
fn is_half_name(word: &str) -> bool {
    let is_half = |word: &str| matches!(word, "عبد" | "بن" | "ابو" | "ابي");
    is_half(word) || word.strip_prefix(['و', 'ب', 'ل']).is_some_and(is_half)
}

/// A name as its adjective has it: «فرنسا» as «فرنسي», «ليبيا» as «ليبي».
fn trunk(name: &str) -> &str {
    let shorter = name.strip_suffix("يا").or_else(|| name.strip_suffix('ا'));
    shorter.filter(|rest| text::is_arabic(rest) && rest.chars().count() >= 3).unwrap_or(name)
}
