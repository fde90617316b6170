"""Dates, addresses and embedded HTML: the values that all formats share, and the report."""
import html.parser
import re
from datetime import date, datetime

ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS1 = "{http://purl.org/rss/1.0/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
FH = "{http://purl.org/syndication/history/1.0}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
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
