//! RSS 2.0, the RSS Profile, and what the feed validator of the W3C looks at beside them.

use std::collections::HashSet;

use super::values::*;
use super::{Node, Report};

/// What holds of a value.
type Rule = fn(&str) -> bool;

const CHANNEL: &[&str] = &[
    "title",
    "link",
    "description",
    "language",
    "copyright",
    "managingEditor",
    "webMaster",
    "pubDate",
    "lastBuildDate",
    "category",
    "generator",
    "docs",
    "cloud",
    "ttl",
    "image",
    "rating",
    "textInput",
    "skipHours",
    "skipDays",
    "item",
];
const ITEM: &[&str] = &[
    "title",
    "link",
    "description",
    "author",
    "category",
    "comments",
    "enclosure",
    "guid",
    "pubDate",
    "source",
];

pub fn check(root: &Node, report: &mut Report) {
    report.need(root.get("version") == Some("2.0"), "rss", "is not version 2.0");
    report.need(root.children.len() == 1, "rss", "must hold exactly one channel");
    let Some(channel) = root.one("channel") else { return report.need(false, "rss", "has no channel") };
    no_others(channel, CHANNEL, &["category", "item"], "channel", report);
    for name in ["title", "link", "description"] {
        report.need(!channel.text_of(name).trim().is_empty(), "channel", &format!("has no {name}"));
    }
    for name in ["title", "description"] {
        check_title(channel.text_of(name), "channel", report);
    }
    optional(channel, "link", is_web, "channel", report);
    optional(channel, "docs", is_web, "channel", report);
    optional(channel, "language", is_language, "channel", report);
    optional(channel, "ttl", is_count, "channel", report);
    optional(channel, "lastBuildDate", is_rfc822, "channel", report);
    optional(channel, "itunes:explicit", |text| matches!(text, "true" | "false"), "channel", report);
    check_image(channel, report);
    check_links(channel, report);
    if let Some(cloud) = channel.one("cloud") {
        for name in ["domain", "port", "path", "registerProcedure", "protocol"] {
            report.need(cloud.get(name).is_some(), "cloud", &format!("has no {name}"));
        }
        report.need(cloud.get("port").is_some_and(is_count), "cloud", "its port is no number");
        report.need(cloud.get("path").is_some_and(|path| path.starts_with('/')), "cloud", "its path is none");
    }
    let mut guids = HashSet::new();
    for (index, item) in channel.all("item").enumerate() {
        let place = format!("item {}", index + 1);
        check_item(item, &place, report);
        report.need(guids.insert(item.text_of("guid")), &place, "its guid is that of another one");
    }
}

/// No element that the format does not have, and none twice that may stand once.
fn no_others(node: &Node, known: &[&str], many: &[&str], place: &str, report: &mut Report) {
    let mut seen = HashSet::new();
    for child in node.children.iter().filter(|child| !child.name.contains(':')) {
        let name = child.name.as_str();
        report.need(known.contains(&name), place, &format!("{name} does not belong here"));
        report.need(seen.insert(name) || many.contains(&name), place, &format!("{name} stands twice"));
    }
}

/// Elements that hold one value.
fn optional(node: &Node, name: &str, is_good: impl Fn(&str) -> bool, place: &str, report: &mut Report) {
    for child in node.all(name) {
        report.need(is_good(&child.text), place, &format!("{name} {:?} is none", child.text));
    }
}

/// What most readers would take for markup is escaped once more.
fn check_title(text: &str, place: &str, report: &mut Report) {
    let is_tag = |(at, _): (usize, &str)| {
        text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    };
    report.need(!text.match_indices('<').any(is_tag), place, &format!("{text:?} would be read as markup"));
}

fn check_image(channel: &Node, report: &mut Report) {
    let Some(image) = channel.one("image") else { return };
    for name in ["title", "link"] {
        report.need(
            image.text_of(name) == channel.text_of(name),
            "image",
            &format!("its {name} is not the channel's"),
        );
    }
    optional(image, "url", is_web, "image", report);
    let kind = image.text_of("url").rsplit('.').next();
    report.need(kind == Some("png"), "image", "must be a GIF, a JPEG or a PNG");
    for (name, most) in [("width", 144), ("height", 400)] {
        let good = |text: &str| text.parse::<u32>().is_ok_and(|pixels| (1..=most).contains(&pixels));
        optional(image, name, good, "image", report);
    }
}

fn check_links(channel: &Node, report: &mut Report) {
    let own = channel.all("atom:link").filter(|link| link.get("rel") == Some("self")).count();
    report.need(own == 1, "channel", "has not exactly one atom:link to itself");
    for link in channel.all("atom:link") {
        report.need(link.get("href").is_some_and(is_web), "channel", "an atom:link leads nowhere");
        report.need(link.get("type").is_none_or(is_media_type), "channel", "an atom:link has no media type");
    }
}

