//! JSON Feed 1.0 and 1.1 → the inner shape. Fields of a wrong type are left out, each with a problem.

use serde_json::{Map, Value};

use super::extras::alternate;
use super::notes::Notes;
use super::rewrite::ENTRIES_MAX;
use crate::model::{
    Format, RawCast, RawCategory, RawEntry, RawFeed, RawLink, RawMedia, RawMediaKind, RawPerson, RawSideFile,
    RawText, TextKind,
};

type Object = Map<String, Value>;

/// Reads a JSON document; the error says in one line why it is no feed.
pub(super) fn read(text: &str) -> Result<RawFeed, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("JSON that breaks off or is wrong: {error}"))?;
    let Value::Object(feed) = value else { return Err("a JSON document, but not a JSON Feed".to_owned()) };
    let mut notes = Notes::default();
    let version = feed.get("version").and_then(Value::as_str).unwrap_or_default();
    let is_named = version.contains("jsonfeed.org");
    let Some(Value::Array(items)) = feed.get("items").filter(|_| is_named || looks_like_feed(&feed)) else {
        let why =
            if is_named { "a JSON Feed without its items" } else { "a JSON document, but not a JSON Feed" };
        return Err(why.to_owned());
    };
    let known = ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"];
    notes.add_if(!known.contains(&version), "json-version", "`version` is not that of JSON Feed 1.0 or 1.1");
    notes.add_if(
        items.len() > ENTRIES_MAX,
        "too-many-entries",
        "more entries than are read; the rest was left",
    );
    let mut reader = Reader { notes };
    let mut read = reader.feed(&feed);
    read.entries = items
        .iter()
        .take(ENTRIES_MAX)
        .filter_map(|item| reader.object(item).map(|item| reader.entry(item)))
        .collect();
    read.problems = reader.notes.into_problems();
    Ok(read)
}

/// A wrong or missing version does not matter where everything else is there.
fn looks_like_feed(feed: &Object) -> bool {
    let names = ["feed_url", "home_page_url", "title"];
    let items = feed.get("items").and_then(Value::as_array);
    names.iter().any(|name| feed.contains_key(*name))
        && items.is_some_and(|items| items.iter().all(Value::is_object))
}

struct Reader {
    notes: Notes,
}

impl Reader {
    fn feed(&mut self, feed: &Object) -> RawFeed {
        let mut links: Vec<RawLink> = self.text(feed, "home_page_url").map(alternate).into_iter().collect();
        for (name, rel) in [("feed_url", "self"), ("next_url", "next")] {
            links.extend(self.text(feed, name).map(|href| related(href, rel)));
        }
        for hub in self.objects(feed, "hubs") {
            if self.text(hub, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("rsscloud")) {
                // It speaks another language than WebSub.
                continue;
            }
            links.extend(self.text(hub, "url").map(|href| related(href, "hub")));
        }
        RawFeed {
            format: Format::Json1,
            title: self.text(feed, "title").map(plain),
            description: self.text(feed, "description").map(plain),
            links,
            language: self.text(feed, "language"),
            authors: self.authors(feed),
            images: ["icon", "favicon"].iter().filter_map(|name| self.text(feed, name)).collect(),
            ..RawFeed::default()
        }
    }

    fn entry(&mut self, item: &Object) -> RawEntry {
        let (url, external) = (self.text(item, "url"), self.text(item, "external_url"));
        // A page elsewhere is the entry's page where it has none of its own.
        let rel = if url.is_some() { "related" } else { "alternate" };
        let links = url.map(alternate).into_iter().chain(external.map(|href| related(href, rel))).collect();
        let html = self.text(item, "content_html");
        let content = html.map(|value| RawText { value, kind: TextKind::Html, ..RawText::default() });
        let images = ["image", "banner_image"].iter().filter_map(|name| self.text(item, name));
        let image = |url| RawMedia { kind: RawMediaKind::Image, url, ..RawMedia::default() };
        let mut media: Vec<RawMedia> = images.map(image).collect();
        media.extend(self.objects(item, "attachments").into_iter().filter_map(|file| self.attachment(file)));
        let words = self.list(item, "tags").iter().filter_map(scalar).collect::<Vec<_>>();
        RawEntry {
            id: item.get("id").and_then(scalar),
            title: self.text(item, "title").map(plain),
            links,
            summary: self.text(item, "summary").map(plain),
            content: content.or_else(|| self.text(item, "content_text").map(plain)),
            published: self.text(item, "date_published"),
            updated: self.text(item, "date_modified"),
            authors: self.authors(item),
            categories: words
                .into_iter()
                .map(|term| RawCategory { term, ..RawCategory::default() })
                .collect(),
            media,
            language: self.text(item, "language"),
            ..self.podcast(item)
        }
    }

