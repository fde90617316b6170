"""Good documents that must pass, and one broken rule after another that must be found."""

GOOD_RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>t</title>
<link>https://example.org/</link><description>d</description>
<atom:link href="https://example.org/f.rss" rel="self" type="application/rss+xml"/>
<item><title>i</title><guid isPermaLink="false">urn:x:1</guid><link>https://example.org/%D8%A7</link>
<pubDate>Sun, 22 Nov 2026 21:40:00 +0000</pubDate>
<enclosure url="https://example.org/a.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""
GOOD_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"
xmlns:fh="http://purl.org/syndication/history/1.0"><id>urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11</id><title>t</title>
<updated>2026-11-22T21:40:00Z</updated><link rel="self" href="https://example.org/f.atom"/>
<link rel="prev-archive" href="https://example.org/1.atom"/><at:deleted-entry ref="urn:x-y:1" when="2026-11-22T21:40:00Z"/>
<entry><id>tag:example.org,2026:1</id><title>e</title><updated>2026-11-22T21:40:00Z</updated>
<author><name>a</name></author><link href="https://example.org/1"/><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry></feed>"""
GOOD_JSON = """{"version":"https://jsonfeed.org/version/1.1","title":"t","feed_url":"https://example.org/f.json",
"hubs":[{"type":"WebSub","url":"https://example.org/hub"}],
"items":[{"id":"1","content_text":"x","date_published":"2026-11-22T21:40:00Z","tags":["a"],
"attachments":[{"url":"https://example.org/a.mp3","mime_type":"audio/mpeg"}]}]}"""
# Each: the good document, what to write instead of what, a part of the sentence that must come.
BROKEN = [
    (GOOD_RSS, "Sun, 22", "Mon, 22", "wrong weekday"),
    (GOOD_RSS, "22 Nov", "31 Nov", "day"),
    (GOOD_RSS, "<description>d</description>", "", "no <description>"),
    (GOOD_RSS, 'isPermaLink="false"', "", "isPermaLink must be false"),
    (GOOD_RSS, "%D8%A7", "\u0627", "no absolute URI in ASCII"),
    (GOOD_RSS, "%D8%A7", "a b", "no absolute URI in ASCII"),
    (GOOD_RSS, 'length="1" ', "", "enclosure length"),
    (GOOD_RSS, 'type="audio/mpeg"', "", "enclosure type"),
    (GOOD_RSS, 'rel="self"', 'rel="hub"', "no atom:link"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><title>j</title>", "stands twice"),
    (GOOD_RSS, "<item>", "<image><url>https://example.org/l.png</url><title>u</title><link>https://example.org/</link></image><item>", "not the channel's"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><updated>x</updated>", "does not belong"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><author>Nobody</author>", "e-mail"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><source>x</source>", "no url"),
    (GOOD_RSS, "<title>i</title>", "<title>i & j</title>", "not well-formed"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><content:encoded>x</content:encoded>", "must follow a description"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><dc:language>ar_MA</dc:language>", "dc:language"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><media:thumbnail url='/x'/>", "no absolute URI"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><media:content url='https://e.org/' fileSize='0'/>", "fileSize"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><itunes:explicit>clean</itunes:explicit>", "itunes:explicit"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><itunes:episode>0</itunes:episode>", "itunes:episode"),
    (GOOD_RSS, "<title>i</title>", "<title>&lt;b>i</title>", "read as markup"),
    (GOOD_RSS, "<item>", "<cloud domain='example.org' port='x' path='/p' registerProcedure='' protocol='http-post'/><item>", "port"),
    (GOOD_RSS, "<item>", "<cloud domain='example.org' port='80' path='/p' registerProcedure=''/><item>", "no protocol"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><itunes:episodeType>part</itunes:episodeType>", "itunes:episodeType"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><podcast:transcript url='https://e.org/1'/>", "podcast:transcript type"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><media:content url='https://e.org/' medium='sound'/>", "medium"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><media:content url='https://e.org/'><media:credit/></media:content>", "media:credit is empty"),
    (GOOD_RSS, "<item>", "<image><url>https://example.org/l.svg</url><title>t</title><link>https://example.org/</link></image><item>", "a GIF, a JPEG or a PNG"),
    (GOOD_RSS, "</item>", "</item><item><title>j</title><guid isPermaLink='false'>urn:x:1</guid></item>", "another item"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><description>&lt;a href='/x'&gt;</description>", "no address that works"),
    (GOOD_RSS, "<title>i</title>", "<title>i</title><description>&lt;p onclick='x'&gt;</description>", "onclick handler"),
    (GOOD_ATOM, "&lt;p&gt;", "&lt;script&gt;", "holds <script>"),
    (GOOD_ATOM, "<entry>", '<entry xml:lang="ar_MA">', "no language tag"),
    (GOOD_ATOM, "<entry>", '<entry><note xmlns="">x</note>', "in no namespace"),
    (GOOD_ATOM, "<author><name>a</name></author>", "", "no author"),
    (GOOD_ATOM, "<title>e</title>", "", "exactly one <title>"),
    (GOOD_ATOM, "tag:example.org,2026:1", "one", "no absolute IRI"),
    (GOOD_ATOM, "2026-11-22T21:40:00Z", "2026-11-22 21:40", "RFC 3339"),
    (GOOD_ATOM, '<link href="https://example.org/1"/>', '<link href="https://example.org/1"/><link href="https://example.org/2"/>', "two alternate"),
    (GOOD_ATOM, 'type="html">&lt;p&gt;', 'type="html"><p/>', "child elements"),
    (GOOD_ATOM, 'type="html">', 'type="htm">', "neither text, html, xhtml"),
    (GOOD_ATOM, '<link rel="self" href="https://example.org/f.atom"/>', "", "rel=self"),
    (GOOD_ATOM, "</entry>", "</entry><entry><id>tag:example.org,2026:1</id></entry>", "is that of entry 1"),
    (GOOD_ATOM, "urn:x-y:1", "tag:example.org,2026:1", "all the same"),
    (GOOD_ATOM, "urn:x-y:1", "1", "ref '1' is no absolute IRI"),
    (GOOD_ATOM, "<entry>", "<fh:archive/><entry>", "no link to the current feed"),
    (GOOD_ATOM, '<link rel="prev-archive" href="https://example.org/1.atom"/>', '<link rel="current" href="https://example.org/"/><link rel="current" href="https://example.org/2"/>', "two links current"),
    (GOOD_JSON, '"type":"WebSub",', "", "has no type"),
    (GOOD_JSON, '"content_text":"x"', '"content_html":"<img src=x.png>"', "no address that works"),
    (GOOD_JSON, '"id":"1"', '"id":1', "non-empty string"),
    (GOOD_JSON, '"content_text":"x",', "", "neither content_html"),
    (GOOD_JSON, '"title":"t",', "", "no title"),
    (GOOD_JSON, '"mime_type":"audio/mpeg"', '"type":"audio/mpeg"', "no mime_type"),
    (GOOD_JSON, "21:40:00Z", "21:40:00", "RFC 3339"),
    (GOOD_JSON, '"tags":["a"]', '"keywords":["a"]', "no JSON Feed key"),
    (GOOD_JSON, '"tags":["a"]', '"tags":[1]', "tags must be strings"),
    (GOOD_JSON, '"tags":["a"]', '"summary":null', "is null"),
]


def self_test(check):
    """One sentence on the first rule that is not kept, else None."""
    for document in (GOOD_RSS, GOOD_ATOM, GOOD_JSON):
        found = check(document.encode())
        if found:
            return f"a good document is refused: {found}"
    for document, old, new, expected in BROKEN:
        if old not in document:
            return f"self-test out of date: {old!r}"
        found = check(document.replace(old, new, 1).encode())
        if not any(expected in sentence for sentence in found):
            return f"{new!r} for {old!r} should say {expected!r}, but says {found}"
    print(f"{len(BROKEN) + 3} passed, 0 failed")
    return None
