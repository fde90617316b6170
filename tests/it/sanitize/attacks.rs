//! What attackers send, as data in `vectors.txt`: alone and within whatever might hide it.

use nashra::pipeline::sanitize::{clean, clean_by_parser};

use super::{base, walker};

/// Beginnings that change how what follows is read.
const CONTEXTS: &[&str] = &[
    "<p>",
    "<table>",
    "<table><tr><td>",
    "<svg>",
    "<svg><desc>",
    "<math><mtext>",
    "<math><annotation-xml encoding=text/html>",
    "<noscript>",
    "<style>",
    "<title>",
    "<textarea>",
    "<select>",
    "<template>",
    "<a href=x>",
    "<a title=\"",
    "<a title='",
    "<img alt=`",
    "<!--",
    "<![CDATA[",
    "<ruby><rt>",
    "<pre>",
    "<iframe>",
    "<font><b><i>",
    "<form>",
    "<script>/*",
    "<x ",
    "&lt;",
    "</",
];

fn vectors() -> Vec<String> {
    let lines = include_str!("vectors.txt").lines().filter(|line| !line.starts_with("# "));
    lines.map(unescaped).collect()
}

fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next().unwrap() {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '0' => out.push('\0'),
            'u' => {
                let digits: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
            }
            other => out.push(other),
        }
    }
    out
}

fn check(html: &str) {
    let base = base();
    for base in [Some(&base), None] {
        let cleaned = clean(html, base);
        assert_eq!(walker::findings(&cleaned.html), Ok(()), "{html:?}\n→ {}", cleaned.html);
        assert_eq!(clean(&cleaned.html, base), cleaned, "not stable: {html:?}");
        assert_eq!(clean_by_parser(html, base), cleaned, "the parser disagrees: {html:?}");
    }
}

#[test]
fn nothing_gets_through() {
    let vectors = vectors();
    assert!(vectors.len() > 400, "{} vectors", vectors.len());
    for vector in &vectors {
        check(vector);
    }
}

#[test]
fn nothing_gets_through_in_any_context() {
    for vector in vectors() {
        for context in CONTEXTS {
            check(&format!("{context}{vector}"));
        }
    }
}

#[test]
fn nothing_gets_through_in_pairs() {
    let vectors = vectors();
    for (first, second) in vectors.iter().zip(vectors.iter().skip(7)) {
        check(&format!("{first}{second}"));
    }
}

/// A sanitiser that let nothing through would pass the tests above.
#[test]
fn what_surrounds_an_attack_stays() {
    for vector in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)></svg>",
        "<b onclick=x>b</b>",
    ] {
        let html = clean(&format!("<p>before</p>{vector}<p>after</p>"), Some(&base())).html;
        assert!(html.starts_with("<p>before</p>") && html.ends_with("<p>after</p>"), "{html}");
    }
}
