#!/usr/bin/env python3
"""The way a user goes, end to end: smoke.py [PROGRAM], by default target/release/nashra.

Works on a copy of the shipped feeds.toml and examples/ in a temporary folder and on a free port of
127.0.0.1. Ends only what it started. Stops at the first failure, with the tail of the daemon's log.
"""
import gzip
import html.parser
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import origin  # noqa: E402
import rules  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
ATOM = rules.ATOM
START_SECONDS = 30
FILL_SECONDS = 30
CHANGE_SECONDS = 30
STOP_SECONDS = 10
COMMAND_SECONDS = 60
POLL_PAUSE_SECONDS = 0.1
STORIES_MIN = 6
SECTION_ENTRIES_MIN = 10
MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
PARSE_KEYS = {
    "format", "title", "link", "description", "language", "updated", "authors", "image", "ttl_minutes",
    "hub", "self", "items", "problems",
}
PARSE_ITEM_KEYS = {
    "id", "title", "link", "summary", "content", "published", "updated", "authors", "categories",
    "enclosures", "image", "comments", "source", "language",
}
POLL_KEYS = {
    "sources", "ok", "failed", "unchanged", "entries_seen", "entries_new", "entries_updated",
    "entries_stored", "seconds",
}


class Failure(Exception):
    """What was expected and what came instead."""


def expect(holds, sentence):
    if not holds:
        raise Failure(sentence)


