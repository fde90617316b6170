//! What holds for any input: safe, stable, and the short way says what the parser says.

use nashra::pipeline::sanitize::{clean, clean_by_parser, clean_simple};
use proptest::prelude::*;

use super::{base, walker};

/// Text as newsrooms write it.
fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => Just("قال المدرب إن الفريق جاهز، وأضاف "),
        2 => Just("أيضــــــًا "),
        4 => Just("The government said on Monday "),
        1 => Just("&nbsp;"),
        1 => Just("&#8217;"),
        1 => Just(" &amp; "),
        1 => Just(" & "),
        1 => Just("&hellip;"),
        1 => Just("&lt;b&gt;"),
        1 => Just("\n  "),
        1 => Just("é\u{A0}–"),
        1 => Just("<br />"),
        1 => Just("<br>"),
        1 => Just("1 < 2"),
        1 => Just("<!-- wp:image {\"id\":1} -->"),
        1 => Just("\r\n"),
    ];
    prop::collection::vec(word, 0..5).prop_map(|words| words.concat())
}

fn address() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "https://example.org/a/b.jpg?w=1&amp;h=2",
        "https://example.org/a?x=1&y=2",
        "/images/1.jpg",
        "../up",
        "#note",
        "//cdn.example.org/x.png",
        "http://Example.ORG",
        "https://e.org/خبر عاجل",
        "mailto:a@example.org",
        "javascript:alert(1)",
        " https://e.org/ ",
        "data:image/gif;base64,R0lGOD",
        "https://pixel.wp.com/b.gif?x",
        "https://user:word@e.org/",
        "https://e.org/%zz/./b;c,",
        "",
    ])
}

fn attributes() -> impl Strategy<Value = String> {
    let other = prop::sample::select(vec![
        " class=\"wp-block size-large\"",
        " style='text-align: right'",
        " id=x",
        " dir=\"rtl\"",
        " lang='ar'",
        " width=\"640\"",
        " height=360",
        " width=1 height=1",
        " alt=\"صورة &quot;x&quot;\"",
        " title='a &amp; b'",
        " onclick=\"alert(1)\"",
        " data-id=\"1\"",
        " target=\"_blank\" rel=\"noreferrer\"",
        " srcset=\"/a.jpg 1x, /b.jpg 2x\"",
        " data-src='/late.jpg'",
        " loading=\"lazy\"",
    ]);
    let address = (prop::sample::select(vec!["href", "src", "data-src"]), address())
        .prop_map(|(name, address)| format!(" {name}=\"{address}\""));
    prop::collection::vec(prop_oneof![3 => other.prop_map(str::to_owned), 2 => address], 0..5)
        .prop_map(|all| all.concat())
}

/// Markup of articles: balanced, nested as writers nest it, and sometimes not quite.
fn article() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => words(),
        1 => attributes().prop_map(|all| format!("<img{all}>")),
        1 => attributes().prop_map(|all| format!("<img{all} />")),
        1 => Just("<hr/>".to_owned()),
        1 => Just("<p>".to_owned()),
        1 => Just("<script async src=\"https://platform.example/w.js\"></script>".to_owned()),
        1 => address().prop_map(|address| format!("<iframe src=\"{address}\"></iframe>")),
    ];
    let tag = prop::sample::select(vec![
        "p",
        "p",
        "p",
        "a",
        "a",
        "strong",
        "em",
        "b",
        "i",
        "span",
        "div",
        "h2",
        "h3",
        "blockquote",
        "ul",
        "li",
        "ol",
        "figure",
        "figcaption",
        "code",
        "pre",
        "font",
        "section",
        "center",
        "sub",
        "u",
        "dl",
        "dt",
        "dd",
        "noscript",
        "small",
        "time",
        "q",
        "ins",
        "ruby",
        "rt",
        "picture",
        "table",
        "tr",
        "td",
        "tbody",
        "caption",
        "details",
        "summary",
        "label",
        "strike",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        (tag.clone(), attributes(), prop::collection::vec(inner, 0..5), 0..30_u8).prop_map(
            |(tag, attributes, inside, form)| {
                let inside = inside.concat();
                match form {
                    0 => format!("<{tag}{attributes}>{inside}"),
                    1 => format!("{inside}</{tag}>"),
                    2 => format!("<{}{attributes}>{inside}</{tag}>", tag.to_uppercase()),
                    _ => format!("<{tag}{attributes}>{inside}</{tag}>"),
                }
            },
        )
    })
}

