#!/usr/bin/env python3
"""Checks RSS 2.0, RSS 1.0, Atom 1.0 and JSON Feed documents rule by rule.

RSS 2.0 by the specification as the W3C feed validator reads it, Atom by RFC 4287, JSON Feed by
version 1.1. `check(document, media_type)` returns a list of sentences, empty for a good document.
On the command line: rules.py FILE... or rules.py --self-test.
"""
import html.parser
import json
import re
import sys
import xml.etree.ElementTree as ET
from datetime import date, datetime

ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS1 = "{http://purl.org/rss/1.0/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
XHTML = "{http://www.w3.org/1999/xhtml}"
XML = "{http://www.w3.org/XML/1998/namespace}"

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
RFC822 = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) "
    r"(\d\d):(\d\d)(?::(\d\d))? (?:[+-](\d\d)(\d\d)|UT|GMT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|Z)"
)
RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-](\d\d):(\d\d))"
)
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?")
MAILBOX = re.compile(r"[^\s@()<>]+@[^\s@()<>]+\.?[^\s@()<>]*( \([^()]*\))?")
# RFC 3986: what may stand in a URI; anything else must be percent-encoded.
URI_CHARS = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
IRI_CHARS = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2}|[^\x00-\xa0\ud800-\udfff\ufff0-\uffff])*")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
RELATION = re.compile(r"[a-z][a-z0-9.-]*")

RSS_CHANNEL = {
    "title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate",
    "lastBuildDate", "category", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput",
    "skipHours", "skipDays", "item",
}
RSS_ITEM = {
    "title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source",
}
RSS_REPEATABLE = {"category", "item"}
ATOM_FEED = {
    "author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle",
    "title", "updated", "entry",
}
ATOM_ENTRY = {
    "author", "category", "content", "contributor", "id", "link", "published", "rights", "source", "summary",
    "title", "updated",
}
ATOM_SOURCE = ATOM_FEED - {"entry"}
ATOM_REPEATABLE = {"author", "category", "contributor", "link", "entry"}


class Report:
    """The sentences of one document, each with its place."""

    def __init__(self):
        self.problems = []

    def say(self, place, sentence):
        self.problems.append(f"{place}: {sentence}")

    def need(self, holds, place, sentence):
        if not holds:
            self.say(place, sentence)
        return holds


def check(document, media_type=None, own_address=None, strict=True):
    """Every broken rule of a document (bytes). `own_address` is what its self link must be.

    `strict` asks for what a good publisher does beyond the letter of RSS: a guid and a pubDate for
    every item, an atom:link to itself.
    """
    report = Report()
    if media_type == "json" or (media_type is None and document.lstrip()[:1] == b"{"):
        check_json(document, report, own_address)
        return report.problems
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"document: not UTF-8: {error}"]
    report.need("<!DOCTYPE" not in text, "document", "has a DOCTYPE")
    forbidden = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
    report.need(not forbidden, "document", "holds a character that XML 1.0 forbids")
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        return [f"document: not well-formed: {error}"]
    for element in root.iter():
        language = element.get(XML + "lang") if isinstance(element.tag, str) else None
        report.need(not language or LANGUAGE.fullmatch(language), local(str(element.tag)), f"xml:lang {language!r} is no language tag")
    if root.tag == "rss":
        check_rss(root, report, own_address, strict)
    elif root.tag == ATOM + "feed":
        check_atom(root, report, own_address)
    elif root.tag == RDF + "RDF":
        check_rdf(root, report)
    else:
        report.say("document", f"unknown root element {root.tag}")
    return report.problems


# ── Values ──────────────────────────────────────────────────────────────────────────────────────────

def is_uri(value):
    """An absolute URI in ASCII (RFC 3986)."""
    return bool(SCHEME.match(value)) and bool(URI_CHARS.fullmatch(value)) and authority_is_good(value)


def is_web_uri(value):
    return is_uri(value) and value.split(":", 1)[0].lower() in ("http", "https")


def is_iri(value, base=""):
    """An absolute IRI (RFC 3987), or a relative one where there is a base."""
    if not IRI_CHARS.fullmatch(value):
        return False
    return bool(SCHEME.match(value) and authority_is_good(value)) or bool(base)


