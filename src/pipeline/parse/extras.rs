//! What the crates have no place for: read by the front end, merged into what the crates have read.
//!
//! The names are those that `grammar.rs` gives, without their `+`.

mod cast;

use crate::model::{
    RawCast, RawCategory, RawEntry, RawFeed, RawLink, RawMedia, RawMediaKind, RawPerson, RawText,
};

/// The known attributes of a tag, in the order of the document.
pub(super) type Attributes<'v> = Vec<(&'static str, std::borrow::Cow<'v, str>)>;

/// Those elements of one entry, or of the feed, in the order of the document.
#[derive(Debug, Default)]
pub(super) struct Extras {
    lang: Option<String>,
    base: Option<String>,
    texts: Vec<(&'static str, RawText)>,
    /// Language and base of texts that the crates read, by their names.
    scopes: Vec<(&'static str, Option<String>, Option<String>)>,
    persons: Vec<(&'static str, RawPerson)>,
    links: Vec<RawLink>,
    categories: Vec<RawCategory>,
    media: Vec<RawMedia>,
    /// What attributes say of an episode.
    cast: RawCast,
}

impl Extras {
    /// The language and the base of the entry or feed itself; the innermost element that has one counts.
    pub(super) fn set_scope(&mut self, lang: Option<&str>, base: Option<&str>) {
        self.lang = lang.map(str::to_owned).or(self.lang.take());
        self.base = base.map(str::to_owned).or(self.base.take());
    }

    /// The language and the base of one text that the crates read.
    pub(super) fn set_scope_of(&mut self, name: &'static str, lang: Option<String>, base: Option<String>) {
        self.scopes.push((name, lang, base));
    }

    /// A text.
    pub(super) fn add_text(&mut self, name: &'static str, text: RawText) {
        self.texts.push((name, text));
    }

    /// A person, to whom [`Self::set_person`] gives what is said of them.
    pub(super) fn add_person(&mut self, role: &'static str) {
        self.persons.push((role, RawPerson::default()));
    }

    /// A fact of the last person; the first of its kind counts.
    pub(super) fn set_person(&mut self, field: &str, value: &str) {
        let Some((_, person)) = self.persons.last_mut() else { return };
        let slot = match field {
            "name" => &mut person.name,
            "email" => &mut person.email,
            _ => &mut person.uri,
        };
        slot.get_or_insert_with(|| value.to_owned());
    }

    /// A tag of which the attributes count.
    pub(super) fn add_element(&mut self, name: &'static str, attributes: &Attributes<'_>) {
        let value = |wanted: &str| {
            attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone().into_owned())
        };
        let address = value("href").or_else(|| value("url"));
        let kind = match name {
            "link" => return self.add_link(address, value),
            "category" => {
                let label = value("label");
                let term = value("term").or_else(|| label.clone());
                let scheme = value("scheme");
                return self.categories.extend(term.map(|term| RawCategory { term, scheme, label }));
            }
            "transcript" | "chapters" => {
                return address.into_iter().for_each(|url| self.add_side_file(name, url, value));
            }
            "player" => {
                let last = self.media.last_mut().filter(|file| file.url.is_empty());
                return last.into_iter().zip(address).for_each(|(file, url)| file.url = url);
            }
            "enclosure" => RawMediaKind::Enclosure,
            "content" => RawMediaKind::Content,
            "thumbnail" => RawMediaKind::Thumbnail,
            _ => RawMediaKind::Image,
        };
        if name == "castimage" {
            self.set_cover(address.as_ref());
        }
        self.media.push(RawMedia {
            kind,
            url: address.unwrap_or_default(),
            media_type: value("type"),
            medium: value("medium"),
            length: value("length").or_else(|| value("fileSize")),
            duration: value("duration"),
            width: value("width"),
            height: value("height"),
            title: value("title"),
            ..RawMedia::default()
        });
    }

    /// What stands in the element of the last file: its title, the text below it, or who made it.
    pub(super) fn set_file_words(&mut self, name: &str, words: &str) {
        let Some(file) = self.media.last_mut() else { return };
        let slot = match name {
            "mediatitle" => &mut file.title,
            "mediadescription" => &mut file.text,
            "credit" => &mut file.credit,
            _ => return,
        };
        slot.get_or_insert_with(|| words.to_owned());
    }

    /// The address of the last file, which stands as text in its element.
    pub(super) fn set_file_url(&mut self, url: &str) {
        if let Some(file) = self.media.last_mut().filter(|file| file.url.is_empty()) {
            url.clone_into(&mut file.url);
        }
    }

    fn add_link(&mut self, href: Option<String>, value: impl Fn(&str) -> Option<String>) {
        let Some(href) = href else { return };
        self.links.push(RawLink {
            href,
            rel: value("rel").unwrap_or_else(|| "alternate".to_owned()),
            media_type: value("type"),
            hreflang: value("hreflang"),
            title: value("title"),
            length: value("length"),
            base: None,
        });
    }
}

/// Merging.
impl Extras {
    /// The first text under this name, taken out.
    fn take(&mut self, name: &str) -> Option<RawText> {
        let at = self.texts.iter().position(|(known, _)| *known == name)?;
        Some(self.texts.remove(at).1)
    }

    /// The first text under the first of these names that is there.
    fn any(&mut self, names: &[&str]) -> Option<RawText> {
        // Most entries have a handful of texts, and most names are not among them.
        if self.texts.is_empty() {
            return None;
        }
        names.iter().find_map(|name| self.take(name))
    }

    fn value(&mut self, names: &[&str]) -> Option<String> {
        self.any(names).map(|text| text.value)
    }

    fn values(&mut self, name: &'static str) -> impl Iterator<Item = String> + '_ {
        self.texts.extract_if(.., move |(known, _)| *known == name).map(|(_, text)| text.value)
    }

    fn persons(&mut self, role: &'static str) -> impl Iterator<Item = RawPerson> + '_ {
        self.persons.extract_if(.., move |(known, _)| *known == role).map(|(_, person)| person)
    }

    /// The language and the base of a text that the crate `rss` has read, which it does not keep.
    fn scope_of(&self, name: &str, text: Option<&mut RawText>) {
        let found = self.scopes.iter().find(|(known, _, _)| *known == name);
        if let (Some((_, lang, base)), Some(text)) = (found, text) {
            text.lang.clone_from(lang);
            text.base.clone_from(base);
        }
    }

    /// Merges what a feed has beside its format's own elements.
    pub(super) fn enrich_feed(mut self, feed: &mut RawFeed) {
        self.scope_of("title", feed.title.as_mut());
        self.scope_of("description", feed.description.as_mut());
        feed.base = self.base.take();
        or(&mut feed.language, || self.value(&["language"]));
        or(&mut feed.language, || self.lang.clone());
        or(&mut feed.id, || self.value(&["id"]));
        or(&mut feed.title, || self.any(&["title"]));
        or(&mut feed.description, || self.any(&["summary", "castsummary", "castsubtitle"]));
        feed.updated =
            self.value(&["updated", "modified"]).or(feed.updated.take()).or_else(|| self.value(&["date"]));
        or(&mut feed.published, || self.value(&["published", "issued", "created"]));
        or(&mut feed.rights, || self.any(&["rights"]));
        feed.links.extend(std::mem::take(&mut self.links));
        feed.links.extend(self.values("link").map(alternate));
        feed.authors.extend(self.persons("author"));
        feed.authors.extend(self.values("creator").map(named));
        feed.authors.extend(self.values("castauthor").map(named));
        if feed.authors.is_empty() {
            feed.authors.extend(self.persons("owner"));
            feed.authors.extend(self.values("publisher").map(named));
        }
        feed.images.extend(self.media.drain(..).map(|file| file.url).filter(|url| !url.is_empty()));
        feed.images.extend(self.values("image"));
        feed.update_period = self.value(&["updateperiod"]);
        feed.update_frequency = self.value(&["updatefrequency"]);
        feed.update_base = self.value(&["updatebase"]);
        feed.categories.extend(self.categories());
    }

    /// Merges what an entry has beside its format's own elements. `feed_base` is the base of the whole feed.
    pub(super) fn enrich_entry(mut self, entry: &mut RawEntry, feed_base: Option<&str>) {
        for (name, text) in [
            ("title", &mut entry.title),
            ("description", &mut entry.summary),
            ("content:encoded", &mut entry.content),
        ] {
            self.scope_of(name, text.as_mut());
        }
        entry.base = self.base.take().or_else(|| feed_base.map(str::to_owned));
        entry.cast = self.take_cast();
        entry.language = self.value(&["language"]).or(self.lang.take());
        or(&mut entry.title, || self.any(&["title", "mediatitle", "casttitle"]));
        or(&mut entry.content, || self.any(&["longcontent", "encoded", "content"]));
        or(&mut entry.summary, || {
            self.any(&["longsummary", "summary", "castsummary", "mediadescription", "castsubtitle"])
        });
        or(&mut entry.id, || self.value(&["id", "about"]));
        or(&mut entry.published, || self.value(&["published", "issued", "date", "created"]));
        or(&mut entry.updated, || self.value(&["updated", "modified"]));
        or(&mut entry.rights, || self.any(&["rights"]));
        entry.original_link = self.value(&["origlink"]);
        entry.duration = self.value(&["duration"]);
        entry.episode = self.value(&["episode"]);
        entry.season = self.value(&["season"]);
        entry.explicit = self.value(&["explicit"]);
        self.enrich_links(entry);
        entry.authors.extend(self.persons("author"));
        entry.authors.extend(self.values("creator").map(named));
        if entry.authors.is_empty() {
            entry.authors.extend(self.values("castauthor").map(named));
        }
        entry.contributors.extend(self.persons("contributor"));
        entry.contributors.extend(self.values("contributorname").map(named));
        entry.contributors.extend(self.values("credit").map(named));
        entry.categories.extend(self.categories());
    }

    /// Links and files; a link to an enclosure is a file.
    fn enrich_links(&mut self, entry: &mut RawEntry) {
        for link in self.links.drain(..) {
            if link.rel == "enclosure" { entry.media.push(enclosure(link)) } else { entry.links.push(link) }
        }
        entry.links.extend(self.values("link").map(alternate));
        entry.media.extend(self.media.drain(..).filter(|file| !file.url.is_empty()));
    }

    fn categories(&mut self) -> Vec<RawCategory> {
        let mut found = std::mem::take(&mut self.categories);
        let plain = |term: String| RawCategory { term, ..RawCategory::default() };
        found.extend(self.values("subject").map(plain));
        for list in self.values("keywords") {
            let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
            found.extend(words.map(|word| plain(word.to_owned())));
        }
        found
    }
}

fn or<T>(slot: &mut Option<T>, other: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = other();
    }
}

/// A text of a person in any spelling; `normalize` takes it apart.
pub(super) fn named(name: String) -> RawPerson {
    RawPerson { name: Some(name), ..RawPerson::default() }
}

/// A link to the page.
pub(super) fn alternate(href: String) -> RawLink {
    RawLink { href, rel: "alternate".to_owned(), ..RawLink::default() }
}

/// The file behind a link with the relation `enclosure`.
pub(super) fn enclosure(link: RawLink) -> RawMedia {
    RawMedia {
        kind: RawMediaKind::Enclosure,
        url: link.href,
        media_type: link.media_type,
        length: link.length,
        title: link.title,
        ..RawMedia::default()
    }
}
