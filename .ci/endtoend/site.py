"""A copy of the shipped demo, the daemon on it, and the ways to ask it."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 30
FILL_SECONDS = 30
CHANGE_SECONDS = 30
STOP_SECONDS = 10
COMMAND_SECONDS = 60
POLL_PAUSE_SECONDS = 0.1


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
        self.paths = [f"/{section}.{kind}" for section in self.sections for kind in ("rss", "atom", "json")]
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

    def ask(self, method, path, headers=None, body=None):
        """(status, headers with lower-case names, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, path, body=body, headers={**form, **(headers or {})})
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


def tail_of(text, lines=30):
    return "\n".join(text.splitlines()[-lines:])


def find_title(site, section, words):
    return next((item for item in site.items(section) if words in item["title"]), None)
