//! The allow-list: every element that is known, how it nests, what it becomes, and which attributes it
//! keeps. What is not in this table leaves no trace but its text.

/// How an element nests (WHATWG HTML §13.2.6.4.7) and what is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Stands alone: `br`, `wbr`.
    Void,
    /// Stands alone and ends a paragraph: `hr`.
    Rule,
    /// `img`.
    Image,
    /// `source`, in a picture or a player.
    Source,
    /// `track`, in a player.
    Track,
    /// `iframe`.
    Frame,
    /// Ends a paragraph.
    Block,
    /// `p`.
    Paragraph,
    /// `pre`.
    Pre,
    /// `h1` to `h6`.
    Heading,
    /// `li`.
    Item,
    /// `dt` and `dd`.
    Term,
    /// Outlives wrong nesting in browsers.
    Formatting,
    /// `a`: formatting that must not nest.
    Anchor,
    /// Any other phrase.
    Inline,
    /// `audio` and `video`.
    Player,
    /// `rb`, `rt`, `rtc`, `rp`.
    RubyText,
    /// `table`.
    Table,
    /// `caption`.
    Caption,
    /// `colgroup`.
    Columns,
    /// `col`.
    Column,
    /// `thead`, `tbody`, `tfoot`.
    Rows,
    /// `tr`.
    Row,
    /// `td` and `th`.
    Cell,
    /// As if the tags were not there.
    Transparent,
    /// Goes with its content, which is no markup.
    Raw,
    /// Goes with its content, which is markup.
    Hidden,
    /// Stands alone and goes.
    Gone,
}

/// What the value of an attribute may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Any text.
    Text,
    /// The address of a page: http or https.
    Page,
    /// A whole number.
    Number,
    /// There or not there.
    Flag,
    /// BCP 47.
    Language,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Element {
    /// In lower case.
    pub(super) name: &'static str,
    /// The name in what we publish; empty where only the content stays.
    pub(super) out: &'static str,
    pub(super) kind: Kind,
    pub(super) attributes: &'static [(&'static str, Value)],
}

/// Attributes that every element keeps.
pub(super) const EVERYWHERE: &[(&str, Value)] =
    &[("lang", Value::Language), ("dir", Value::Word(&["ltr", "rtl", "auto"]))];

const NONE: &[(&str, Value)] = &[];
const TITLE: &[(&str, Value)] = &[("title", Value::Text)];
const CITE: &[(&str, Value)] = &[("cite", Value::Page)];
const CHANGE: &[(&str, Value)] = &[("cite", Value::Page), ("datetime", Value::Text)];
const SPAN: &[(&str, Value)] = &[("span", Value::Number)];
const CELL: &[(&str, Value)] = &[
    ("colspan", Value::Number),
    ("rowspan", Value::Number),
    ("headers", Value::Text),
    ("scope", Value::Word(&["row", "col", "rowgroup", "colgroup"])),
    ("abbr", Value::Text),
];
const LIST: &[(&str, Value)] =
    &[("start", Value::Number), ("reversed", Value::Flag), ("type", Value::Word(&["1", "a", "A", "i", "I"]))];

const fn row(
    name: &'static str,
    out: &'static str,
    kind: Kind,
    attributes: &'static [(&'static str, Value)],
) -> Element {
    Element { name, out, kind, attributes }
}

/// Kept under its own name, without attributes of its own.
const fn keep(name: &'static str, kind: Kind) -> Element {
    row(name, name, kind, NONE)
}

/// Taken out.
const fn take_out(name: &'static str, kind: Kind) -> Element {
    row(name, "", kind, NONE)
}

/// Sectioning means nothing outside its page.
const fn division(name: &'static str) -> Element {
    row(name, "div", Kind::Block, NONE)
}

