"""The life of the daemon: start, edited files, reload, stop, restart."""
import http.client
import json
import re
import shutil
import signal
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from endtoend.documents import SECTION_ENTRIES_MIN
from endtoend.site import CHANGE_SECONDS, FILL_SECONDS, expect, find_title, own, until, write_whole


def starts_and_fills(site):
    site.start()
    wanted = set(site.settings["sources"])

    def every_source_shows():
        seen = {own(item).get("source", {}).get("id") for section in site.sections for item in site.items(section)}
        return wanted <= seen

    until(FILL_SECONDS, f"entries of all {len(wanted)} sources are published", every_source_shows)


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
