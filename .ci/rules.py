#!/usr/bin/env python3
"""Checks RSS 2.0, RSS 1.0, Atom 1.0 and JSON Feed documents rule by rule.

RSS 2.0 by the specification as the W3C feed validator reads it, Atom by RFC 4287, JSON Feed by
version 1.1. `check(document, media_type)` returns a list of sentences, empty for a good document.
On the command line: rules.py FILE... or rules.py --self-test.
"""
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from feedrules.atom import check_atom  # noqa: E402
from feedrules.jsonfeed import check_json  # noqa: E402
from feedrules.rss import check_rdf, check_rss  # noqa: E402
from feedrules.selftest import self_test  # noqa: E402
from feedrules.values import ATOM, LANGUAGE, RDF, XML, Report, local  # noqa: E402


def check(document, media_type=None, own_address=None, strict=True):
    """Every broken rule of a document (bytes). `own_address` is what its self link must be.

    `strict` asks for what a good publisher does beyond the letter of RSS: a guid and a pubDate for
    every item, an atom:link to itself.
    """
    report = Report()
    if media_type == "json" or (media_type is None and document.lstrip()[:1] == b"{"):
        check_json(document, report, own_address)
        return report.problems
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"document: not UTF-8: {error}"]
    report.need("<!DOCTYPE" not in text, "document", "has a DOCTYPE")
    forbidden = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text)
    report.need(not forbidden, "document", "holds a character that XML 1.0 forbids")
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        return [f"document: not well-formed: {error}"]
    for element in root.iter():
        language = element.get(XML + "lang") if isinstance(element.tag, str) else None
        report.need(not language or LANGUAGE.fullmatch(language), local(str(element.tag)), f"xml:lang {language!r} is no language tag")
    if root.tag == "rss":
        check_rss(root, report, own_address, strict)
    elif root.tag == ATOM + "feed":
        check_atom(root, report, own_address)
    elif root.tag == RDF + "RDF":
        check_rdf(root, report)
    else:
        report.say("document", f"unknown root element {root.tag}")
    return report.problems


def main(arguments):
    if arguments == ["--self-test"]:
        problem = self_test(check)
        if problem:
            print(problem, file=sys.stderr)
        return 1 if problem else 0
    bad = 0
    for path in arguments:
        with open(path, "rb") as file:
            # The demo's sources leave out on purpose what the format allows to leave out.
            problems = check(file.read(), strict=False)
        bad += bool(problems)
        for problem in problems:
            print(f"{path}: {problem}", file=sys.stderr)
    print(f"{len(arguments) - bad} documents passed, {bad} failed")
    return 1 if bad or not arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
