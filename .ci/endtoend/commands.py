"""What needs no daemon: exit codes, check, parse, poll."""
import json
import re
import xml.etree.ElementTree as ET

from endtoend import origin
from endtoend.site import ROOT, STOP_SECONDS, expect
from feedrules import values

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


def commands_and_exit_codes(site):
    code, out, _ = site.command("--help")
    expect(code == 0, f"--help exits {code}")
    for name in ("run", "check", "poll", "sources", "parse"):
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
            problem = item["published"] and values.rfc3339_problem(item["published"])
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
        if values.local(element.tag) in ("item", "entry"):
            found += [child.text for child in element if values.local(child.tag) == "title"]
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
        check_sources(site, names, bad)


def check_sources(site, names, bad):
    """What an admin is told of the two rounds."""
    code, out, err = site.command("sources", "--json", config="http.toml")
    expect(code == 0, f"sources --json exits {code}: {err}")
    rows = {row["id"]: row for row in map(json.loads, out.splitlines())}
    good = {f"good-{number}" for number in range(len(names))}
    expect(set(rows) == good | set(bad), f"sources --json names {sorted(rows)}")
    for key, row in rows.items():
        words = ("ok", "moved") if key in good else ("failing", "gone")
        expect(row["health"] in words, f"sources: {key} is {row['health']}: {row['why']}")
        expect(bool(row["why"]) or row["health"] == "ok", f"sources: nobody says why {key} is {row['health']}")
    code, out, err = site.command("sources", "--politeness", "--json", config="http.toml")
    hosts = [json.loads(line) for line in out.splitlines()]
    expect(code == 0 and len(hosts) == 1, f"sources --politeness exits {code}: {out}{err}")
    expect(hosts[0]["not_modified"] == len(names), f"the ledger counts {hosts[0]}")


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
