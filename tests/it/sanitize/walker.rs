//! A reader of the only HTML that may come out: anything else is a finding. It shares nothing with `src/`.

/// Elements that may come out, with the attributes of their own.
const ALLOWED: &[(&str, &[&str])] = &[
    ("a", &["href", "rel", "title"]),
    ("abbr", &["title"]),
    ("audio", &["src", "controls", "preload", "title"]),
    ("blockquote", &["cite"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    ("dfn", &["title"]),
    ("iframe", &["src", "title", "width", "height", "sandbox", "loading", "allowfullscreen"]),
    ("img", &["src", "srcset", "sizes", "alt", "title", "width", "height", "loading"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("q", &["cite"]),
    ("source", &["src", "srcset", "sizes", "type", "media"]),
    ("td", &["colspan", "rowspan", "headers", "scope", "abbr"]),
    ("th", &["colspan", "rowspan", "headers", "scope", "abbr"]),
    ("time", &["datetime"]),
    ("track", &["src", "kind", "srclang", "label"]),
    ("video", &["src", "controls", "preload", "title", "poster", "width", "height"]),
];
const BARE: &[&str] = &[
    "b",
    "bdi",
    "bdo",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "mark",
    "p",
    "picture",
    "pre",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];
const VOID: &[&str] = &["br", "col", "hr", "img", "source", "track", "wbr"];
const ADDRESSES: &[&str] = &["href", "src", "cite", "poster", "srcset"];
const REFERENCES: &[&str] = &["amp;", "lt;", "gt;", "quot;", "nbsp;"];
const PLAYERS: &[&str] = &[
    "www.youtube.com/embed/",
    "player.vimeo.com/video/",
    "w.soundcloud.com/player/",
    "open.spotify.com/embed",
];

/// What is wrong with `html`, or nothing.
pub(crate) fn findings(html: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((text, markup)) = rest.split_once('<') {
        text_findings(text)?;
        let (tag, after) = end_of_tag(markup)?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes something else"));
            }
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        attribute_findings(name, attributes)?;
        if !VOID.contains(&name) {
            open.push(name);
        }
        if open.len() > 110 {
            return Err("too deep".to_owned());
        }
    }
    text_findings(rest)?;
    if open.is_empty() { Ok(()) } else { Err(format!("never closed: {open:?}")) }
}

/// The tag without its brackets, and what follows it.
fn end_of_tag(markup: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    for (at, byte) in markup.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Ok((&markup[..at], &markup[at + 1..])),
            b'<' | b'>' => return Err(format!("a bare bracket in <{markup}")),
            _ => {}
        }
    }
    Err(format!("no end: <{markup}"))
}

fn text_findings(text: &str) -> Result<(), String> {
    if text.contains('>') {
        return Err(format!("a bare > in {text:?}"));
    }
    if let Some(c) = text
        .chars()
        .find(|c| matches!(c, '\0'..='\x08' | '\x0B'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' | '\u{A0}'))
    {
        return Err(format!("{c:?} in {text:?}"));
    }
    let bad = text.split('&').skip(1).find(|after| !REFERENCES.iter().any(|known| after.starts_with(known)));
    bad.map_or(Ok(()), |after| Err(format!("a bare & before {after:?}")))
}

fn attribute_findings(name: &str, attributes: &str) -> Result<(), String> {
    let own = ALLOWED.iter().find(|(allowed, _)| *allowed == name).map(|(_, own)| *own);
    let own = match own {
        Some(own) => own,
        None if BARE.contains(&name) => &[],
        None => return Err(format!("<{name}> came through")),
    };
    let mut seen = Vec::new();
    let mut rest = attributes;
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").ok_or(format!("an odd attribute: {rest}"))?;
        let (value, after) = after.split_once('"').ok_or(format!("an open attribute: {rest}"))?;
        rest = after.strip_prefix(' ').unwrap_or(after);
        if !own.contains(&key) && !["lang", "dir"].contains(&key) || seen.contains(&key) {
            return Err(format!("<{name} {key}> came through"));
        }
        seen.push(key);
        text_findings(value)?;
        if ADDRESSES.contains(&key) {
            let all: Vec<&str> = if key == "srcset" { value.split(", ").collect() } else { vec![value] };
            for address in all {
                address_findings(name, key, address)?;
            }
        }
    }
    if name == "a" && !seen.contains(&"rel") {
        return Err("a link without rel".to_owned());
    }
    if name == "iframe" && !seen.contains(&"sandbox") {
        return Err("a frame without sandbox".to_owned());
    }
    Ok(())
}

fn address_findings(name: &str, key: &str, address: &str) -> Result<(), String> {
    let web = address.starts_with("https://") || address.starts_with("http://");
    let link = ["mailto:", "tel:", "magnet:"].iter().any(|scheme| address.starts_with(scheme));
    if !(web || link && key == "href") {
        return Err(format!("{key}={address:?}"));
    }
    let framed = |player: &str| address.strip_prefix("https://").is_some_and(|rest| rest.starts_with(player));
    if name == "iframe" && !PLAYERS.iter().any(|player| framed(player)) {
        return Err(format!("a frame of {address:?}"));
    }
    if address.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(format!("a control character in {address:?}"));
    }
    Ok(())
}

#[test]
fn the_walker_finds_what_is_wrong() {
    for html in [
        "<script>",
        "<p>",
        "<p></b>",
        "</p>",
        "<p onclick=\"x\"></p>",
        "<p style=\"x\"></p>",
        "<img src=\"data:x\">",
        "<a href=\"https://e.org/\"></a>",
        "<img src=x>",
        "a > b",
        "a & b",
        "<!-- x -->",
        "<a href=\"x",
        "\u{8}",
        "<a href=\"javascript:x\" rel=\"nofollow\">x</a>",
        "<iframe src=\"https://e.org/\" sandbox=\"\"></iframe>",
        "<img src=\"https://e.org/\" src=\"https://e.org/\">",
        "<svg></svg>",
    ] {
        assert!(findings(html).is_err(), "{html}");
    }
    assert_eq!(findings("<p lang=\"ar\">a &amp; <b>b</b><br></p>"), Ok(()));
}