fn check_item(item: &Node, place: &str, report: &mut Report) {
    no_others(item, ITEM, &["category"], place, report);
    for name in ["title", "link", "description", "guid", "pubDate", "source"] {
        report.need(!item.text_of(name).trim().is_empty(), place, &format!("has no {name}"));
    }
    check_title(item.text_of("title"), place, report);
    for name in ["link", "comments"] {
        optional(item, name, is_web, place, report);
    }
    optional(item, "pubDate", is_rfc822, place, report);
    optional(item, "author", |text| text.contains('@'), place, report);
    for name in ["category", "dc:creator", "dc:contributor", "dc:rights"] {
        optional(item, name, |text| !text.trim().is_empty(), place, report);
    }
    optional(item, "dc:language", is_language, place, report);
    if let Some(guid) = item.one("guid") {
        report.need(guid.text == guid.text.trim(), place, "its guid has space around it");
        let denied = guid.get("isPermaLink") == Some("false");
        report.need(
            denied || is_web(&guid.text),
            place,
            "its guid is no address, so isPermaLink must be false",
        );
    }
    if let Some(enclosure) = item.one("enclosure") {
        report.need(enclosure.get("url").is_some_and(is_web), place, "its enclosure is nowhere");
        let length = enclosure.get("length").unwrap_or_default();
        report.need(length == "0" || is_count(length), place, "its enclosure has no length");
        report.need(enclosure.get("type").is_some_and(is_media_type), place, "its enclosure has no type");
    }
    let source = item.one("source").and_then(|source| source.get("url"));
    report.need(source.is_some_and(is_web), place, "its source is nowhere");
    let at = |name: &str| item.children.iter().position(|child| child.name == name);
    let is_behind =
        at("content:encoded").is_none_or(|content| at("description").is_some_and(|at| at < content));
    report.need(is_behind, place, "content:encoded must follow the description");
    report.need(item.all("content:encoded").count() <= 1, place, "content:encoded stands twice");
    for name in ["description", "content:encoded"] {
        check_markup(item.text_of(name), place, report);
    }
    check_modules(item, place, report);
}

/// Media RSS and podcasts, in RSS and in Atom.
pub fn check_modules(item: &Node, place: &str, report: &mut Report) {
    for file in item.all("media:content").chain(item.all("media:thumbnail")) {
        report.need(file.get("url").is_some_and(is_web), place, "a media file is nowhere");
        report.need(file.get("type").is_none_or(is_media_type), place, "a media file has no media type");
        for name in ["fileSize", "duration", "width", "height"] {
            report.need(file.get(name).is_none_or(is_count), place, &format!("{name} is no number"));
        }
        let medium = file.get("medium");
        let known = ["image", "audio", "video", "document", "executable"];
        report.need(medium.is_none_or(|medium| known.contains(&medium)), place, "no such medium");
        for words in &file.children {
            report.need(!words.text.trim().is_empty(), place, &format!("{} is empty", words.name));
        }
    }
    let rules: [(&str, Rule); 9] = [
        ("duration", is_count),
        ("episode", is_count),
        ("season", is_count),
        ("explicit", |text| matches!(text, "true" | "false")),
        ("episodeType", |text| matches!(text, "full" | "trailer" | "bonus")),
        ("block", |text| text == "Yes"),
        ("title", |text| !text.trim().is_empty()),
        ("author", |text| !text.trim().is_empty()),
        ("summary", |text| !text.trim().is_empty() && text.chars().count() <= 4000),
    ];
    for (name, rule) in rules {
        let name = format!("itunes:{name}");
        report.need(item.all(&name).count() <= 1, place, &format!("{name} stands twice"));
        optional(item, &name, rule, place, report);
    }
    for image in item.all("itunes:image") {
        report.need(image.get("href").is_some_and(is_web), place, "its cover is nowhere");
    }
    report.need(item.all("podcast:chapters").count() <= 1, place, "podcast:chapters stands twice");
    for file in item.all("podcast:transcript").chain(item.all("podcast:chapters")) {
        report.need(file.get("url").is_some_and(is_web), place, &format!("{} is nowhere", file.name));
        report.need(
            file.get("type").is_some_and(is_media_type),
            place,
            &format!("{} has no type", file.name),
        );
        report.need(
            file.get("language").is_none_or(is_language),
            place,
            &format!("{} has no language", file.name),
        );
    }
}

/// What to write instead of what, and a part of the sentence that must come.
pub const BROKEN: &[(&str, &str, &str)] = &[
    ("version=\"2.0\"", "version=\"2.1\"", "version 2.0"),
    ("Sun, 22 Nov", "Mon, 22 Nov", "pubDate"),
    ("Sun, 22 Nov", "22 Nov", "pubDate"),
    ("<ttl>5</ttl>", "<ttl>0</ttl>", "ttl"),
    ("<language>ar</language>", "<language>ar_MA</language>", "language"),
    ("<width>144</width>", "<width>145</width>", "width"),
    ("isPermaLink=\"false\">https://a.example/id/خبر", ">tag:خبر", "isPermaLink must be false"),
    ("<comments>https://a.example/%D8", "<comments>https://a.example/خ%D8", "comments"),
    ("rel=\"self\"", "rel=\"hub\"", "to itself"),
    ("length=\"0\"", "length=\"\"", "no length"),
    ("type=\"audio/mpeg\"/>", "/>", "enclosure has no type"),
    ("<item><title>", "<item><title>x</title><title>", "stands twice"),
    ("<item><title>", "<item><updated>x</updated><title>", "does not belong"),
    ("<item><title>", "<item><title>&lt;b>", "read as markup"),
    ("<item>", "<item><content:encoded>x</content:encoded>", "must follow"),
    ("<itunes:explicit>false", "<itunes:explicit>clean", "explicit"),
    ("fileSize=\"12\"", "fileSize=\"0\"", "fileSize"),
    ("<media:credit>R&amp;D<", "<media:credit><", "media:credit is empty"),
    ("<itunes:episodeType>bonus", "<itunes:episodeType>other", "episodeType"),
    ("medium=\"image\"", "medium=\"picture\"", "medium"),
    (" xmlns:media=\"http://search.yahoo.com/mrss/\"", "", "means nothing"),
    ("R&amp;D", "R&D", "not well-formed"),
    ("R&amp;D", "R\u{85}", "does not belong into text"),
];
