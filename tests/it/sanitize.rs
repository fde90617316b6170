//! Tests of sanitize: what ordinary content becomes. What attackers send is in `sanitize/attacks.rs`.

mod attacks;
mod bounds;
mod images;
mod properties;
mod walker;

use nashra::model::Clean;
use nashra::pipeline::sanitize::{clean, clean_by_parser};
use url::Url;

fn base() -> Url {
    Url::parse("https://example.org/news/1.html").unwrap()
}

fn cleaned(html: &str) -> Clean {
    let clean = clean(html, Some(&base()));
    assert_eq!(walker::findings(&clean.html), Ok(()), "{html}\n→ {}", clean.html);
    clean
}

/// Both ways, the short one and the parser's, must agree.
fn check(html: &str, expected: &str) {
    assert_eq!(cleaned(html).html, expected, "{html}");
    assert_eq!(clean_by_parser(html, Some(&base())).html, expected, "by the parser: {html}");
}

/// What must come through as it is.
fn kept(html: &str) {
    check(html, html);
}

#[test]
fn text_comes_through() {
    kept("");
    kept("نص عربي بلا وسوم، وفيه أرقام 1,234.5");
    kept("a &amp; b &lt;c&gt; d&nbsp;e");
    check("1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2");
    check("&ldquo;quoted&rdquo; &#8217; &#x2019; &eacute; &hearts; &#146;", "“quoted” ’ ’ é ♥ ’");
    check("  \n padded \n ", "padded");
    check("a\u{8}b\u{0}c\u{FFFE}\u{FEFF}d", "abcd");
    check("a\r\nb", "a\nb");
}

#[test]
fn the_elements_of_writing_are_kept() {
    kept("<p dir=\"rtl\">فقرة <strong>مهمة</strong> و<em lang=\"en\">this</em><br>سطر</p>");
    kept(
        "<h1>a</h1><h2>b</h2><h6>c</h6><hr><ul><li>1</li><li>2<ol start=\"3\" reversed=\"\"><li value=\"9\">x</li></ol></li></ul>",
    );
    kept("<dl><dt>t</dt><dd>d</dd></dl><pre><code>a\n  b</code></pre><p>a<wbr>b</p>");
    kept("<ruby>漢<rb>x</rb><rp>(</rp><rt>kan</rt><rp>)</rp></ruby>");
    kept(
        "<bdi>a</bdi><bdo dir=\"rtl\">b</bdo><sub>1</sub><sup>2</sup><mark>m</mark><small>s</small><kbd>k</kbd>",
    );
    kept(
        "<abbr title=\"x &amp; y\">z</abbr><ins datetime=\"2026-01-01\">i</ins><del cite=\"https://e.org/why\">d</del>",
    );
    kept("<time datetime=\"2026-11-25\">اليوم</time><q cite=\"https://e.org/\">q</q><cite>c</cite>");
    kept(
        "<blockquote cite=\"https://e.org/a\"><p>a</p></blockquote><details open=\"\"><summary>s</summary>t</details>",
    );
    kept("<figure><img src=\"https://e.org/a.jpg\" alt=\"\"><figcaption>c</figcaption></figure>");
    kept(
        "<table><caption>c</caption><colgroup><col span=\"2\"></colgroup><thead><tr><th scope=\"col\" abbr=\"a\">h</th>\
         </tr></thead><tbody><tr><td colspan=\"2\" rowspan=\"1\" headers=\"h\">d</td></tr></tbody></table>",
    );
}

#[test]
fn what_only_its_page_can_use_goes() {
    check("<p class=\"a\" id=b style='color:red' onclick=x data-y=1 align=center>t</p>", "<p>t</p>");
    check("<span class=\"x\">a</span><span lang=ar>b</span>", "a<span lang=\"ar\">b</span>");
    check(
        "<font size=2>a</font><big>b</big><tt>c</tt><strike>d</strike><acronym title=t>e</acronym>",
        "ab<code>c</code><s>d</s><abbr title=\"t\">e</abbr>",
    );
    check("<section><article>a</article></section><center>b</center>", "<div><div>a</div></div><div>b</div>");
    check("<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", "<p>a</p>");
    check("<script>x()</script><style>p{}</style><title>t</title>a", "a");
    check(
        "<form action=/x>a<input name=q><button>go</button><select><option>o</select><textarea>t</textarea></form>",
        "a",
    );
    check("<object data=x.swf><embed src=x.swf>a</object>", "a");
    check("<svg><text>s</text></svg><math><mi>m</mi></math>a", "a");
    check("<link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=//evil/>a", "a");
    check("<o:p>a</o:p><my-element>b</my-element>", "ab");
    check("<html><head><title>t</title></head><body bgcolor=red><p>a</p></body></html>", "<p>a</p>");
}

