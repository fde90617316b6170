//! Rules in feeds.toml: what they mean, and what is said about those that make no sense.

use std::path::Path;
use std::time::Duration;

use nashra::config::read;
use nashra::model::{Age, Condition, Field, Pattern, Rule};
use proptest::prelude::*;

use super::good;

fn text(list: &str, rules: &str) -> String {
    format!("[sources.x]\nurl = \"https://example.org/feed\"\n[sections.s]\n{list} = [{rules}]\n")
}

/// The rules of a section's list that must be right.
fn rules(list: &str, rules: &str) -> Vec<Rule> {
    let config = good(&text(list, rules));
    let section = config.sections.into_iter().find(|section| section.id.0 == "s").unwrap();
    if list == "include" { section.rules.include } else { section.rules.exclude }
}

/// What is said about one rule in this list, mistakes and warnings alike, without the places.
fn said(list: &str, rules: &str) -> Vec<String> {
    let messages = match read(&text(list, rules), "feeds.toml", Path::new("")) {
        Ok(config) => config.warnings,
        Err(mistakes) => mistakes,
    };
    messages.into_iter().map(|mistake| format!("{}: {}", mistake.key, mistake.message)).collect()
}

/// A rule that is no use in either list; `place` is a part of the key.
fn check(rule: &str, key: &str, message: &str) {
    for list in ["include", "exclude"] {
        let text = text(list, rule);
        assert!(read(&text, "feeds.toml", Path::new("")).is_err(), "{text}");
        let found = said(list, rule);
        let expected = format!("sections.s.{list}{key}: {message}");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{rule}\n{found:?}\n{expected}");
    }
}