def authority_is_good(value):
    scheme, rest = value.split(":", 1)
    if scheme.lower() in ("http", "https", "ftp"):
        found = re.match(r"//(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#:\[\]]+)(?::(\d{1,5}))?(?=[/?#]|$)", rest)
        return bool(found)
    if scheme.lower() == "urn":
        return bool(re.match(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}:.+", rest))
    if scheme.lower() == "tag":
        return bool(re.match(r"[^,]+,\d{4}(-\d\d(-\d\d)?)?:", rest))
    return rest != ""


def rfc822_problem(value):
    found = RFC822.fullmatch(value)
    if not found:
        return f"{value!r} is no RFC 822 date"
    weekday, day, month, year, hour, minute, second, zone_hour, zone_minute = found.groups()
    if month not in MONTHS:
        return f"{value!r} has no such month"
    try:
        moment = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second or 0))
    except ValueError as error:
        return f"{value!r}: {error}"
    if weekday and DAYS[moment.weekday()] != weekday:
        return f"{value!r} has the wrong weekday: it was a {DAYS[moment.weekday()]}"
    if zone_hour and (int(zone_hour) > 14 or int(zone_minute) > 59):
        return f"{value!r} has an impossible zone"
    return None


def rfc3339_problem(value):
    found = RFC3339.fullmatch(value)
    if not found:
        return f"{value!r} is no RFC 3339 date"
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        date(year, month, day)
    except ValueError as error:
        return f"{value!r}: {error}"
    if hour > 23 or minute > 59 or second > 60:
        return f"{value!r} has an impossible time"
    if found[9] and (int(found[9]) > 23 or int(found[10]) > 59):
        return f"{value!r} has an impossible zone"
    return None


def w3cdtf_problem(value):
    """The profile of ISO 8601 that Dublin Core uses: the time, and its seconds, may be left out."""
    if re.fullmatch(r"\d{4}(-\d\d){0,2}", value):
        return rfc3339_problem((value + "-01-01")[:10] + "T00:00:00Z")
    return rfc3339_problem(re.sub(r"(T\d\d:\d\d)(Z|[+-])", r"\1:00\2", value))


def text_of(element):
    return (element.text or "") if element is not None else ""


def local(tag):
    return tag.rsplit("}", 1)[-1]


def no_repeats(element, namespace, repeatable, allowed, report, place):
    """Only known elements of the format's own namespace, and none twice that may stand once."""
    seen = set()
    for child in element:
        if not isinstance(child.tag, str):
            continue
        report.need(child.tag.startswith("{") or not namespace, place, f"<{child.tag}> is in no namespace")
        inside = child.tag.startswith(namespace) if namespace else not child.tag.startswith("{")
        if not inside:
            continue
        name = local(child.tag)
        report.need(name in allowed, place, f"<{name}> does not belong here")
        report.need(name not in seen or name in repeatable, place, f"<{name}> stands twice")
        seen.add(name)


class Markup(html.parser.HTMLParser):
    """What embedded HTML must not hold: scripts, handlers, addresses that need a base."""

    def __init__(self, report, place):
        super().__init__()
        self.report, self.place = report, place

    def handle_starttag(self, tag, attrs):
        self.report.need(tag not in ("script", "style", "object", "embed", "form"), self.place, f"holds <{tag}>")
        for name, value in attrs:
            self.report.need(not name.startswith("on"), self.place, f"holds a {name} handler")
            if name in ("href", "src", "poster", "cite", "data"):
                good = re.match(r"(https?://[^/]|mailto:|tel:|#)", value or "", re.IGNORECASE)
                self.report.need(good, self.place, f"{name}={value!r} is no address that works in a feed reader")


def check_markup(text, place, report):
    markup = Markup(report, place)
    markup.feed(text)
    markup.close()


# ── RSS 2.0 ─────────────────────────────────────────────────────────────────────────────────────────