/// Pieces of markup in no order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec![
            "<p>", "</p>", "<b>", "</b>", "<a href=x>", "</a>", "<i lang=ar>", "</i>", "<table>", "</table>", "<tr>", "</tr>",
            "<td>", "</td>", "<tbody>", "</tbody>", "<ul>", "</ul>", "<li>", "</li>", "<div>", "</div>", "<h1>", "</h1>",
            "<pre>", "</pre>", "\n", "<dl>", "<dd>", "<dt>", "</dl>", "<ruby>", "<rt>", "<rtc>", "<rp>", "</ruby>", "<span>",
            "</span>", "<span dir=rtl>", "<br>", "</br>", "<img src=x>", "</p", "<", ">", "&", "&amp", "&copy=", "text",
            " ", "<caption>", "<col>", "<colgroup>", "</colgroup>", "<select>", "<option>", "</select>", "<svg>", "</svg>",
            "<math>", "<mi>", "<mglyph>", "<style>", "</style>", "<title>", "</title>", "<textarea>", "</textarea>", "<template>",
            "</template>", "<noscript>", "</noscript>", "<script>", "</script>", "<!--", "-->", "--!>", "<![CDATA[", "]]>", "<?x",
            "<form>", "</form>", "<button>", "</button>", "<object>", "</object>", "<marquee>", "</marquee>", "<nobr>", "<font>",
            "</font>", "<center>", "</center>", "<article>", "</article>", "<address>", "<plaintext>", "<xmp>", "</xmp>", "<picture>",
            "<source srcset=x>", "<video>", "</video>", "<track src=x>", "<iframe src=x>", "</iframe>", "<body onload=x>", "<html>",
            "<frameset>", "<input>", "<image src=x>", "<listing>", "<a name=x>", "<p/>", "<q cite='", "\"", "'", "=", "/", "\0",
            "\r", "\u{C}", "\u{A0}", "\u{FEFF}", "<details open>", "<summary>", "<foreignObject>", "<annotation-xml encoding=text/html>",
            "<strike>", "</strike>", "</s>", "<tt>", "</code>", "<label>", "</label>", "&#xa;", "&#9;", "&#1;", "&nbsp;", "<img src=y>", "<foo>", "</foo>", "<section><li>", "<dir>", "<menu>",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn check(html: &str) -> Result<(), TestCaseError> {
    let base = base();
    for base in [Some(&base), None] {
        let cleaned = clean(html, base);
        prop_assert_eq!(walker::findings(&cleaned.html), Ok(()), "{:?}\n→ {}", html, cleaned.html);
        let again = clean(&cleaned.html, base);
        prop_assert_eq!(&again, &cleaned, "not stable: {:?}", html);
        let parsed = clean_by_parser(html, base);
        if let Some(simple) = clean_simple(html, base) {
            prop_assert_eq!(&simple, &parsed, "the parser disagrees: {:?}", html);
        }
        prop_assert_eq!(&cleaned, &parsed);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    #[test]
    fn articles(html in article()) {
        check(&html)?;
    }

    #[test]
    fn tag_soup(html in soup()) {
        check(&html)?;
    }

    #[test]
    fn any_text(html in any::<String>()) {
        check(&html)?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn bytes_of_markup(html in "[<>/=\"'& a-e!;#x0-9\\-]{0,80}") {
        check(&html)?;
    }
}

/// The short way is worth nothing unless ordinary articles take it.
#[test]
fn ordinary_articles_take_the_short_way() {
    for html in [
        "نص بلا وسوم",
        "<p dir=\"rtl\" class=\"x\">فقرة <strong>مهمة</strong>&nbsp;<a href=\"/a\" target=\"_blank\">رابط</a>&#8230;</p>\n<p>ثانية<br />سطر</p>",
        "<!-- wp:image --><figure class=\"wp-block-image\"><a href=\"https://e.org/\"><img width=\"1\" src=\"/a.jpg\" alt=\"x\" /></a><figcaption>c</figcaption></figure>",
        "<ul><li>a<li>b</ul><table><tr><td>a</td></tr></table><p>a<p>b",
        "<blockquote class=\"twitter-tweet\"><p>x</p></blockquote><script async src=\"https://platform.example/widgets.js\" charset=\"utf-8\"></script>",
        "<div><iframe src=\"https://www.youtube.com/embed/x\" allowfullscreen></iframe></div><noscript><img src=x></noscript>",
    ] {
        assert!(clean_simple(html, Some(&base())).is_some(), "{html}");
    }
    for html in
        ["<b><i>x</b></i>", "<a><a>", "<svg>", "&copy", "<p title=\"", "<div><![CDATA[x]]>", "<table>x"]
    {
        assert!(clean_simple(html, Some(&base())).is_none(), "{html}");
    }
}
