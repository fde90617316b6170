"""What readers get: every document, its rules, and exact HTTP."""
import gzip
import html.parser
import json
import re
import xml.etree.ElementTree as ET

import rules
from endtoend.site import expect, own, until
from feedrules import values

STORIES_MIN = 6
SECTION_ENTRIES_MIN = 10
PACKED_SECONDS = 5
MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def every_feed_is_valid(site):
    for section in site.sections:
        bodies = {}
        for kind, media_type in MEDIA_TYPES.items():
            path = f"/{section}.{kind}"
            status, headers, body = site.get(path)
            expect(status == 200, f"{path} answers {status}")
            expect(headers.get("content-type") == media_type, f"{path}: Content-Type {headers.get('content-type')!r}")
            check_headers(path, headers, body)
            problems = rules.check(body, "json" if kind == "json" else "xml", site.address + path)
            expect(not problems, f"{path} breaks {len(problems)} rules: " + "; ".join(problems[:8]))
            bodies[kind] = body
        check_one_section(site, section, bodies)


def check_headers(path, headers, body):
    etag = headers.get("etag", "")
    expect(re.fullmatch(r'"[\x21\x23-\x7e]+"', etag), f"{path}: {etag!r} is no strong ETag")
    expect("last-modified" in headers, f"{path} has no Last-Modified")
    problem = values.rfc822_problem(headers["last-modified"])
    expect(problem is None and headers["last-modified"].endswith("GMT"), f"{path}: Last-Modified: {problem}")
    expect("accept-encoding" in headers.get("vary", "").lower(), f"{path}: Vary is {headers.get('vary')!r}")
    control = headers.get("cache-control", "")
    expect("public" in control and "max-age=" in control, f"{path}: Cache-Control is {control!r}")
    expect(headers.get("content-length") == str(len(body)), f"{path}: Content-Length {headers.get('content-length')}")


def check_one_section(site, section, bodies):
    """The three formats tell the same: the same ids in the same order, newest first."""
    items = json.loads(bodies["json"])["items"]
    atom, rss = ET.fromstring(bodies["atom"]), ET.fromstring(bodies["rss"])
    ids = [item["id"] for item in items]
    expect([entry.findtext(values.ATOM + "id") for entry in atom.iter(values.ATOM + "entry")] == ids, f"{section}: Atom has other ids than JSON")
    expect([item.findtext("guid") for item in rss.iter("item")] == ids, f"{section}: RSS has other ids than JSON")
    least = 50 if section == "latest" else SECTION_ENTRIES_MIN
    expect(least <= len(ids) <= 50, f"{section} has {len(ids)} entries, not {least} to 50")
    dates = [item["date_published"] for item in items]
    if section == "most-read":
        coverage = [len(own(item)["also"]) for item in items]
        expect(coverage == sorted(coverage, reverse=True), f"{section} does not begin with what most sources carry: {coverage}")
    else:
        expect(dates == sorted(dates, reverse=True), f"{section} is not newest first")
    title = site.settings["sections"][section]["title"]
    for kind, found in (("rss", rss.findtext("channel/title")), ("atom", atom.findtext(values.ATOM + "title")), ("json", json.loads(bodies["json"])["title"])):
        expect(title in (found or ""), f"{section}.{kind}: title {found!r} does not name {title!r}")
    for entry in atom.iter(values.ATOM + "entry"):
        source = entry.find(values.ATOM + "source")
        named = source is not None and source.findtext(values.ATOM + "title") and source.findtext(values.ATOM + "id")
        expect(named, f"{section}.atom: an entry does not name its source")
    for item in items:
        expect(own(item).get("source", {}).get("title"), f"{section}.json: {item['id']} does not name its source")


def rules_and_stories_show(site):
    latest = [item for section in site.sections for item in site.items(section)]
    for item in latest:
        expect(not re.match("إعلان|Publicité", item["title"]), f"an excluded entry shows: {item['title']}")
    sport = site.items("sport")
    numbers = {found for item in sport for found in re.findall(r"الواحات إلى (\d+) عداء", item["title"])}
    expect(numbers == {"1200", "1500"}, f"two counts of the marathon are two stories, but sport shows {numbers}")
    expect("Le Courrier du Détroit" in tellers(sport), "no entry came to sport by its address")
    expect("The Atlas Review" in tellers(site.items("arts")), "no entry came to arts by its category")
    told_twice = [item for item in site.items("latest") if own(item).get("also")]
    expect(len(told_twice) >= STORIES_MIN, f"{len(told_twice)} stories of several sources, not {STORIES_MIN}")
    cup = [item for item in sport if "بكأس المدن" in item["title"]]
    expect(len(cup) == 1, f"the cup's final shows {len(cup)} times in sport")
    expect(len(own(cup[0])["also"]) == 2, f"the cup's final was told by two more: {own(cup[0])['also']}")
    links = [re.sub(r"[?&]utm_[^&#]*", "", item.get("url", "")) for item in site.items("latest")]
    twice = {link for link in links if link and links.count(link) > 1}
    expect(not twice, f"shown twice in latest: {twice}")


def tellers(items):
    """Who tells these stories: which source was polled first, and so leads one, is left to chance."""
    return {teller for item in items for teller in (own(item)["source"]["title"], *(other["source"] for other in own(item)["also"]))}