#[test]
fn rules_are_read_as_they_are_meant() {
    let field = |field, pattern| Rule::Field(Condition { field, patterns: vec![pattern] });
    let words = |text: &str| Pattern::Words(text.to_owned());
    let day = Duration::from_secs(86_400);
    assert_eq!(rules("include", "{ link = \"x\" }"), [field(Field::Url, words("x"))]);
    assert_eq!(
        rules("exclude", r#"{ title = "a", age = ">7d" }, { age = "< 1h 30m" }"#),
        [
            Rule::All(vec![field(Field::Title, words("a")), Rule::Age(Age::Over(7 * day))]),
            Rule::Age(Age::Under(Duration::from_secs(5400))),
        ]
    );
    let several = Condition {
        field: Field::Title,
        patterns: vec![
            words("إعلان"),
            Pattern::Glob("Live: *".to_owned()),
            Pattern::Regex { regex: "Ad\\b".to_owned(), any_case: true },
        ],
    };
    assert_eq!(rules("exclude", r#"{ title = ["إعلان", "Live: *", '/Ad\b/i'] }"#), [Rule::Field(several)]);
    assert_eq!(
        rules("include", r#"{ any = [{ title = "a" }, { not = { author = "b" } }], language = "ar" }"#),
        [Rule::All(vec![
            Rule::Any(vec![
                field(Field::Title, words("a")),
                Rule::Not(Box::new(field(Field::Author, words("b"))))
            ]),
            field(Field::Language, words("ar")),
        ])]
    );
    // A path is no regex with flags.
    assert_eq!(rules("include", "{ url = \"/en/sg\" }"), [field(Field::Url, words("/en/sg"))]);
}

#[test]
fn what_can_never_match_is_a_mistake() {
    let signs = "can never match: `!!!` has neither letters nor digits";
    check("{ title = \"!!!\" }", ".title", signs);
    check("{ not = { text = \"!!!\" } }", ".not.text", signs);
    check("{ title = [\"a\", \"!!!\"] }", ".title", signs);
    check("{ author = \"ـــً\" }", ".author", "can never match: `ـــً` has neither");
    check("{ title = \"!*\" }", ".title", "can never match: `!*` has neither");
    check("{ title = [] }", ".title", "is an empty list, so it can never match");
    check("{ any = [] }", ".any", "is an empty list: write a rule");
    check("{ all = [] }", ".all", "is an empty list: write a rule");
    check("{ title = \"//\" }", ".title", "an empty regex would match everything");
    check("{ title = '/[a&&b]/' }", ".title", "the regex between the slashes can never match");
    check("{ title = '/a/gi' }", ".title", "`gi` behind the regex is not known: only `i` is");
    for regex in ["/a^/", "/$a/", "/(a|b)+^c/", "/a(^b|c$)d/", "/x(?:$|^)y/i", "/(a$){2}/"] {
        let anchor = "the regex between the slashes can never match: `^` stands behind";
        check(&format!("{{ title = '{regex}' }}"), ".title", anchor);
    }
    check("{ url = \"a b\" }", ".url", "can never match: no link holds a space");
    for glob in ["sport/*", "www.a.example/*", "/sport/*", "sport*", "http:/a*", "//a.example/*", "خبر*"] {
        check(&format!("{{ url = \"{glob}\" }}"), ".url", "can never match: a link begins with its scheme");
    }
    check(
        "{ language = \"ar_MA\" }",
        ".language",
        "can never match: `ar_MA` is no language tag (BCP 47): write one such as \"ar-MA\"",
    );
    check("{ language = \"arabic\" }", ".language", "can never match: `arabic` is no language tag");
    check(
        &format!("{{ category = \"{}\" }}", "a".repeat(301)),
        ".category",
        "can never match: is longer than 300",
    );
    check("{ age = \"7d\" }", ".age", "`7d` is no age: write \">7d\" or \"<7d\"");
    check("{ age = \">7\" }", ".age", "has no unit: write \">7d\"");
    check("{ age = \">-1h\" }", ".age", "no entry is younger than nothing");
    check("{ age = \"<0s\" }", ".age", "no entry is younger than nothing");
    check("{ age = \">200years\" }", ".age", "is longer than a hundred years");
    check("{ age = 7 }", ".age", "expected a string in quotes");
    let ages = "can never match: no age is both >7d and <2h";
    check("{ all = [{ age = \">7d\" }, { age = \"<2h\" }] }", "", ages);
    check("{ age = \">7d\", all = [{ age = \"<2h\" }] }", "", ages);
    check("{ any = [{ title = \"x\" }, { all = [{ age = \">7d\" }, { age = \"<2h\" }] }] }", "", ages);
    let languages = "can never match: no entry is in both `ar` and `fr`";
    check("{ all = [{ language = \"ar\" }, { language = \"fr\" }] }", "", languages);
    check("{ language = \"ar\", all = [{ language = [\"fr\", \"en\"] }] }", "", languages);
    let opposite = "can never match: asks for { title = \"إعلان\" } and for its opposite";
    check("{ title = \"إعلان\", not = { title = \"اعلان\" } }", "", opposite);
    check("{ title = \"إعلان\", not = { any = [{ title = \"x\" }, { title = \"إعلان\" }] } }", "", opposite);
    check("{ not = [{ title = \"x\" }] }", ".not", "expected a table: write not = { any = ");
    check("{ not = \"x\" }", ".not", "expected a table");
    check("{ not = {} }", ".not", "an empty rule would match everything");
}

#[test]
fn what_may_match_is_no_mistake() {
    for regex in
        ["/a*^b/", "/^a$/", "/a|b^/", "/(?m)a\\n^b/", "/(^|x)a/", "/a($|x)/", "/^^a/", "/(a$)?/", "/b*$a*/"]
    {
        assert_eq!(rules("include", &format!("{{ title = '{regex}' }}")).len(), 1, "{regex}");
    }
    for glob in ["*sport/*", "http*", "HTTPS://a.example/*", "ht*/sport", "http://*", "mailto:*", "m*", "*"] {
        assert_eq!(rules("include", &format!("{{ url = \"{glob}\" }}")).len(), 1, "{glob}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| {
        (1..depth).fold("{ title = \"x\" }".to_owned(), |inner, _| format!("{{ not = {inner} }}"))
    };
    assert!(said("include", &nested(8)).is_empty());
    let found = said("include", &nested(9));
    assert!(found.len() == 1 && found[0].contains("nested too deep: at most 8"), "{found:?}");
}

#[test]
fn what_always_matches_is_a_mistake_where_it_leaves_everything_out() {
    for rule in [
        "{ title = \"*\" }",
        "{ text = '/.*/' }",
        "{ title = '/^.+$/' }",
        "{ any = [{ author = \"a\" }, { not = { author = \"A\" } }] }",
    ] {
        let found = said("exclude", rule);
        assert!(found.len() == 1 && found[0].contains("leaves out whatever there is"), "{rule} {found:?}");
        let found = said("include", rule);
        assert!(found.len() == 1 && found[0].contains("takes in whatever there is"), "{rule} {found:?}");
        assert!(read(&text("exclude", rule), "", Path::new("")).is_err());
        assert!(read(&text("include", rule), "", Path::new("")).is_ok());
    }
    // These ask whether there is such a thing at all.
    for rule in
        ["{ not = { title = \"*\" } }", "{ category = \"*\" }", "{ author = '/./' }", "{ age = \">0s\" }"]
    {
        assert!(said("exclude", rule).is_empty(), "{rule}");
    }
}

#[test]
fn what_works_but_is_hardly_meant_is_a_warning() {
    let warned = |list: &str, rules: &str, word: &str| {
        let found = said(list, rules);
        assert!(found.len() == 1 && found[0].contains(word), "{rules} {found:?}");
        good(&text(list, rules));
    };
    warned("include", "{ title = \"a\" }, { title = \"Á\" }", "stands here twice");
    warned("include", "{ url = \"/sport/\" }", "write \"*/sport/*\" for the folder");
    warned("include", "", "is an empty list, so it has no effect");
}

#[test]
fn all_mistakes_come_at_once_with_their_places() {
    let text = "[sources.x]\nurl = \"https://example.org/feed\"\ninclude = [{ any = [{ title = \"!\" }, { agee = \"<1h\" }] },\n  \
                { not = { age = \"1h\" } }]\nexclude = [{ title = \"*\" }]\n";
    let mistakes = read(text, "f", Path::new("")).unwrap_err();
    let places: Vec<_> = mistakes.iter().map(|one| (one.line, one.column, one.key.as_str())).collect();
    let expected = [
        (3, 31, "sources.x.include.any.title"),
        (3, 40, "sources.x.include.any.agee"),
        (4, 19, "sources.x.include.not.age"),
        (5, 12, "sources.x.exclude"),
    ];
    assert_eq!(places, expected);
    // What is taken in and left out by the same words.
    let both = "[sources.x]\nurl = \"https://example.org/feed\"\ninclude = [{ title = \"a\" }]\nexclude = [{ title = \"A\" }]\n";
    let mistakes = read(both, "f", Path::new("")).unwrap_err();
    assert!(mistakes.len() == 1 && mistakes[0].message.contains("it is in `exclude` too"), "{mistakes:?}");
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let pattern = prop_oneof![
        "[a-cأب]{1,5}".prop_map(Pattern::Words),
        "[a-c]{1,3}\\*[a-c ]{0,2}[a-c]".prop_map(Pattern::Glob),
        ("[a-c]{1,3}[.+]?\\\\\\\\?\"?", any::<bool>())
            .prop_map(|(regex, any_case)| Pattern::Regex { regex, any_case }),
    ];
    let fields =
        prop_oneof![Just(Field::Title), Just(Field::Text), Just(Field::Category), Just(Field::Author)];
    let condition = (fields, prop::collection::vec(pattern, 1..3))
        .prop_map(|(field, patterns)| Rule::Field(Condition { field, patterns }));
    let age = (1_u64..10_000_000, any::<bool>()).prop_map(|(seconds, over)| {
        let bound = Duration::from_secs(seconds);
        Rule::Age(if over { Age::Over(bound) } else { Age::Under(bound) })
    });
    prop_oneof![3 => condition, 1 => age].prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Rule::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Rule::Any),
            inner.prop_map(|part| Rule::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A rule is shown as it may be written: read again, it is the same rule.
    #[test]
    fn what_is_shown_of_a_rule_is_the_rule(rule in any_rule()) {
        let shown = rule.to_string();
        // Some of them can never match, and are told so.
        if let Ok(config) = read(&text("include", &shown), "feeds.toml", Path::new("")) {
            let section = config.sections.iter().find(|section| section.id.0 == "s").unwrap();
            prop_assert_eq!(&section.rules.include[0], &rule);
        }
    }
}