/// In order of name, for a binary search.
pub(super) const ELEMENTS: &[Element] = &[
    row("a", "a", Kind::Anchor, TITLE),
    row("abbr", "abbr", Kind::Inline, TITLE),
    row("acronym", "abbr", Kind::Inline, TITLE),
    division("address"),
    take_out("area", Kind::Gone),
    division("article"),
    division("aside"),
    keep("audio", Kind::Player),
    keep("b", Kind::Formatting),
    take_out("base", Kind::Gone),
    take_out("basefont", Kind::Gone),
    keep("bdi", Kind::Inline),
    keep("bdo", Kind::Inline),
    take_out("bgsound", Kind::Gone),
    take_out("big", Kind::Formatting),
    row("blockquote", "blockquote", Kind::Block, CITE),
    keep("br", Kind::Void),
    take_out("button", Kind::Hidden),
    keep("caption", Kind::Caption),
    division("center"),
    keep("cite", Kind::Inline),
    keep("code", Kind::Formatting),
    row("col", "col", Kind::Column, SPAN),
    row("colgroup", "colgroup", Kind::Columns, SPAN),
    take_out("datalist", Kind::Hidden),
    keep("dd", Kind::Term),
    row("del", "del", Kind::Inline, CHANGE),
    row("details", "details", Kind::Block, &[("open", Value::Flag)]),
    row("dfn", "dfn", Kind::Inline, TITLE),
    division("dialog"),
    keep("div", Kind::Block),
    keep("dl", Kind::Block),
    keep("dt", Kind::Term),
    keep("em", Kind::Formatting),
    take_out("embed", Kind::Gone),
    keep("figcaption", Kind::Block),
    keep("figure", Kind::Block),
    take_out("font", Kind::Formatting),
    division("footer"),
    take_out("frame", Kind::Gone),
    keep("h1", Kind::Heading),
    keep("h2", Kind::Heading),
    keep("h3", Kind::Heading),
    keep("h4", Kind::Heading),
    keep("h5", Kind::Heading),
    keep("h6", Kind::Heading),
    division("header"),
    division("hgroup"),
    keep("hr", Kind::Rule),
    keep("i", Kind::Formatting),
    keep("iframe", Kind::Frame),
    keep("img", Kind::Image),
    take_out("input", Kind::Gone),
    row("ins", "ins", Kind::Inline, CHANGE),
    keep("kbd", Kind::Inline),
    take_out("keygen", Kind::Gone),
    take_out("label", Kind::Inline),
    row("li", "li", Kind::Item, &[("value", Value::Number)]),
    take_out("link", Kind::Gone),
    division("main"),
    keep("mark", Kind::Inline),
    take_out("math", Kind::Hidden),
    take_out("meta", Kind::Gone),
    division("nav"),
    take_out("noembed", Kind::Raw),
    take_out("noframes", Kind::Raw),
    take_out("noscript", Kind::Transparent),
    row("ol", "ol", Kind::Block, LIST),
    keep("p", Kind::Paragraph),
    take_out("param", Kind::Gone),
    keep("picture", Kind::Inline),
    keep("pre", Kind::Pre),
    row("q", "q", Kind::Inline, CITE),
    keep("rb", Kind::RubyText),
    keep("rp", Kind::RubyText),
    keep("rt", Kind::RubyText),
    keep("rtc", Kind::RubyText),
    keep("ruby", Kind::Inline),
    keep("s", Kind::Formatting),
    keep("samp", Kind::Inline),
    take_out("script", Kind::Raw),
    division("section"),
    take_out("select", Kind::Hidden),
    keep("small", Kind::Formatting),
    keep("source", Kind::Source),
    keep("span", Kind::Inline),
    row("strike", "s", Kind::Formatting, NONE),
    keep("strong", Kind::Formatting),
    take_out("style", Kind::Raw),
    keep("sub", Kind::Inline),
    keep("summary", Kind::Block),
    keep("sup", Kind::Inline),
    take_out("svg", Kind::Hidden),
    keep("table", Kind::Table),
    keep("tbody", Kind::Rows),
    row("td", "td", Kind::Cell, CELL),
    take_out("template", Kind::Hidden),
    take_out("textarea", Kind::Raw),
    keep("tfoot", Kind::Rows),
    row("th", "th", Kind::Cell, CELL),
    keep("thead", Kind::Rows),
    row("time", "time", Kind::Inline, &[("datetime", Value::Text)]),
    take_out("title", Kind::Raw),
    keep("tr", Kind::Row),
    keep("track", Kind::Track),
    row("tt", "code", Kind::Formatting, NONE),
    keep("u", Kind::Formatting),
    keep("ul", Kind::Block),
    keep("var", Kind::Inline),
    keep("video", Kind::Player),
    keep("wbr", Kind::Void),
    take_out("xmp", Kind::Raw),
];

/// The longest name in the table, in bytes.
const NAME_BYTES_MAX: usize = 10;

/// The row of an element, whatever the case of its name.
pub(super) fn element(name: &str) -> Option<&'static Element> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let found = NAMES.binary_search(&as_number(name.as_bytes())).ok()?;
    ELEMENTS.get(found)
}

/// The names of the table, in its order.
static NAMES: [u128; ELEMENTS.len()] = {
    let mut names = [0; ELEMENTS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = as_number(ELEMENTS[at].name.as_bytes());
        at += 1;
    }
    names
};

/// A name of up to [`NAME_BYTES_MAX`] bytes in lower case as a number of the same order: compared faster than bytes.
const fn as_number(name: &[u8]) -> u128 {
    let (mut number, mut at) = (0, 0);
    while at < NAME_BYTES_MAX {
        let byte = if at < name.len() { name[at].to_ascii_lowercase() } else { 0 };
        number = number << 8 | byte as u128;
        at += 1;
    }
    number << 8 | name.len() as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_fits() {
        assert!(ELEMENTS.is_sorted_by(|a, b| a.name < b.name));
        assert!(ELEMENTS.iter().all(|element| element.name.len() <= NAME_BYTES_MAX));
        // An element that is renamed becomes one that is kept and nests alike.
        for changed in
            ELEMENTS.iter().filter(|element| !element.out.is_empty() && element.out != element.name)
        {
            let becomes = super::element(changed.out).unwrap();
            assert_eq!((becomes.out, becomes.kind), (changed.out, changed.kind));
        }
    }

    #[test]
    fn names_have_no_case() {
        assert_eq!(element("IFrame").unwrap().name, "iframe");
        assert!(element("blockquotes").is_none());
        assert!(element("").is_none());
        assert!(element("custom").is_none());
    }
}
