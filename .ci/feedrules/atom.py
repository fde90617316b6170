"""Atom 1.0 (RFC 4287)."""
import re

from feedrules.rss import check_modules
from feedrules.values import (
    AT, ATOM, FH, LANGUAGE, MEDIA_TYPE, RELATION, XHTML, XML, check_markup, is_iri, no_repeats, rfc3339_problem,
    text_of,
)

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
    check_history(feed, report)
    for gone in feed.findall(AT + "deleted-entry"):
        check_deleted(gone, ids, report)


def check_history(feed, report):
    """RFC 5005: what leads through the archive stands once, and a page of it leads to the live feed."""
    relations = [link.get("rel") for link in feed.findall(ATOM + "link")]
    for relation in ("current", "prev-archive", "next-archive"):
        report.need(relations.count(relation) <= 1, "feed", f"has two links {relation}")
    is_archive = feed.find(FH + "archive") is not None
    report.need(not is_archive or "current" in relations, "feed", "a page of the archive has no link to the current feed")


def check_deleted(gone, ids, report):
    """RFC 6721."""
    reference = gone.get("ref") or ""
    report.need(reference and is_iri(reference), "deleted-entry", f"ref {reference!r} is no absolute IRI")
    problem = rfc3339_problem(gone.get("when") or "")
    report.need(problem is None, "deleted-entry", f"when: {problem}")
    report.need(reference not in ids, "deleted-entry", f"{reference!r} is there all the same: {ids.get(reference)}")


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
    check_modules(entry, place, report)
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