def check_rss(root, report, own_address, strict):
    report.need(root.get("version") == "2.0", "rss", f"version is {root.get('version')!r}, not 2.0")
    channels = root.findall("channel")
    if not report.need(len(channels) == 1 and len(list(root)) == 1, "rss", "must hold exactly one channel"):
        return
    channel = channels[0]
    no_repeats(channel, "", RSS_REPEATABLE, RSS_CHANNEL, report, "channel")
    for name in ("title", "link", "description"):
        found = channel.find(name)
        report.need(found is not None, "channel", f"has no <{name}>")
        if name != "description":
            report.need(text_of(found).strip() != "", "channel", f"<{name}> is empty")
    check_uri(text_of(channel.find("link")), "channel link", report)
    check_rss_dates(channel, ("pubDate", "lastBuildDate"), "channel", report)
    check_plain_elements(channel, report)
    check_image(channel, report)
    check_self_link(channel, report, own_address, strict)
    guids = set()
    for number, item in enumerate(channel.findall("item"), 1):
        place = f"item {number}"
        check_rss_item(item, place, report, strict)
        guid = text_of(item.find("guid"))
        if guid:
            report.need(guid not in guids, place, f"its guid {guid!r} stands in another item too")
            guids.add(guid)


def check_plain_elements(channel, report):
    language = channel.find("language")
    if language is not None:
        report.need(LANGUAGE.fullmatch(text_of(language)), "channel", f"language {language.text!r} is no language tag")
    ttl = channel.find("ttl")
    if ttl is not None:
        report.need(re.fullmatch(r"[1-9]\d*", text_of(ttl)), "channel", f"ttl {ttl.text!r} is no number of minutes")
    docs = channel.find("docs")
    if docs is not None:
        check_uri(text_of(docs), "channel docs", report)
    for name in ("managingEditor", "webMaster"):
        found = channel.find(name)
        if found is not None:
            report.need(MAILBOX.fullmatch(text_of(found)), "channel", f"<{name}> must be an e-mail address")


def check_image(channel, report):
    image = channel.find("image")
    if image is None:
        return
    no_repeats(image, "", set(), {"url", "title", "link", "width", "height", "description"}, report, "image")
    for name in ("url", "title", "link"):
        report.need(text_of(image.find(name)).strip(), "image", f"has no <{name}>")
    for name in ("url", "link"):
        check_uri(text_of(image.find(name)), f"image {name}", report)
    for name in ("title", "link"):
        same = text_of(image.find(name)) == text_of(channel.find(name))
        report.need(same, "image", f"its {name} is not the channel's")
    for name, most in (("width", 144), ("height", 400)):
        size = image.find(name)
        if size is not None:
            report.need(size.text and size.text.isdigit() and 0 < int(size.text) <= most, "image", f"{name} must be 1 to {most}")


