//! Tests of config: `mirror_of`.

use super::good;
use super::mistakes::check;

#[test]
fn a_mirror_names_an_original() {
    let two = |one: &str, other: &str| {
        format!(
            "[sources.wire]\nurl = \"https://a.example/feed\"\n{one}\n[sources.copy]\nurl = \"https://b.example/feed\"\n{other}\n"
        )
    };
    let mirrors = |text: &str| {
        let sources = good(text).sources;
        let facts =
            |source: &nashra::model::Source| (source.mirror_of.clone().map(|id| id.0), source.is_mirrored);
        sources.iter().map(facts).collect::<Vec<_>>()
    };
    let expected = [(None, true), (Some("wire".to_owned()), false)];
    assert_eq!(mirrors(&two("", "mirror_of = \"wire\"")), expected);
    assert_eq!(mirrors(&two("enabled = false", "mirror_of = \"wire\"")), expected);
    for (one, other, mistakes) in [
        (
            "",
            "mirror_of = \"wires\"",
            &["6:13: sources.copy.mirror_of: there is no source `wires`; did you mean `wire`?"][..],
        ),
        (
            "",
            "mirror_of = \"agency\"",
            &[
                "6:13: sources.copy.mirror_of: there is no source `agency`: write [sources.agency] or name another",
            ],
        ),
        (
            "",
            "mirror_of = \"copy\"",
            &[
                "6:13: sources.copy.mirror_of: names itself: name the source whose pages it shows, or remove the key",
            ],
        ),
        (
            "",
            "mirror_of = 1",
            &[
                "6:13: sources.copy.mirror_of: expected a string in quotes: write mirror_of = \"SOURCE\", found a number",
            ],
        ),
        (
            "mirror_of = \"copy\"",
            "mirror_of = \"wire\"",
            &[
                "3:13: sources.wire.mirror_of: `copy` is a mirror itself, of `wire`: one of the two is the mirror",
                "6:13: sources.copy.mirror_of: `wire` is a mirror itself, of `copy`: one of the two is the mirror",
            ],
        ),
    ] {
        check(&two(one, other), mistakes);
    }
    let chain = two("", "mirror_of = \"wire\"")
        + "[sources.third]\nurl = \"https://c.example/feed\"\nmirror_of = \"copy\"\n";
    check(
        &chain,
        &["9:13: sources.third.mirror_of: `copy` is a mirror itself, of `wire`: name that one, or another"],
    );
}
