"""The rules of RSS 2.0, RSS 1.0, Atom 1.0 and JSON Feed, one file a format; `../rules.py` is the door."""