class Page(html.parser.HTMLParser):
    """What a page says of itself, and where it leads."""

    def __init__(self, text):
        super().__init__()
        self.root, self.links, self.tags, self.text = {}, [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        if tag == "html":
            self.root = attributes
        if tag in ("a", "link") and attributes.get("href"):
            self.links.append(attributes["href"])

    def handle_data(self, data):
        self.text.append(data)


def front_page_is_arabic(site):
    status, headers, body = site.get("/")
    expect(status == 200 and headers["content-type"].lower() == "text/html; charset=utf-8", f"/ answers {status} {headers}")
    page = Page(body.decode("utf-8"))
    expect(page.root.get("dir") == "rtl" and page.root.get("lang") == "ar", f"/ is <html {page.root}>")
    text = " ".join(page.text)
    expect(site.settings["site"]["title"] in text, "/ does not show the site's title")
    places = [text.find(section["title"]) for section in site.settings["sections"].values()]
    expect(-1 not in places, f"/ lacks a section: {places}")
    expect("script" not in page.tags, "/ holds a script")
    for section in site.sections:
        status, headers, body = site.get(f"/{section}")
        expect(status == 200 and headers["content-type"].startswith("text/html"), f"/{section} answers {status}")
        page.links += Page(body.decode("utf-8")).links
    follow_own_links(site, page.links)


def follow_own_links(site, links):
    inside = {link.removeprefix(site.address) or "/" for link in links if link.startswith((site.address, "/"))}
    inside = {link.split("#")[0] for link in inside if not link.startswith("//")}
    expect(len(inside) > len(site.sections), f"the pages link to little of the site: {sorted(inside)}")
    for link in sorted(inside)[:300]:
        status = site.get(link)[0]
        expect(status == 200, f"a page links to {link}, which answers {status}")


def http_is_exact(site):
    for path in ["/", *site.paths]:
        _, headers, body = site.get(path)
        etag = headers["etag"]
        status, again, empty = site.ask("HEAD", path)
        expect(status == 200 and empty == b"" and again.get("etag") == etag, f"HEAD {path}: {status} {again}")
        expect(again.get("content-length") == str(len(body)), f"HEAD {path}: Content-Length {again.get('content-length')}")
        for value in (etag, "W/" + etag, f'"other", {etag}', "*"):
            status, again, empty = site.get(path, {"If-None-Match": value})
            expect(status == 304 and empty == b"" and again.get("etag") == etag, f"{path} If-None-Match {value}: {status}")
        status, _, _ = site.get(path, {"If-None-Match": '"other"', "If-Modified-Since": headers["last-modified"]})
        expect(status == 200, f"{path}: If-None-Match must decide, but {status}")
        status, _, _ = site.get(path, {"If-Modified-Since": headers["last-modified"]})
        expect(status == 304, f"{path} If-Modified-Since: {status}")
        # Compressed beside the commit that made it, so it may take a moment.
        asked = {"Accept-Encoding": "gzip"}
        until(PACKED_SECONDS, f"{path} is gzipped", lambda: site.get(path, asked)[1].get("content-encoding") == "gzip")
        status, zipped, packed = site.get(path, asked)
        expect(status == 200 and zipped.get("content-encoding") == "gzip", f"{path} is not gzipped: {zipped}")
        expect(gzip.decompress(packed) == body and len(packed) < len(body), f"{path}: gzip holds other bytes")
        expect(zipped["etag"] != etag, f"{path}: one strong ETag for two encodings")
        status, _, _ = site.get(path, {"Accept-Encoding": "gzip", "If-None-Match": zipped["etag"]})
        expect(status == 304, f"{path}: the ETag of the gzip answer gives {status}")
        status, plain, body_again = site.get(path, {"Accept-Encoding": "gzip;q=0"})
        expect(body_again == body and "content-encoding" not in plain, f"{path}: gzip;q=0 is not obeyed")
        for method in ("POST", "PUT", "DELETE"):
            status, refused, _ = site.ask(method, path)
            allowed = {word.strip() for word in refused.get("allow", "").split(",")}
            expect(status == 405 and {"GET", "HEAD"} <= allowed, f"{method} {path}: {status} Allow {allowed}")
        expect(site.get(path, {"Host": "evil.example"})[2] == body, f"{path} depends on the Host header")
    for path in ("/no-such-section", "/no-such-section.rss", "/latest.xml", "/../feeds.toml", "/%ff"):
        status = site.get(path)[0]
        expect(status in (400, 404), f"{path} answers {status}")


def entries_lead_to_their_sources(site):
    for item in site.items("latest")[:10]:
        path = f"/go/{own(item)['story']}"
        status, headers, _ = site.get(path)
        expect(status == 302 and headers.get("location") == item["url"], f"{path}: {status} {headers.get('location')!r}, not {item['url']!r}")
        expect(headers.get("cache-control") == "no-store" and "set-cookie" not in headers, f"{path}: {headers}")
        expect(site.ask("HEAD", path)[0] == 302, f"HEAD {path} is no 302")
    for path in ("/go/", "/go/https://evil.example/", "/go/" + "0" * 32):
        status, headers, _ = site.get(path)
        expect(status == 404 and "location" not in headers, f"{path}: {status} {headers}")
    expect("Disallow: /go/" in site.get("/robots.txt")[2].decode().splitlines(), "robots.txt lets robots follow /go/")