def until(seconds, what, probe):
    """Asks `probe` again and again; gives its first true answer."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(POLL_PAUSE_SECONDS)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment():
    drop = ("STATE_DIRECTORY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC", "RUST_LOG")
    return {key: value for key, value in os.environ.items() if key not in drop}


class Site:
    """A copy of the shipped configuration, and the daemon on it."""

    def __init__(self, program, folder, fetch_lines=""):
        self.program, self.folder, self.port = program, Path(folder), free_port()
        self.config, self.log = self.folder / "feeds.toml", self.folder / "log"
        shutil.copytree(ROOT / "examples", self.folder / "examples")
        text = (ROOT / "feeds.toml").read_text("utf-8")
        listen = re.compile(r'^listen\s*=\s*"[^"]*"', re.MULTILINE)
        expect(listen.search(text), "feeds.toml has no listen to replace")
        text = listen.sub(f'listen = "127.0.0.1:{self.port}"', text, count=1)
        text = text.replace("[fetch]\n", "[fetch]\n" + fetch_lines, 1)
        self.config.write_text(text, "utf-8")
        self.settings = tomllib.loads(text)
        self.address = self.settings["site"]["url"]
        self.sections = list(self.settings["sections"])
        self.paths = [f"/{section}.{kind}" for section in self.sections for kind in MEDIA_TYPES]
        self.process = None

    def command(self, *arguments, stdin=None, config=None):
        """Runs one command to its end: (exit code, stdout, stderr)."""
        # The file that the copy is named by is relative: places in messages begin with it.
        name = [] if config is None else ["--config", config]
        done = subprocess.run(
            [self.program, *name, *arguments], cwd=self.folder, env=clean_environment(), input=stdin or b"",
            capture_output=True, timeout=COMMAND_SECONDS, check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def start(self, *arguments):
        expect(self.process is None, "the daemon already runs")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, *arguments], cwd=self.folder, env=clean_environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        until(START_SECONDS, "/healthz answers 200", self.is_healthy)

    def is_healthy(self):
        expect(self.process.poll() is None, f"the daemon ended with {self.process.returncode}")
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def stop(self, with_signal):
        self.process.send_signal(with_signal)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"{with_signal.name}: still running after {STOP_SECONDS} s") from None
        self.process = None
        return code

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, headers=None):
        """(status, headers with lower-case names, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.ask("GET", path, headers)

    def items(self, section):
        status, _, body = self.get(f"/{section}.json")
        return json.loads(body)["items"] if status == 200 else []

    def etags(self):
        return {path: self.get(path)[1].get("etag") for path in ["/", *self.paths]}

    def log_text(self):
        return self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""


def own(item):
    return item.get("_nashra", {})


def write_whole(path, text):
    """As an editor saves: a new file, renamed over the old one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


# ── Commands that need no daemon ────────────────────────────────────────────────────────────────────

def commands_and_exit_codes(site):
    code, out, _ = site.command("--help")
    expect(code == 0, f"--help exits {code}")
    for name in ("run", "check", "poll", "parse"):
        expect(re.search(rf"^\s+{name}\b", out, re.MULTILINE), f"--help does not list {name}")
    code, out, _ = site.command("--version")
    expect(code == 0 and out.startswith("nashra "), f"--version: {code} {out!r}")
    code, _, err = site.command("no-such-command")
    expect(code == 2 and err, f"a wrong command exits {code}, not 2")


def check_finds_every_mistake(site):
    code, out, err = site.command("check")
    expect(code == 0, f"check of the shipped configuration exits {code}: {out}{err}")
    text = site.config.read_text("utf-8")
    text = text.replace('timezone = "Africa/Casablanca"', 'timezone = "Africa/Atlantis"')
    text = text.replace("[sources.wikala]", '[sources.wikala]\nshedule = "every 1m"')
    text = text.replace('section  = "arts"', 'section  = "artz"', 1)
    (site.folder / "wrong.toml").write_text(text, "utf-8")
    code, out, err = site.command("check", config="wrong.toml")
    said = out + err
    expect(code == 64, f"check of a wrong configuration exits {code}, not 64")
    for word in ("Africa/Atlantis", "shedule", "artz"):
        line = next(number for number, line in enumerate(text.split("\n"), 1) if word in line)
        place = re.search(rf"wrong\.toml:{line}:\d+:", said)
        expect(place, f"check does not name line {line} ({word}): {said}")


def parse_reads_every_example(site):
    total = 0
    for path in sorted((site.folder / "examples").iterdir()):
        code, out, err = site.command("parse", str(path))
        expect(code == 0, f"parse {path.name} exits {code}: {err}")
        feed = json.loads(out)
        expect(set(feed) == PARSE_KEYS, f"parse {path.name}: keys differ: {sorted(set(feed) ^ PARSE_KEYS)}")
        expect(feed["problems"] == [], f"parse {path.name}: {feed['problems']}")
        expect(feed["title"] and feed["link"], f"parse {path.name}: no title or link")
        expect(feed["self"] or path.suffix == ".rdf", f"parse {path.name}: no self")
        wanted = titles_of(path)
        expect(len(feed["items"]) == len(wanted), f"parse {path.name}: {len(feed['items'])} items, not {len(wanted)}")
        for item, title in zip(feed["items"], wanted):
            expect(set(item) == PARSE_ITEM_KEYS, f"parse {path.name}: item keys: {sorted(set(item) ^ PARSE_ITEM_KEYS)}")
            expect(item["title"] == title, f"parse {path.name}: title {item['title']!r}, not {title!r}")
            expect(item["link"] and item["authors"] and item["categories"], f"parse {path.name}: {title}: something lost")
            problem = item["published"] and rules.rfc3339_problem(item["published"])
            expect(not problem and (item["published"] or "noujoum" in path.name), f"parse {path.name}: {title}: {problem}")
        total += len(feed["items"])
        code, piped, _ = site.command("parse", "-", stdin=path.read_bytes())
        expect(code == 0 and json.loads(piped)["items"] == feed["items"], f"parse - differs for {path.name}")
    site.entries_total = total


def titles_of(path):
    if path.suffix == ".json":
        return [item["title"] for item in json.loads(path.read_text("utf-8"))["items"]]
    found = []
    for element in ET.parse(path).getroot().iter():
        if rules.local(element.tag) in ("item", "entry"):
            found += [child.text for child in element if rules.local(child.tag) == "title"]
    return found


def parse_refuses_what_is_no_feed(site):
    for document in (b"", b"<html><body><p>news</p></body></html>", b"{\"a\": 1}", b"plain words"):
        code, out, err = site.command("parse", "-", stdin=document)
        expect(code == 1, f"parse of {document[:20]!r} exits {code}, not 1")
        expect(out == "" and len(err.strip().splitlines()) == 1, f"parse of {document[:20]!r}: {out!r} {err!r}")


def poll_once_sums_up(site):
    sources = len(site.settings["sources"])
    first = poll_object(site)
    expect(first["sources"] == first["ok"] == sources and first["failed"] == 0, f"first poll: {first}")
    expect(first["entries_seen"] == site.entries_total, f"first poll saw {first['entries_seen']}, not {site.entries_total}")
    expect(first["entries_new"] == first["entries_stored"] > 0, f"first poll: {first}")
    second = poll_object(site)
    expect(second["unchanged"] == sources and second["failed"] == 0, f"second poll: {second}")
    expect(second["entries_new"] == second["entries_updated"] == 0, f"second poll: {second}")
    expect(second["entries_stored"] == first["entries_stored"], f"second poll: {second}")
    (site.folder / "examples/maida.rdf").write_text("<html>gone</html>", "utf-8")
    (site.folder / "examples/harbour.rss.xml").unlink()
    third = poll_object(site, codes=(0, 1))
    expect(third["failed"] == 2, f"poll with two broken sources: {third}")
    expect(third["entries_stored"] == first["entries_stored"], f"a broken source lost entries: {third}")


def poll_over_http(site):
    """Twelve good sources and four bad ones on a local origin, twice: the second time nothing is sent again."""
    with origin.Origin(ROOT / "examples") as publisher:
        names = sorted(publisher.documents)
        bad = {"gone": "/gone", "page": "/page", "slow": "/slow", "endless": "/endless"}
        paths = {f"good-{number}": f"/feeds/{name}" for number, name in enumerate(names)} | bad
        paths["good-0"] = f"/moved/{names[0]}"
        write_http_configuration(site, publisher.address, paths)
        code, out, err = site.command("check", config="http.toml")
        expect(code == 0, f"check of http.toml exits {code}: {out}{err}")
        first = poll_object(site, codes=(0, 1), config="http.toml")
        expect(first["ok"] == len(names) and first["failed"] == len(bad), f"over HTTP: {first}")
        expect(first["entries_seen"] == site.entries_total, f"over HTTP: {first}")
        expect(first["seconds"] < STOP_SECONDS, f"a slow source holds up the round: {first}")
        check_client(publisher, site)
        publisher.seen.clear()
        second = poll_object(site, codes=(0, 1), config="http.toml")
        expect(second["unchanged"] == len(names) and second["entries_new"] == 0, f"over HTTP again: {second}")
        for name in names:
            sent = [headers for path, headers in publisher.seen if path == f"/feeds/{name}"]
            wanted = (origin.etag_of(publisher.documents[name]), origin.LAST_MODIFIED)
            got = [(headers.get("if-none-match"), headers.get("if-modified-since")) for headers in sent]
            expect(got == [wanted], f"{name}: validators {got}, not {wanted}")


def check_client(publisher, site):
    contact = site.settings["site"]["contact"].removeprefix("mailto:")
    for path, headers in publisher.seen:
        agent, accepted = headers.get("user-agent", ""), headers.get("accept-encoding", "")
        expect("nashra" in agent and contact in agent, f"{path}: User-Agent {agent!r}")
        expect(all(word in accepted for word in ("gzip", "br", "zstd")), f"{path}: Accept-Encoding {accepted!r}")


def write_http_configuration(site, address, paths):
    lines = [
        "[site]", f'title = "HTTP"\nurl = "{site.address}"\ncontact = "{site.settings["site"]["contact"]}"',
        'language = "en"', 'timezone = "UTC"', "[server]", f'listen = "127.0.0.1:{site.port}"',
        "[store]", 'path = "data-http"', "[fetch]", 'allow_private = ["127.0.0.0/8"]', 'ports = "any"',
        'timeout = "2s"', 'max_body = "1MiB"', 'min_interval = "0s"', "[sections.news]", 'title = "News"',
    ]
    for key, path in paths.items():
        lines += [f"[sources.{key}]", f'url = "{address}{path}"', 'section = "news"']
    (site.folder / "http.toml").write_text("\n".join(lines) + "\n", "utf-8")


def poll_object(site, codes=(0,), config=None):
    code, out, err = site.command("poll", "--once", "--json", config=config)
    expect(code in codes, f"poll --once --json exits {code}: {err}")
    expect(len(out.strip().splitlines()) == 1, f"poll --json prints more than one object: {out!r}")
    found = json.loads(out)
    expect(set(found) == POLL_KEYS, f"poll --json: keys differ: {sorted(set(found) ^ POLL_KEYS)}")
    numbers = all(isinstance(found[key], int) for key in POLL_KEYS - {"seconds"})
    expect(numbers and isinstance(found["seconds"], (int, float)), f"poll --json: {found}")
    return found


# ── The daemon ──────────────────────────────────────────────────────────────────────────────────────

def starts_and_fills(site):
    site.start()
    wanted = set(site.settings["sources"])

    def every_source_shows():
        seen = {own(item).get("source", {}).get("id") for section in site.sections for item in site.items(section)}
        return wanted <= seen

    until(FILL_SECONDS, f"entries of all {len(wanted)} sources are published", every_source_shows)


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
    problem = rules.rfc822_problem(headers["last-modified"])
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
    expect([entry.findtext(ATOM + "id") for entry in atom.iter(ATOM + "entry")] == ids, f"{section}: Atom has other ids than JSON")
    expect([item.findtext("guid") for item in rss.iter("item")] == ids, f"{section}: RSS has other ids than JSON")
    least = 50 if section == "latest" else SECTION_ENTRIES_MIN
    expect(least <= len(ids) <= 50, f"{section} has {len(ids)} entries, not {least} to 50")
    dates = [item["date_published"] for item in items]
    expect(dates == sorted(dates, reverse=True), f"{section} is not newest first")
    title = site.settings["sections"][section]["title"]
    for kind, found in (("rss", rss.findtext("channel/title")), ("atom", atom.findtext(ATOM + "title")), ("json", json.loads(bodies["json"])["title"])):
        expect(title in (found or ""), f"{section}.{kind}: title {found!r} does not name {title!r}")
    for entry in atom.iter(ATOM + "entry"):
        source = entry.find(ATOM + "source")
        named = source is not None and source.findtext(ATOM + "title") and source.findtext(ATOM + "id")
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
    expect(any(own(item)["source"]["id"] == "courrier" for item in sport), "no entry came to sport by its address")
    expect(any(own(item)["source"]["id"] == "review" for item in site.items("arts")), "no entry came to arts by its category")
    told_twice = [item for item in site.items("latest") if own(item).get("also")]
    expect(len(told_twice) >= STORIES_MIN, f"{len(told_twice)} stories of several sources, not {STORIES_MIN}")
    cup = [item for item in sport if "بكأس المدن" in item["title"]]
    expect(len(cup) == 1, f"the cup's final shows {len(cup)} times in sport")
    expect(len(own(cup[0])["also"]) == 2, f"the cup's final was told by two more: {own(cup[0])['also']}")
    links = [re.sub(r"[?&]utm_[^&#]*", "", item.get("url", "")) for item in site.items("latest")]
    twice = {link for link in links if link and links.count(link) > 1}
    expect(not twice, f"shown twice in latest: {twice}")


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
        status, zipped, packed = site.get(path, {"Accept-Encoding": "gzip"})
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


def an_edited_source_shows(site):
    path, before = site.folder / "examples/anbaa.rss.xml", site.etags()
    old_ids = {item["id"] for item in site.items("in-the-news")}
    moment = format_datetime(datetime.now(timezone.utc) - timedelta(minutes=5))
    text = path.read_text("utf-8")
    item = (
        "<item><title>خبر عاجل: قنطرة جديدة فوق وادي سبو</title><link>https://anbaa.example/new/bridge</link>"
        f"<guid isPermaLink=\"false\">smoke-1</guid><pubDate>{moment}</pubDate>"
        "<description><![CDATA[<p onclick=\"alert(1)\">فُتحت القنطرة صباح اليوم.</p><script>alert(2)</script>"
        "<a href=\"javascript:alert(3)\">المزيد</a>]]></description></item>\n  "
    )
    text = text.replace("<item>", item + "<item>", 1)
    write_whole(path, text)
    fresh = until(CHANGE_SECONDS, "a new entry shows", lambda: find_title(site, "latest", "قنطرة جديدة"))
    for path_of in ("/latest.rss", "/latest.atom", "/latest.json", "/"):
        body = site.get(path_of)[2].decode("utf-8")
        expect("قنطرة جديدة" in body, f"{path_of} does not show the new entry")
        alive = re.search(r"alert\(\d\)|onclick|javascript:", body)
        expect(not alive, f"{path_of} lets a script through: {alive and alive[0]}")
    expect(old_ids <= {item["id"] for item in site.items("in-the-news")}, "a new entry changed the ids of others")
    expect(site.get("/latest.atom")[1]["etag"] != before["/latest.atom"], "the ETag of /latest.atom stayed")
    expect(site.get("/health.atom")[1]["etag"] == before["/health.atom"], "the ETag of /health.atom changed")
    expect(site.get("/latest.atom", {"If-None-Match": before["/latest.atom"]})[0] == 200, "an old ETag gives 304")
    write_whole(path, text.replace("قنطرة جديدة فوق", "قنطرة معلقة فوق"))
    changed = until(CHANGE_SECONDS, "a changed title shows", lambda: find_title(site, "latest", "قنطرة معلقة"))
    expect(changed["id"] == fresh["id"], f"a changed title changed the id: {fresh['id']} to {changed['id']}")
    expect(changed["date_published"] == fresh["date_published"], "a changed title changed the date")
    expect("date_modified" in changed, "a changed title gives no date_modified")
    size = len(site.log_text())
    write_whole(path, "<html><body>502 Bad Gateway</body></html>")
    broken = re.compile(r"anbaa.*(fail|error|no feed|not a feed)", re.IGNORECASE)
    until(CHANGE_SECONDS, "the log names the broken source", lambda: broken.search(site.log_text()[size:]))
    expect(find_title(site, "latest", "قنطرة معلقة"), "a broken source lost its entries")
    write_whole(path, text.replace("قنطرة جديدة فوق", "قنطرة معلقة فوق"))


def tail_of(text, lines=30):
    return "\n".join(text.splitlines()[-lines:])


def find_title(site, section, words):
    return next((item for item in site.items(section) if words in item["title"]), None)


def a_broken_configuration_changes_nothing(site):
    good, before = site.config.read_text("utf-8"), site.etags()
    size = len(site.log_text())
    write_whole(site.config, good.replace("[sections.sport]", "[sections.sport]\nno_such_key = 1"))
    site.process.send_signal(signal.SIGHUP)
    until(CHANGE_SECONDS, "the log names the mistake", lambda: "no_such_key" in site.log_text()[size:])
    expect(site.is_healthy(), "/healthz does not answer after a broken reload")
    expect(site.etags() == before, "a broken configuration changed the documents")
    write_whole(site.config, good.replace('title   = "رياضة"', 'title   = "رياضة ورياضيون"'))
    site.process.send_signal(signal.SIGHUP)
    until(CHANGE_SECONDS, "the new title shows", lambda: "رياضة ورياضيون" in site.get("/sport.json")[2].decode())
    expect(len(site.items("sport")) >= SECTION_ENTRIES_MIN, "a reload lost entries")
    write_whole(site.config, good)
    until(CHANGE_SECONDS, "a saved file is taken up without a signal", lambda: site.etags() == before)


def stops_and_comes_back_the_same(site):
    before = site.etags()
    idle = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    idle.request("GET", "/healthz")
    idle.getresponse().read()
    code = site.stop(signal.SIGTERM)
    idle.close()
    expect(code == 0, f"SIGTERM: exit code {code}")
    # The sources are away: what is shown can only come from the store.
    shutil.move(site.folder / "examples", site.folder / "away")
    size = len(site.log_text())
    site.start("run", "--log-format", "json")
    expect(site.etags() == before, f"after a restart: {differences(before, site.etags())}")
    shutil.move(site.folder / "away", site.folder / "examples")
    lines = [line for line in site.log_text()[size:].splitlines() if line.strip()]
    for line in lines:
        expect(line.startswith("{") and isinstance(json.loads(line), dict), f"--log-format json: {line!r}")
    expect(lines, "--log-format json: no line")


def differences(before, after):
    return [path for path in before if before[path] != after.get(path)]


def survives_a_kill(site):
    before = site.etags()
    site.stop(signal.SIGKILL)
    site.start("run")
    expect(site.etags() == before, f"after kill -9: {differences(before, site.etags())}")
    code = site.stop(signal.SIGINT)
    expect(code == 0, f"SIGINT: exit code {code}")


COMMANDS = [
    commands_and_exit_codes, check_finds_every_mistake, parse_reads_every_example,
    parse_refuses_what_is_no_feed, poll_once_sums_up, poll_over_http,
]
DAEMON = [
    starts_and_fills, every_feed_is_valid, rules_and_stories_show, front_page_is_arabic, http_is_exact,
    an_edited_source_shows, every_feed_is_valid, a_broken_configuration_changes_nothing,
    stops_and_comes_back_the_same, survives_a_kill,
]


def run_all(site, steps, passed):
    for step in steps:
        name = step.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            step(site)
        except (Failure, OSError, ValueError, KeyError, http.client.HTTPException, subprocess.TimeoutExpired) as error:
            print(f"FAIL {name}: {type(error).__name__}: {error}")
            print(f"--- end of the log\n{tail_of(site.log_text(), 40)}")
            print(f"{passed} passed, 1 failed")
            return None
        passed += 1
        print(f"ok   {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return passed


def main(arguments):
    program = str(Path(arguments[0] if arguments else ROOT / "target/release/nashra").resolve())
    if not os.access(program, os.X_OK):
        print(f"{program} is not there: cargo build --release", file=sys.stderr)
        return 2
    passed = 0
    for steps, fetch_lines in ((COMMANDS, 'min_interval = "0s"\n'), (DAEMON, "")):
        with tempfile.TemporaryDirectory(prefix="nashra-smoke-") as folder:
            site = Site(program, folder, fetch_lines)
            try:
                passed = run_all(site, steps, passed)
            finally:
                site.close()
        if passed is None:
            return 1
    print(f"{passed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