#[test]
fn links_are_absolute_and_vouch_for_nobody() {
    let link = |href: &str, out: &str| {
        check(
            &format!("<a href=\"{href}\" target=_blank rel=me>x</a>"),
            &format!("<a href=\"{out}\" rel=\"nofollow noopener\">x</a>"),
        );
    };
    link("https://e.org/a?b=1&amp;c=2", "https://e.org/a?b=1&amp;c=2");
    link("https://e.org/a?b=1&copy=2", "https://e.org/a?b=1&amp;copy=2");
    link("/a b", "https://example.org/a%20b");
    link("?p=3", "https://example.org/news/1.html?p=3");
    link("#fn1", "https://example.org/news/1.html#fn1");
    link("//e.org/خبر", "https://e.org/%D8%AE%D8%A8%D8%B1");
    link("mailto:a@e.org?subject=x", "mailto:a@e.org?subject=x");
    link("tel:+212", "tel:+212");
    link("magnet:?xt=urn:btih:a", "magnet:?xt=urn:btih:a");
    check("<a href=\"javascript:x\">a</a><a name=top>b</a><a>c</a><a href=ftp://e.org/>d</a>", "abcd");
    check(
        "<a href=/1>a<a href=/2>b</a>",
        "<a href=\"https://example.org/1\" rel=\"nofollow noopener\">a</a><a href=\"https://example.org/2\" rel=\"nofollow noopener\">b</a>",
    );
    assert_eq!(
        clean("<a href=/a>x</a><img src=/b.jpg><blockquote cite=c>y</blockquote>", None).html,
        "x<blockquote>y</blockquote>"
    );
}

#[test]
fn broken_markup_is_mended() {
    check("<p>a<p>b", "<p>a</p><p>b</p>");
    check("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>");
    check("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>");
    check("<p>a<div>b</div>", "<p>a</p><div>b</div>");
    check("<div><p>a</div>b", "<div><p>a</p></div>b");
    check("a</div></b>b", "ab");
    check(
        "<table><tr><td>a<td>b<tr><td>c</table>",
        "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
    );
    check("<b>a<p>b</b>c</p>", "<b>a</b><p><b>b</b>c</p>");
    check("<strong><p>a</p></strong>", "<strong><p>a</p></strong>");
    check("text <a href=\"https://e.org", "text");
    check("<td>a</td>", "a");
    check("<script src=x/><p>a</p>", "");
    check(
        "<script src='x'/><p>a</p><iframe src='https://e.org/'/><p>b</p>",
        "<p>a</p><a href=\"https://e.org/\" rel=\"nofollow noopener\">e.org</a><p>b</p>",
    );
    check("<pre>\n\na</pre>", "<pre>a</pre>");
    check("<h2>a<a name=x><h2>b</h2></a></h2>", "<h2>a</h2><h2>b</h2>");
    check("<pre>\u{1}\na</pre>", "<pre>a</pre>");
    check("<ruby><rt><p></rt><p></p></ruby>", "<ruby><rt><p></p><p></p></rt></ruby>");
}

#[test]
fn players_wait_and_frames_are_of_known_hosts() {
    let sandbox = "sandbox=\"allow-scripts allow-same-origin allow-popups allow-presentation\" loading=\"lazy\" allowfullscreen=\"\"";
    check(
        "<iframe width=560 height=315 src=\"//www.youtube.com/embed/x?a=1\" frameborder=0 allow=autoplay onload=x srcdoc=y></iframe>b",
        &format!(
            "<iframe src=\"https://www.youtube.com/embed/x?a=1\" width=\"560\" height=\"315\" {sandbox}></iframe>b"
        ),
    );
    check(
        "<iframe src=\"http://player.vimeo.com/video/1\"></iframe>",
        &format!("<iframe src=\"https://player.vimeo.com/video/1\" {sandbox}></iframe>"),
    );
    check(
        "<iframe src=\"https://maps.example/x\"></iframe>",
        "<a href=\"https://maps.example/x\" rel=\"nofollow noopener\">maps.example</a>",
    );
    check(
        "<iframe src=\"https://evil.example/www.youtube.com/embed/\"></iframe>",
        "<a href=\"https://evil.example/www.youtube.com/embed/\" rel=\"nofollow noopener\">evil.example</a>",
    );
    check(
        "<iframe src=\"javascript:x\"></iframe><iframe srcdoc=\"<script>\"></iframe><iframe src=https://e.org/ height=0 width=0></iframe>",
        "",
    );
    check(
        "<noscript><iframe src=\"https://www.googletagmanager.com/ns.html\" style=\"display:none\"></iframe></noscript>",
        "",
    );
    check(
        "<video autoplay muted loop src=a.mp4 poster=a.jpg width=640><source src=b.webm type=video/webm><track src=c.vtt kind=captions srclang=ar label=x>f</video>",
        "<video src=\"https://example.org/news/a.mp4\" poster=\"https://example.org/news/a.jpg\" width=\"640\" controls=\"\" preload=\"none\">\
         <source src=\"https://example.org/news/b.webm\" type=\"video/webm\"><track src=\"https://example.org/news/c.vtt\" kind=\"captions\" srclang=\"ar\" label=\"x\">f</video>",
    );
    check(
        "<audio src=a.mp3 autoplay></audio>",
        "<audio src=\"https://example.org/news/a.mp3\" controls=\"\" preload=\"none\"></audio>",
    );
}
