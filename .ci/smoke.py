#!/usr/bin/env python3
"""The way a user goes, end to end: smoke.py [PROGRAM], by default target/release/nashra.

Works on a copy of the shipped feeds.toml and examples/ in a temporary folder and on a free port of
127.0.0.1. Ends only what it started. Stops at the first failure, with the tail of the daemon's log.
"""
import http.client
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from endtoend import commands, daemon, documents, publishing  # noqa: E402
from endtoend.site import ROOT, Failure, Site, tail_of  # noqa: E402

COMMANDS = [
    commands.commands_and_exit_codes, commands.check_finds_every_mistake, commands.parse_reads_every_example,
    commands.parse_refuses_what_is_no_feed, commands.poll_once_sums_up, commands.poll_over_http,
]
DAEMON = [
    daemon.starts_and_fills, documents.every_feed_is_valid, documents.rules_and_stories_show,
    documents.front_page_is_arabic, documents.http_is_exact, documents.entries_lead_to_their_sources, daemon.an_edited_source_shows,
    publishing.archives_hold_what_the_feeds_do_not, publishing.news_are_pushed_and_sent_in_parts,
    publishing.searches_find_every_form, publishing.what_is_hidden_is_gone, publishing.files_are_what_is_served,
    documents.every_feed_is_valid, daemon.a_broken_configuration_changes_nothing,
    daemon.stops_and_comes_back_the_same, daemon.survives_a_kill,
]
# Also what a document of an unexpected shape makes of the step that reads it.
TROUBLE = (
    Failure, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, SyntaxError,
    http.client.HTTPException, subprocess.TimeoutExpired,
)


def run_all(site, steps, passed):
    for step in steps:
        name = step.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            step(site)
        except TROUBLE as error:
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
    for steps, fetch_lines in ((COMMANDS, 'min_interval = "0s"\n'), (DAEMON, 'allow_private = ["127.0.0.0/8"]\nports = "any"\n')):
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
