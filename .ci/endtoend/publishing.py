"""What readers get beside the live feeds: archives, parts, pushes, searches, takedowns, files."""
import gzip
import hashlib
import hmac
import json
import queue
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rules
from endtoend.daemon import CHANGE_SECONDS
from endtoend.site import expect, find_title, until, write_whole
from feedrules import values

PAGES_MAX = 100
DELIVERY_SECONDS = 10
SECRET = "a shared secret"


def archives_hold_what_the_feeds_do_not(site):
    """Whoever follows prev-archive from a live feed meets every story that stands alone."""
    seen, address, pages = set(), f"{site.address}/latest.atom", 0
    while address:
        status, _, body = site.get(address.removeprefix(site.address))
        expect(status == 200, f"{address} answers {status}")
        problems = rules.check(body, "xml", address)
        expect(not problems, f"{address} breaks {len(problems)} rules: " + "; ".join(problems[:8]))
        root = ET.fromstring(body)
        seen |= {entry.findtext(values.ATOM + "id") for entry in root.iter(values.ATOM + "entry")}
        links = {link.get("rel"): link.get("href") for link in root.findall(values.ATOM + "link")}
        address, pages = links.get("prev-archive"), pages + 1
        expect(pages < PAGES_MAX, f"{PAGES_MAX} archive pages and no end")
    expect(pages > 1, "/latest.atom leads to no archive")
    code, out, _ = site.command("entries", "--section", "latest", "--json")
    expect(code == 0, f"nashra entries ends with {code}")
    entries = [json.loads(line) for line in out.splitlines()]
    told = [entry["story"] for entry in entries]
    missing = [entry["id"] for entry in entries if told.count(entry["story"]) == 1 and entry["id"] not in seen]
    expect(not missing, f"{len(missing)} entries are in no page of {pages}: {missing[:5]}")


class Subscriber:
    """Subscribes to one feed and keeps what is delivered."""

    def __init__(self):
        self.deliveries, subscriber = queue.Queue(), self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(query.get("hub.challenge", [""])[0].encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                subscriber.deliveries.put((self.headers, body))
                self.send_response(204)
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.callback = f"http://127.0.0.1:{self.server.server_port}/news"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def news_are_pushed_and_sent_in_parts(site):
    subscriber = Subscriber()
    try:
        topic = f"{site.address}/in-the-news.atom"
        form = {
            "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": subscriber.callback, "hub.secret": SECRET,
        }
        status, _, body = site.ask("POST", "/hub", body=urllib.parse.urlencode(form))
        expect(status == 202, f"the hub answers {status}: {body[:200]!r}")
        until(DELIVERY_SECONDS, "the subscription is verified", lambda: topics(site) == [topic])
        before = site.get("/in-the-news.atom")[1]["etag"]
        moment = format_datetime(datetime.now(timezone.utc) - timedelta(minutes=1))
        path = site.folder / "examples/anbaa.rss.xml"
        item = (
            "<item><title>افتتاح مكتبة القصبة العتيقة</title><link>https://anbaa.example/new/library</link>"
            f"<guid isPermaLink=\"false\">smoke-2</guid><pubDate>{moment}</pubDate></item>\n  "
        )
        write_whole(path, path.read_text("utf-8").replace("<item>", item + "<item>", 1))
        headers, body = subscriber.deliveries.get(timeout=CHANGE_SECONDS + DELIVERY_SECONDS)
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        expect(headers.get("X-Hub-Signature") == expected, f"the signature is {headers.get('X-Hub-Signature')!r}")
        expect(titles_of(body) == ["افتتاح مكتبة القصبة العتيقة"], f"{titles_of(body)} were delivered")
        expect(find_title(site, "in-the-news", "القصبة"), "what was delivered is not in the feed")
        asked = {"A-IM": "feed", "If-None-Match": before}
        status, headers, body = site.get("/in-the-news.atom", asked)
        expect((status, headers.get("im")) == (226, "feed"), f"A-IM: feed gives {status}, IM {headers.get('im')!r}")
        expect("no-store" in headers.get("cache-control", ""), "a part may be stored as if it were the whole")
        expect("افتتاح مكتبة القصبة العتيقة" in titles_of(body), "the part is without the new entry")
        whole = len(titles_of(site.get("/in-the-news.atom")[2]))
        expect(len(titles_of(body)) < whole, "the part is the whole")
        again = {"A-IM": "feed", "If-None-Match": headers["etag"]}
        expect(site.get("/in-the-news.atom", again)[0] == 304, "who has everything is sent something")
    finally:
        subscriber.close()


def topics(site):
    return [json.loads(line)["topic"] for line in site.command("subscriptions", "--json")[1].splitlines()]


def titles_of(body):
    entries = ET.fromstring(body).iter(values.ATOM + "entry")
    return [entry.findtext(values.ATOM + "title") for entry in entries]


def searches_find_every_form(site):
    for word in ("مكتبه", "المكتبة", "مكتبـــة", "\"مكتبة القصبة\""):
        path = "/search.atom?q=" + urllib.parse.quote(word, safe="")
        status, _, body = site.get(path)
        expect(status == 200, f"{path} answers {status}")
        problems = rules.check(body, "xml", site.address + path)
        expect(not problems, f"{path} breaks rules: " + "; ".join(problems[:8]))
        expect("افتتاح مكتبة القصبة العتيقة" in titles_of(body), f"{word} does not find the library")
    body = site.get("/search?" + urllib.parse.urlencode({"q": "<script>alert(1)</script>"}))[2]
    expect(b"<script" not in body, "a search shows what was asked as markup")
    outlines = ET.fromstring(site.get("/feeds.opml")[2]).iter("outline")
    addresses = {outline.get("xmlUrl") for outline in outlines}
    missing = [section for section in site.sections if f"{site.address}/{section}.rss" not in addresses]
    expect(not missing, f"/feeds.opml is without {missing}")


def what_is_hidden_is_gone(site):
    item = find_title(site, "latest", "القصبة")
    page = "/item/" + site.command("why", item["id"], "--json")[1].split('"key":"', 1)[1][:32]
    expect(site.get(page)[0] == 200, f"{page} is not there")
    code, _, err = site.command("hide", item["id"])
    expect(code == 0, f"nashra hide ends with {code}: {err}")
    expect(not find_title(site, "latest", "القصبة"), "a hidden entry shows")
    deleted = re.findall(r'<at:deleted-entry ref="([^"]*)"', site.get("/latest.atom")[2].decode())
    expect(deleted == [item["id"]], f"Atom says that {deleted} are deleted")
    expect(site.get(page)[0] == 410, "the page of a hidden entry is not gone")
    code, _, err = site.command("unhide", item["id"])
    expect(code == 0, f"nashra unhide ends with {code}: {err}")
    back = find_title(site, "latest", "القصبة")
    expect(back and back["id"] == item["id"], "an entry did not come back as it was")


def files_are_what_is_served(site):
    code, out, err = site.command("render", "out")
    expect(code == 0, f"nashra render ends with {code}: {err}")
    folder = site.folder / "out"
    for path in site.paths:
        served, file = site.get(path)[2], folder / path[1:]
        expect(file.read_bytes() == served, f"out{path} is not what is served")
        twin = file.with_name(file.name + ".gz")
        expect(gzip.decompress(twin.read_bytes()) == served, f"{twin.name} is another document")
    expect((folder / "index.html").is_file(), "out has no index.html")
    again = site.command("render", "out")[1]
    expect(" 0 written, 0 removed" in again, f"a second run changes files: {again or out}")
