//! The parts of an entry that rules look at.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::matcher::{decoded, url_form};
use crate::model::{Entry, Field};
use crate::pipeline::text;

/// The parts of an entry, folded when first asked for: most rules look at one or two of them. What the entry
/// lacks has no value.
pub(super) struct Facts<'a> {
    pub(super) entry: &'a Entry,
    /// What its feed says of the language of all entries.
    feed_language: Option<&'a str>,
    title: OnceCell<String>,
    text: OnceCell<String>,
    plain: OnceCell<String>,
    url: OnceCell<String>,
    bare_title: OnceCell<Option<String>>,
    bare_text: OnceCell<Option<String>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(entry: &'a Entry, feed_language: Option<&'a str>) -> Self {
        Self {
            entry,
            feed_language,
            title: OnceCell::new(),
            text: OnceCell::new(),
            plain: OnceCell::new(),
            url: OnceCell::new(),
            bare_title: OnceCell::new(),
            bare_text: OnceCell::new(),
        }
    }

    /// As the source wrote them.
    pub(super) fn raw(&self, field: Field) -> Vec<Cow<'_, str>> {
        let said = &self.entry.said;
        match field {
            Field::Title => said.title.iter().map(Cow::from).collect(),
            Field::Text => some(self.plain.get_or_init(|| self.plain_text())),
            Field::Url => said.link.iter().map(Cow::from).collect(),
            Field::Category => said
                .categories
                .iter()
                .flat_map(|one| [Some(&one.term), one.label.as_ref()])
                .flatten()
                .map(Cow::from)
                .collect(),
            Field::Author => said.authors.iter().map(|author| Cow::from(&author.name)).collect(),
            Field::Language => self.language().into_iter().map(Cow::from).collect(),
        }
    }

    /// In the form in which they are compared.
    pub(super) fn folded(&self, field: Field) -> Vec<Cow<'_, str>> {
        let said = &self.entry.said;
        match field {
            Field::Title => {
                let title = said.title.as_deref();
                title.map_or_else(Vec::new, |title| some(self.title.get_or_init(|| text::fold(title))))
            }
            Field::Text => {
                let plain = || self.plain.get_or_init(|| self.plain_text());
                some(self.text.get_or_init(|| text::fold(plain())))
            }
            Field::Url => {
                let link = said.link.as_deref();
                link.map_or_else(Vec::new, |link| some(self.url.get_or_init(|| url_form(link))))
            }
            Field::Category | Field::Author | Field::Language => {
                self.raw(field).iter().map(|value| Cow::from(text::fold(value))).collect()
            }
        }
    }

    /// The other forms in which a regex is looked for, where they differ: links percent-decoded, all else without
    /// harakat and tatweel.
    pub(super) fn other_forms(&self, field: Field) -> Vec<Cow<'_, str>> {
        let of_all = || self.raw(field).iter().find_map(|value| other_form(field, value));
        match field {
            // Long, and asked for by every regex.
            Field::Title => self.bare_title.get_or_init(of_all).iter().map(Cow::from).collect(),
            Field::Text => self.bare_text.get_or_init(of_all).iter().map(Cow::from).collect(),
            _ => self.raw(field).iter().filter_map(|value| other_form(field, value)).map(Cow::from).collect(),
        }
    }

    fn plain_text(&self) -> String {
        let said = &self.entry.said;
        let title = said.title.clone().unwrap_or_default();
        let bodies = [said.summary.as_deref(), said.content.as_deref()];
        bodies.iter().flatten().fold(title, |sum, body| sum + "\n" + &text::plain(body))
    }

    /// Its own, else its feed's. A title in Arabic letters is Arabic where nobody says, and where its feed names
    /// a language of other letters: "en" is what many a publishing system says of every feed.
    fn language(&self) -> Option<&'a str> {
        let declared = self.entry.said.language.as_deref().or(self.feed_language);
        let primary = declared.and_then(|tag| tag.split('-').next()).map(str::to_ascii_lowercase);
        let is_arabic_script = primary.is_some_and(|tag| ARABIC_SCRIPT.contains(&tag.as_str()));
        if !is_arabic_script && self.entry.said.title.as_deref().is_some_and(is_in_arabic_letters) {
            return Some("ar");
        }
        declared
    }
}

/// Languages that are written in Arabic letters, or in them as well.
const ARABIC_SCRIPT: [&str; 16] =
    ["ar", "ary", "arz", "fa", "ur", "ps", "ckb", "ku", "sd", "ug", "pa", "ms", "az", "ks", "kab", "ber"];

/// Whether more than half of the letters are Arabic ones.
fn is_in_arabic_letters(title: &str) -> bool {
    let is_arabic =
        |c: &char| matches!(c, '\u{620}'..='\u{6FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
    let letters = title.chars().filter(|c| c.is_alphabetic());
    let (all, arabic) =
        letters.fold((0_usize, 0_usize), |(all, arabic), c| (all + 1, arabic + usize::from(is_arabic(&c))));
    arabic * 2 > all
}

fn some(value: &str) -> Vec<Cow<'_, str>> {
    if value.is_empty() { vec![] } else { vec![Cow::from(value)] }
}

/// The value in its other form; `None` where it is the same.
fn other_form(field: Field, value: &str) -> Option<String> {
    let form = if field == Field::Url { decoded(value) } else { text::unmarked(value) };
    match form {
        Cow::Owned(form) if form != value => Some(form),
        _ => None,
    }
}
