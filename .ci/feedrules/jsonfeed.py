"""JSON Feed 1.1."""
import json

from feedrules.values import (
    LANGUAGE, MEDIA_TYPE, check_markup, is_iri, rfc3339_problem,
)

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
    for hub in feed.get("hubs", []):
        good = isinstance(hub, dict) and isinstance(hub.get("type"), str) and isinstance(hub.get("url"), str)
        report.need(good and is_iri(hub["url"]), "feed", f"hub {hub!r} has no type or no url")
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