def check_self_link(channel, report, own_address, strict):
    own = [link for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    report.need(len(own) <= 1, "channel", "has more than one atom:link rel=self")
    for link in channel.findall(ATOM + "link"):
        check_uri(link.get("href") or "", "channel atom:link", report)
    if not own:
        report.need(not strict, "channel", "has no atom:link rel=self")
        return
    if own_address:
        report.need(own[0].get("href") == own_address, "channel", f"self link is {own[0].get('href')!r}, not {own_address!r}")


def check_rss_item(item, place, report, strict):
    no_repeats(item, "", RSS_REPEATABLE | {"enclosure"}, RSS_ITEM, report, place)
    report.need(len(item.findall("enclosure")) <= 1, place, "has more than one enclosure")
    title, description = text_of(item.find("title")).strip(), text_of(item.find("description")).strip()
    report.need(title or description, place, "has neither title nor description")
    for name in ("link", "comments"):
        found = item.find(name)
        if found is not None:
            check_uri(text_of(found), f"{place} {name}", report)
    author = item.find("author")
    if author is not None:
        report.need(MAILBOX.fullmatch(text_of(author)), place, f"<author> {author.text!r} must be an e-mail address")
    check_guid(item.find("guid"), place, report, strict)
    check_rss_dates(item, ("pubDate",), place, report)
    if strict:
        report.need(item.find("pubDate") is not None, place, "has no pubDate")
    check_enclosure(item, place, report)
    source = item.find("source")
    if source is not None:
        report.need(source.get("url") is not None, place, "<source> has no url")
        check_uri(source.get("url") or "", f"{place} source", report)
        report.need(text_of(source).strip(), place, "<source> has no name")
    report.need(len(item.findall(CONTENT + "encoded")) <= 1, place, "has content:encoded twice")
    for name in ("description", CONTENT + "encoded"):
        check_markup(text_of(item.find(name)), f"{place} {local(name)}", report)
    stamp = item.find(DC + "date")
    if stamp is not None:
        problem = w3cdtf_problem(text_of(stamp))
        report.need(problem is None, place, f"dc:date: {problem}")
    for category in item.findall("category"):
        report.need(text_of(category).strip(), place, "has an empty <category>")
    for creator in item.findall(DC + "creator"):
        report.need(text_of(creator).strip(), place, "has an empty dc:creator")


def check_guid(guid, place, report, strict):
    if guid is None:
        report.need(not strict, place, "has no guid")
        return
    value, permalink = text_of(guid), guid.get("isPermaLink", "true")
    report.need(value.strip() == value and value, place, "its guid is empty or has space around it")
    report.need(permalink in ("true", "false"), place, f"isPermaLink is {permalink!r}")
    if permalink == "true":
        report.need(is_web_uri(value), place, f"guid {value!r} is not an address, so isPermaLink must be false")


def check_enclosure(item, place, report):
    enclosure = item.find("enclosure")
    if enclosure is None:
        return
    address = enclosure.get("url") or ""
    check_uri(address, f"{place} enclosure", report)
    report.need(re.fullmatch(r"\d+", enclosure.get("length") or ""), place, f"enclosure length is {enclosure.get('length')!r}")
    report.need(MEDIA_TYPE.fullmatch(enclosure.get("type") or ""), place, f"enclosure type is {enclosure.get('type')!r}")


def check_rss_dates(element, names, place, report):
    for name in names:
        found = element.find(name)
        if found is not None:
            problem = rfc822_problem(text_of(found))
            report.need(problem is None, place, f"{name}: {problem}")


def check_uri(value, place, report):
    report.need(is_uri(value), place, f"{value!r} is no absolute URI in ASCII")


# ── RSS 1.0 ─────────────────────────────────────────────────────────────────────────────────────────

def check_rdf(root, report):
    channel = root.find(RSS1 + "channel")
    if not report.need(channel is not None, "rdf", "has no channel"):
        return
    for name in ("title", "link", "description"):
        report.need(text_of(channel.find(RSS1 + name)).strip(), "channel", f"has no <{name}>")
    check_uri(channel.get(RDF + "about") or "", "channel rdf:about", report)
    listed = [li.get(RDF + "resource") for li in channel.iter(RDF + "li")]
    about = [item.get(RDF + "about") for item in root.findall(RSS1 + "item")]
    report.need(listed == about, "channel", "its rdf:Seq does not list the items in order")
    report.need(len(set(about)) == len(about), "rdf", "two items have one rdf:about")
    for number, item in enumerate(root.findall(RSS1 + "item"), 1):
        place = f"item {number}"
        check_uri(item.get(RDF + "about") or "", f"{place} rdf:about", report)
        for name in ("title", "link"):
            report.need(text_of(item.find(RSS1 + name)).strip(), place, f"has no <{name}>")
        check_uri(text_of(item.find(RSS1 + "link")), f"{place} link", report)
        stamp = item.find(DC + "date")
        if stamp is not None:
            problem = w3cdtf_problem(text_of(stamp))
            report.need(problem is None, place, f"dc:date: {problem}")


# ── Atom ────────────────────────────────────────────────────────────────────────────────────────────

def check_atom(feed, report, own_address):
    base = feed.get(XML + "base", "")
    no_repeats(feed, ATOM, ATOM_REPEATABLE, ATOM_FEED, report, "feed")
    check_atom_common(feed, "feed", base, report, required=True)
    own = [link for link in feed.findall(ATOM + "link") if link.get("rel") == "self"]
    report.need(len(own) == 1, "feed", "should have exactly one link rel=self (RFC 4287 4.1.1)")
    if own and own_address:
        report.need(own[0].get("href") == own_address, "feed", f"self link is {own[0].get('href')!r}, not {own_address!r}")
    ids = {}
    for number, entry in enumerate(feed.findall(ATOM + "entry"), 1):
        place = f"entry {number}"
        check_atom_entry(entry, place, base, feed, report)
        key = text_of(entry.find(ATOM + "id"))
        report.need(key not in ids, place, f"its id {key!r} is that of {ids.get(key)}")
        ids[key] = place


def check_atom_common(element, place, base, report, required):
    for name in ("id", "title", "updated"):
        if required:
            report.need(len(element.findall(ATOM + name)) == 1, place, f"must have exactly one <{name}>")
    identity = element.find(ATOM + "id")
    if identity is not None:
        report.need(is_iri(text_of(identity)) and text_of(identity), place, f"id {identity.text!r} is no absolute IRI")
    for name in ("updated", "published"):
        found = element.find(ATOM + name)
        if found is not None:
            problem = rfc3339_problem(text_of(found))
            report.need(problem is None, place, f"{name}: {problem}")
    for name in ("title", "subtitle", "rights", "summary"):
        for found in element.findall(ATOM + name):
            check_text_construct(found, f"{place} {name}", report)
    for name in ("author", "contributor"):
        for person in element.findall(ATOM + name):
            check_person(person, f"{place} {name}", base, report)
    for name in ("icon", "logo"):
        found = element.find(ATOM + name)
        if found is not None:
            report.need(text_of(found) and is_iri(text_of(found), base), place, f"{name} {found.text!r} is no IRI")
    for category in element.findall(ATOM + "category"):
        report.need(category.get("term"), place, "a category has no term")
        scheme = category.get("scheme")
        report.need(scheme is None or is_iri(scheme), place, f"category scheme {scheme!r} is no IRI")
    check_atom_links(element, place, base, report)


def check_atom_links(element, place, base, report):
    alternates = set()
    for link in element.findall(ATOM + "link"):
        href, relation = link.get("href"), link.get("rel", "alternate")
        report.need(href and is_iri(href, base), place, f"link {href!r} is no IRI")
        report.need(RELATION.fullmatch(relation) or is_iri(relation), place, f"link relation {relation!r} is neither a name nor an IRI")
        media = link.get("type")
        report.need(media is None or MEDIA_TYPE.fullmatch(media), place, f"link type {media!r} is no media type")
        length = link.get("length")
        report.need(length is None or re.fullmatch(r"\d+", length), place, f"link length {length!r} is no number")
        language = link.get("hreflang")
        report.need(language is None or LANGUAGE.fullmatch(language), place, f"hreflang {language!r} is no language tag")
        if relation == "alternate":
            kind = (media, language)
            report.need(kind not in alternates, place, "two alternate links have the same type and hreflang")
            alternates.add(kind)


def check_person(person, place, base, report):
    no_repeats(person, ATOM, set(), {"name", "uri", "email"}, report, place)
    names = person.findall(ATOM + "name")
    report.need(len(names) == 1 and text_of(names[0]).strip(), place, "must have exactly one name")
    email, uri = person.find(ATOM + "email"), person.find(ATOM + "uri")
    report.need(email is None or re.fullmatch(r"[^\s@]+@[^\s@]+", text_of(email)), place, "its email is no address")
    report.need(uri is None or (text_of(uri) and is_iri(text_of(uri), base)), place, "its uri is no IRI")


def check_text_construct(element, place, report):
    kind = element.get("type", "text")
    if kind in ("text", "html"):
        report.need(len(element) == 0, place, f"type {kind} must not have child elements")
        if kind == "html":
            check_markup(text_of(element), place, report)
    elif kind == "xhtml":
        report.need(len(element) == 1 and element[0].tag == XHTML + "div", place, "type xhtml must hold exactly one xhtml:div")
    else:
        report.say(place, f"type {kind!r} is not text, html or xhtml")


def check_atom_entry(entry, place, base, feed, report):
    base = entry.get(XML + "base", base)
    no_repeats(entry, ATOM, ATOM_REPEATABLE, ATOM_ENTRY, report, place)
    check_atom_common(entry, place, base, report, required=True)
    source = entry.find(ATOM + "source")
    if source is not None:
        no_repeats(source, ATOM, ATOM_REPEATABLE, ATOM_SOURCE, report, f"{place} source")
        check_atom_common(source, f"{place} source", base, report, required=False)
    has_author = (
        entry.find(ATOM + "author") is not None
        or (source is not None and source.find(ATOM + "author") is not None)
        or feed.find(ATOM + "author") is not None
    )
    report.need(has_author, place, "has no author, nor has its source or the feed (RFC 4287 4.1.2)")
    content = entry.find(ATOM + "content")
    if content is None:
        alternate = any(link.get("rel", "alternate") == "alternate" for link in entry.findall(ATOM + "link"))
        report.need(alternate, place, "has neither content nor an alternate link")
        return
    check_atom_content(entry, content, f"{place} content", base, report)


def check_atom_content(entry, content, place, base, report):
    kind, address = content.get("type", "text"), content.get("src")
    if address is not None:
        report.need(is_iri(address, base), place, f"src {address!r} is no IRI")
        report.need(len(content) == 0 and not text_of(content), place, "has src and must be empty")
        report.need(content.get("type") is None or MEDIA_TYPE.fullmatch(kind), place, "type beside src must be a media type")
        report.need(entry.find(ATOM + "summary") is not None, place, "has src, so the entry needs a summary")
        return
    if kind in ("text", "html", "xhtml"):
        check_text_construct(content, place, report)
        return
    report.need(MEDIA_TYPE.fullmatch(kind), place, f"type {kind!r} is neither text, html, xhtml nor a media type")
    report.need(not kind.lower().startswith(("multipart/", "message/")), place, "a composite media type is not allowed")


# ── JSON Feed ───────────────────────────────────────────────────────────────────────────────────────

JSON_FEED = {
    "version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon",
    "favicon", "authors", "author", "language", "expired", "hubs", "items",
}
JSON_ITEM = {
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image",
    "banner_image", "date_published", "date_modified", "authors", "author", "tags", "language", "attachments",
}


def refuse_constant(word):
    raise ValueError(f"{word} is no JSON")


def refuse_doubles(pairs):
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("an object has one key twice")
    return seen


def check_json(document, report, own_address):
    try:
        feed = json.loads(document.decode("utf-8"), parse_constant=refuse_constant, object_pairs_hook=refuse_doubles)
    except ValueError as error:
        report.say("document", f"not strict JSON: {error}")
        return
    if not report.need(isinstance(feed, dict), "document", "is no object"):
        return
    versions = ("https://jsonfeed.org/version/1.1", "https://jsonfeed.org/version/1")
    report.need(feed.get("version") in versions, "feed", f"version is {feed.get('version')!r}")
    report.need(isinstance(feed.get("title"), str) and feed["title"], "feed", "has no title")
    report.need(isinstance(feed.get("items"), list), "feed", "has no items")
    check_keys(feed, JSON_FEED, "feed", report)
    check_strings(feed, ("description", "language", "user_comment"), "feed", report)
    check_json_addresses(feed, ("home_page_url", "feed_url", "next_url", "icon", "favicon"), "feed", report)
    check_json_authors(feed, "feed", report)
    if own_address:
        report.need(feed.get("feed_url") == own_address, "feed", f"feed_url is {feed.get('feed_url')!r}, not {own_address!r}")
    ids = set()
    for number, item in enumerate(feed.get("items") or [], 1):
        place = f"item {number}"
        if not report.need(isinstance(item, dict), place, "is no object"):
            continue
        check_json_item(item, place, report)
        key = item.get("id")
        if isinstance(key, str):
            report.need(key not in ids, place, f"its id {key!r} stands in another item too")
            ids.add(key)


def check_json_item(item, place, report):
    check_keys(item, JSON_ITEM, place, report)
    report.need(isinstance(item.get("id"), str) and item["id"], place, "its id is not a non-empty string")
    has_content = any(isinstance(item.get(name), str) for name in ("content_html", "content_text"))
    report.need(has_content, place, "has neither content_html nor content_text")
    check_strings(item, ("title", "summary", "content_html", "content_text", "language"), place, report)
    if isinstance(item.get("content_html"), str):
        check_markup(item["content_html"], f"{place} content_html", report)
    check_json_addresses(item, ("url", "external_url", "image", "banner_image"), place, report)
    check_json_authors(item, place, report)
    for name in ("date_published", "date_modified"):
        if name in item:
            problem = rfc3339_problem(item[name]) if isinstance(item[name], str) else "is no string"
            report.need(problem is None, place, f"{name}: {problem}")
    if "tags" in item:
        tags = item["tags"]
        report.need(isinstance(tags, list) and all(isinstance(tag, str) and tag for tag in tags), place, "tags must be strings")
    if "language" in item and isinstance(item["language"], str):
        report.need(LANGUAGE.fullmatch(item["language"]), place, f"language {item['language']!r} is no language tag")
    if not report.need(isinstance(item.get("attachments", []), list), place, "attachments is no list"):
        return
    for file in item.get("attachments", []):
        if not report.need(isinstance(file, dict), place, "an attachment is no object"):
            continue
        report.need(isinstance(file.get("url"), str) and is_iri(file["url"]), place, "an attachment has no url")
        report.need(isinstance(file.get("mime_type"), str) and MEDIA_TYPE.fullmatch(file["mime_type"]), place, "an attachment has no mime_type")
        for name in ("size_in_bytes", "duration_in_seconds"):
            value = file.get(name, 0)
            report.need(isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0, place, f"{name} is no number")


def check_keys(value, known, place, report):
    for key in value:
        report.need(key in known or key.startswith("_"), place, f"{key!r} is no JSON Feed key; extensions begin with _")
        report.need(value[key] is not None, place, f"{key!r} is null")


def check_strings(value, names, place, report):
    for name in names:
        report.need(isinstance(value.get(name, ""), str), place, f"{name} is no string")


def check_json_addresses(value, names, place, report):
    for name in names:
        if name in value:
            report.need(isinstance(value[name], str) and is_iri(value[name]), place, f"{name} {value[name]!r} is no absolute address")


def check_json_authors(value, place, report):
    authors = value.get("authors", [])
    if not report.need(isinstance(authors, list), place, "authors is no list"):
        return
    for author in authors:
        good = isinstance(author, dict) and any(isinstance(author.get(name), str) and author[name] for name in ("name", "url", "avatar"))
        report.need(good, place, "an author has neither name, url nor avatar")
        if isinstance(author, dict):
            check_strings(author, ("name", "url", "avatar"), place, report)
            check_json_addresses(author, ("url", "avatar"), f"{place} author", report)


# ── Self-test ───────────────────────────────────────────────────────────────────────────────────────

GOOD_RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title>
<link>https://example.org/</link><description>d</description>
<atom:link href="https://example.org/f.rss" rel="self" type="application/rss+xml"/>
<item><title>i</title><guid isPermaLink="false">urn:x:1</guid><link>https://example.org/%D8%A7</link>
<pubDate>Sun, 22 Nov 2026 21:40:00 +0000</pubDate>
<enclosure url="https://example.org/a.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""
GOOD_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:0b5a3b52-6a6b-4a57-a1c8-0d1b5c2f9a11</id><title>t</title>
<updated>2026-11-22T21:40:00Z</updated><link rel="self" href="https://example.org/f.atom"/>
<entry><id>tag:example.org,2026:1</id><title>e</title><updated>2026-11-22T21:40:00Z</updated>
<author><name>a</name></author><link href="https://example.org/1"/><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry></feed>"""
GOOD_JSON = """{"version":"https://jsonfeed.org/version/1.1","title":"t","feed_url":"https://example.org/f.json",
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


def self_test():
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


def main(arguments):
    if arguments == ["--self-test"]:
        problem = self_test()
        if problem:
            print(problem, file=sys.stderr)
        return 1 if problem else 0
    bad = 0
    for path in arguments:
        with open(path, "rb") as file:
            # The demo's sources leave out on purpose what the format allows to leave out.
            problems = check(file.read(), strict=False)
        bad += bool(problems)
        for problem in problems:
            print(f"{path}: {problem}", file=sys.stderr)
    print(f"{len(arguments) - bad} documents passed, {bad} failed")
    return 1 if bad or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
