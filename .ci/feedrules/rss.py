"""RSS 2.0 by the specification as the W3C feed validator reads it, and RSS 1.0."""
import re

from feedrules.values import (
    ATOM, CONTENT, DC, ITUNES, LANGUAGE, MAILBOX, MEDIA, MEDIA_TYPE, PODCAST, RDF, RSS1, check_markup, is_uri,
    is_web_uri, local, no_repeats, rfc822_problem, text_of, w3cdtf_problem,
)

RSS_CHANNEL = {
    "title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate",
    "lastBuildDate", "category", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput",
    "skipHours", "skipDays", "item",
}
RSS_ITEM = {
    "title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source",
}
RSS_REPEATABLE = {"category", "item"}


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
    check_title(text_of(channel.find("title")), "channel", report)
    check_image(channel, report)
    check_cloud(channel.find("cloud"), report)
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


def check_title(title, place, report):
    """Nearly all readers take a title for HTML where it looks like it."""
    report.need(not re.search(r"<[A-Za-z/!?]", title), place, f"title {title!r} would be read as markup")


def check_cloud(cloud, report):
    if cloud is None:
        return
    for name in ("domain", "port", "path", "registerProcedure", "protocol"):
        report.need(cloud.get(name) is not None, "cloud", f"has no {name}")
    report.need(re.fullmatch(r"[1-9]\d*", cloud.get("port") or ""), "cloud", f"port is {cloud.get('port')!r}")
    report.need((cloud.get("path") or "").startswith("/"), "cloud", f"path is {cloud.get('path')!r}")


def check_image(channel, report):
    image = channel.find("image")
    if image is None:
        return
    no_repeats(image, "", set(), {"url", "title", "link", "width", "height", "description"}, report, "image")
    for name in ("url", "title", "link"):
        report.need(text_of(image.find(name)).strip(), "image", f"has no <{name}>")
    for name in ("url", "link"):
        check_uri(text_of(image.find(name)), f"image {name}", report)
    extension = re.search(r"\.(\w+)$", text_of(image.find("url")))
    known = not extension or extension[1].lower() in ("gif", "jpeg", "jpg", "png")
    report.need(known, "image", "must be a GIF, a JPEG or a PNG")
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
    check_title(title, place, report)
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
    check_modules(item, place, report)
    for category in item.findall("category"):
        report.need(text_of(category).strip(), place, "has an empty <category>")
    for creator in item.findall(DC + "creator"):
        report.need(text_of(creator).strip(), place, "has an empty dc:creator")


def check_modules(item, place, report):
    """content, Dublin Core, Media RSS and iTunes, as far as the feed validator looks at them."""
    if item.find(CONTENT + "encoded") is not None:
        names = [child.tag for child in item]
        early = "description" in names and names.index("description") < names.index(CONTENT + "encoded")
        report.need(early, place, "content:encoded must follow a description")
    for language in item.findall(DC + "language"):
        report.need(LANGUAGE.fullmatch(text_of(language)), place, f"dc:language {language.text!r} is no language tag")
    for name in ("content", "thumbnail"):
        for found in item.iter(MEDIA + name):
            check_uri(found.get("url") or "", f"{place} media:{name}", report)
            for attribute in ("fileSize", "duration", "width", "height"):
                size = found.get(attribute, "1")
                report.need(re.fullmatch(r"[1-9]\d*", size), place, f"media:{name} {attribute} {size!r} is no number")
            media, medium = found.get("type", "a/b"), found.get("medium", "image")
            known = ("image", "audio", "video", "document", "executable")
            report.need(medium in known, place, f"media:{name} medium {medium!r} is none")
            for words in found:
                report.need(text_of(words).strip(), place, f"media:{local(words.tag)} is empty")
            report.need(MEDIA_TYPE.fullmatch(media), place, f"media:{name} type {media!r} is no media type")
    for name, rule in (
        ("explicit", "true|false"), ("episode", r"[1-9]\d*"), ("season", r"[1-9]\d*"), ("duration", r"\d+(:\d\d){0,2}"),
        ("episodeType", "full|trailer|bonus"), ("block", "Yes"), ("title", ".+"), ("author", ".{1,255}"),
        ("subtitle", ".{1,255}"), ("summary", "(?s).{1,4000}"),
    ):
        found = item.findall(ITUNES + name)
        report.need(len(found) <= 1, place, f"itunes:{name} stands twice")
        for element in found:
            report.need(re.fullmatch(rule, text_of(element)), place, f"itunes:{name} is {element.text!r}")
    for image in item.findall(ITUNES + "image"):
        check_uri(image.get("href") or "", f"{place} itunes:image", report)
    report.need(len(item.findall(PODCAST + "chapters")) <= 1, place, "podcast:chapters stands twice")
    for name in ("transcript", "chapters"):
        for found in item.findall(PODCAST + name):
            check_uri(found.get("url") or "", f"{place} podcast:{name}", report)
            report.need(MEDIA_TYPE.fullmatch(found.get("type") or ""), place, f"podcast:{name} type is {found.get('type')!r}")
            language = found.get("language")
            report.need(language is None or LANGUAGE.fullmatch(language), place, f"podcast:{name} language is {language!r}")


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
