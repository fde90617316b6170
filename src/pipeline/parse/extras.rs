//! What the crates have no place for: the elements of our own vocabulary, read back from their extensions.

use std::collections::BTreeMap;

use crate::model::{
    RawCategory, RawEntry, RawFeed, RawLink, RawMedia, RawMediaKind, RawPerson, RawText, TextKind,
};

/// An extension element of either crate.
pub(super) trait Node: Sized {
    fn value(&self) -> Option<&str>;
    fn attribute(&self, name: &str) -> Option<&str>;
    fn children(&self, name: &str) -> &[Self];

    fn child_value(&self, name: &str) -> Option<String> {
        self.children(name).iter().find_map(Node::value).map(str::to_owned)
    }
}

impl Node for rss::extension::Extension {
    fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attrs.get(name).map(String::as_str)
    }

    fn children(&self, name: &str) -> &[Self] {
        self.children.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Node for atom_syndication::extension::Extension {
    fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attrs.get(name).map(String::as_str)
    }

    fn children(&self, name: &str) -> &[Self] {
        self.children.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The extensions of one entry or of the feed.
pub(super) struct Extras<'a, N> {
    ours: Option<&'a BTreeMap<String, Vec<N>>>,
}

impl<'a, N: Node> Extras<'a, N> {
    /// Those under our prefix.
    pub(super) fn of(extensions: &'a BTreeMap<String, BTreeMap<String, Vec<N>>>) -> Self {
        Self { ours: extensions.get("n") }
    }

    fn all(&self, name: &str) -> &'a [N] {
        self.ours.and_then(|ours| ours.get(name)).map_or(&[], Vec::as_slice)
    }

    /// The first value under this name.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.all(name).iter().find_map(Node::value).map(str::to_owned)
    }

    /// The first value under the first of these names that has one.
    fn any(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.value(name))
    }

    fn values(&self, name: &str) -> impl Iterator<Item = String> + use<'a, N> {
        self.all(name).iter().filter_map(Node::value).map(str::to_owned)
    }

    /// A text with its kind.
    pub(super) fn text(&self, name: &str) -> Option<RawText> {
        self.all(name).iter().find_map(|node| {
            let value = node.value()?.to_owned();
            let kind = match node.attribute("type") {
                Some("html") => TextKind::Html,
                Some("text") => TextKind::Plain,
                _ => TextKind::Unknown,
            };
            let [base, lang] = ["base", "lang"].map(|name| scoped(node, name));
            Some(RawText { value, kind, base, lang })
        })
    }

    /// The language and the base of the element that holds these extensions.
    pub(super) fn scope(&self) -> (Option<String>, Option<String>) {
        // The innermost of several, as in a channel within its root, came last.
        let last = |name: &str| {
            self.all("scope").iter().rev().find_map(|node| node.attribute(name)).map(str::to_owned)
        };
        (last("lang"), last("base"))
    }

    /// The language and the base of one text, which the crate `rss` does not keep.
    pub(super) fn scope_of(&self, element: &str, text: Option<&mut RawText>) {
        let found = self.all("textscope").iter().find(|node| node.attribute("of") == Some(element));
        if let (Some(node), Some(text)) = (found, text) {
            text.base = node.attribute("base").map(str::to_owned);
            text.lang = node.attribute("lang").map(str::to_owned);
        }
    }

    fn persons(&self, name: &str) -> impl Iterator<Item = RawPerson> + use<'a, N> {
        self.all(name).iter().map(|node| RawPerson {
            name: node.child_value("name"),
            email: node.child_value("email"),
            uri: node.child_value("uri"),
        })
    }

    /// What a feed has beside its format's own elements.
    pub(super) fn enrich_feed(&self, feed: &mut RawFeed) {
        let (lang, base) = self.scope();
        feed.base = feed.base.take().or(base);
        feed.language = feed.language.take().or_else(|| self.value("language")).or(lang);
        feed.id = feed.id.take().or_else(|| self.value("id"));
        feed.description = feed.description.take().or_else(|| self.text("summary"));
        feed.description = feed.description.take().or_else(|| self.text("castsummary"));
        feed.description = feed.description.take().or_else(|| self.text("castsubtitle"));
        feed.title = feed.title.take().or_else(|| self.text("title"));
        feed.updated =
            self.any(&["updated", "modified"]).or(feed.updated.take()).or_else(|| self.value("date"));
        feed.published = feed.published.take().or_else(|| self.any(&["published", "issued", "created"]));
        feed.authors.extend(self.persons("author"));
        feed.authors.extend(self.values("creator").chain(self.values("castauthor")).map(named));
        if feed.authors.is_empty() {
            feed.authors.extend(self.persons("owner"));
            feed.authors.extend(self.values("publisher").map(named));
        }
        feed.images.extend(self.all("castimage").iter().filter_map(address));
        feed.images.extend(self.values("image"));
        feed.images.extend(self.all("thumbnail").iter().filter_map(address));
        feed.links.extend(self.values("link").map(alternate));
        feed.rights = feed.rights.take().or_else(|| self.text("rights"));
        feed.categories.extend(self.categories());
        feed.update_period = self.value("updateperiod");
        feed.update_frequency = self.value("updatefrequency");
        feed.update_base = self.value("updatebase");
    }

    /// What an entry has beside its format's own elements. `feed_base` is the base of the whole feed.
    pub(super) fn enrich_entry(&self, entry: &mut RawEntry, feed_base: Option<&str>) {
        let (lang, base) = self.scope();
        entry.base = base.or_else(|| feed_base.map(str::to_owned));
        entry.language = self.value("language").or(lang);
        entry.title = entry.title.take().or_else(|| self.text("title")).or_else(|| self.text("mediatitle"));
        entry.content =
            entry.content.take().or_else(|| self.text("encoded")).or_else(|| self.text("content"));
        self.summarize(entry);
        if entry.id.is_none() {
            entry.id = self.any(&["id", "about"]);
        }
        entry.links.extend(self.values("link").map(alternate));
        entry.original_link = self.value("origlink");
        entry.published =
            entry.published.take().or_else(|| self.any(&["published", "issued", "date", "created"]));
        entry.updated = entry.updated.take().or_else(|| self.any(&["updated", "modified"]));
        entry.authors.extend(self.persons("author"));
        entry.authors.extend(self.values("creator").map(named));
        if entry.authors.is_empty() {
            entry.authors.extend(self.values("castauthor").map(named));
        }
        entry.contributors.extend(self.persons("contributor"));
        entry.contributors.extend(self.values("contributorname").map(named));
        entry.contributors.extend(self.values("credit").map(named));
        entry.categories.extend(self.categories());
        entry.rights = entry.rights.take().or_else(|| self.text("rights"));
        entry.duration = self.value("duration");
        entry.episode = self.value("episode");
        entry.season = self.value("season");
        entry.explicit = self.value("explicit");
        self.media(entry);
    }

    /// The shorter texts: what a publisher calls a summary, and what podcasts and media say.
    fn summarize(&self, entry: &mut RawEntry) {
        let candidates = ["summary", "castsummary", "mediadescription", "castsubtitle"];
        let mut found = candidates.iter().filter_map(|name| self.text(name));
        if entry.summary.is_none() {
            entry.summary = found.next();
        }
        let grouped = || self.all("media").iter().find_map(|group| group.child_value("description"));
        if entry.summary.is_none() {
            entry.summary = grouped().map(|value| RawText { value, ..RawText::default() });
        }
    }

    fn categories(&self) -> impl Iterator<Item = RawCategory> + use<'a, N> {
        let plain = |term: String| RawCategory { term, ..RawCategory::default() };
        let words = self.values("keywords").flat_map(|list| {
            list.split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        });
        let tagged = self.all("category").iter().filter_map(|node| {
            let [term, label, scheme] =
                ["term", "label", "scheme"].map(|name| node.attribute(name).map(str::to_owned));
            Some(RawCategory { term: term.or_else(|| label.clone())?, label, scheme })
        });
        tagged.chain(self.values("subject").map(plain)).chain(words.map(plain))
    }

    fn media(&self, entry: &mut RawEntry) {
        entry
            .media
            .extend(self.all("enclosure").iter().filter_map(|node| medium(node, RawMediaKind::Enclosure)));
        let groups = self.all("media");
        let contents =
            self.all("mediacontent").iter().chain(groups.iter().flat_map(|group| group.children("content")));
        for content in contents {
            entry.media.extend(medium(content, RawMediaKind::Content));
            let thumbnails = content.children("thumbnail").iter();
            entry.media.extend(thumbnails.filter_map(|node| medium(node, RawMediaKind::Thumbnail)));
        }
        let thumbnails = self.all("thumbnail").iter();
        let thumbnails = thumbnails.chain(groups.iter().flat_map(|group| group.children("thumbnail")));
        entry.media.extend(thumbnails.filter_map(|node| medium(node, RawMediaKind::Thumbnail)));
        let images = self.all("castimage").iter().chain(self.all("image"));
        let image = |url| RawMedia { kind: RawMediaKind::Image, url, ..RawMedia::default() };
        entry
            .media
            .extend(images.filter_map(|node| address(node).or_else(|| node.child_value("url"))).map(image));
        let grouped = || groups.iter().find_map(|group| group.child_value("title"));
        if entry.title.is_none() {
            entry.title = grouped().map(|value| RawText { value, ..RawText::default() });
        }
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

fn address<N: Node>(node: &N) -> Option<String> {
    ["href", "url"].iter().find_map(|name| node.attribute(name)).or_else(|| node.value()).map(str::to_owned)
}

fn medium<N: Node>(node: &N, kind: RawMediaKind) -> Option<RawMedia> {
    let text = |name: &str| node.attribute(name).map(str::to_owned);
    Some(RawMedia {
        kind,
        url: address(node).or_else(|| node.children("player").iter().find_map(address))?,
        media_type: text("type"),
        medium: text("medium"),
        length: text("length").or_else(|| text("fileSize")),
        duration: text("duration"),
        width: text("width"),
        title: text("title").or_else(|| node.child_value("title")),
        base: None,
    })
}

fn scoped<N: Node>(node: &N, name: &str) -> Option<String> {
    // One crate keeps the prefix of an attribute, the other drops it.
    node.attribute(name).or_else(|| node.attribute(&format!("xml:{name}"))).map(str::to_owned)
}