    /// The extension `_podcast`, in which we put what the format has no place for.
    fn podcast(&mut self, item: &Object) -> RawEntry {
        let Some(cast) = item.get("_podcast").and_then(Value::as_object) else { return RawEntry::default() };
        let word = |name: &str| match cast.get(name) {
            Some(Value::Bool(flag)) => Some(flag.to_string()),
            other => other.and_then(scalar),
        };
        let file = |file: &Object| {
            let word = |name: &str| file.get(name).and_then(scalar);
            let (media_type, language, relation) = (word("type"), word("language"), word("rel"));
            Some(RawSideFile { url: word("url")?, media_type, language, relation })
        };
        RawEntry {
            duration: word("duration"),
            episode: word("episode"),
            season: word("season"),
            explicit: word("explicit"),
            cast: RawCast {
                kind: word("episodeType"),
                title: word("title").map(plain),
                author: word("author"),
                subtitle: word("subtitle").map(plain),
                summary: word("summary").map(plain),
                image: word("image"),
                block: word("block"),
                transcripts: self.objects(cast, "transcripts").into_iter().filter_map(file).collect(),
                chapters: cast.get("chapters").and_then(Value::as_object).and_then(file),
            },
            ..RawEntry::default()
        }
    }

    /// `authors` of version 1.1, else `author` of version 1.0.
    fn authors(&mut self, holder: &Object) -> Vec<RawPerson> {
        let mut found = self.objects(holder, "authors");
        if found.is_empty() {
            found.extend(holder.get("author").and_then(Value::as_object));
        }
        let person = |author: &Object| RawPerson {
            name: self.text(author, "name"),
            email: None,
            uri: self.text(author, "url"),
        };
        let named =
            holder.get("author").and_then(Value::as_str).map(|name| super::extras::named(name.to_owned()));
        found.into_iter().map(person).chain(named).collect()
    }

    fn attachment(&mut self, file: &Object) -> Option<RawMedia> {
        Some(RawMedia {
            kind: RawMediaKind::Enclosure,
            url: self.text(file, "url")?,
            media_type: self.text(file, "mime_type"),
            length: file.get("size_in_bytes").and_then(scalar),
            duration: file.get("duration_in_seconds").and_then(scalar),
            title: self.text(file, "title"),
            ..RawMedia::default()
        })
    }

    fn text(&mut self, holder: &Object, name: &str) -> Option<String> {
        match holder.get(name)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            _ => {
                self.wrong(name, "a string");
                None
            }
        }
    }

    fn list<'v>(&mut self, holder: &'v Object, name: &str) -> &'v [Value] {
        match holder.get(name) {
            Some(Value::Array(list)) => list,
            None | Some(Value::Null) => &[],
            Some(_) => {
                self.wrong(name, "an array");
                &[]
            }
        }
    }

    fn objects<'v>(&mut self, holder: &'v Object, name: &str) -> Vec<&'v Object> {
        let list = self.list(holder, name);
        list.iter().filter_map(|value| self.object(value)).collect()
    }

    fn object<'v>(&mut self, value: &'v Value) -> Option<&'v Object> {
        let object = value.as_object();
        self.notes.add_if(
            object.is_none(),
            "json-type",
            "a list holds something else than objects; it was left",
        );
        object
    }

    fn wrong(&mut self, name: &str, wanted: &str) {
        self.notes.add("json-type", || format!("`{name}` is not {wanted}; it was left"));
    }
}

/// A string, or a number as one: ids and sizes come as either.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        // Some writers know no whole numbers: 12.0 bytes are 12 bytes.
        Value::Number(number) => Some(number.to_string().trim_end_matches(".0").to_owned()),
        _ => None,
    }
}

fn plain(value: String) -> RawText {
    RawText { value, kind: TextKind::Plain, ..RawText::default() }
}

fn related(href: String, rel: &str) -> RawLink {
    RawLink { href, rel: rel.to_owned(), ..RawLink::default() }
}
