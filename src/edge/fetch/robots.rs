//! robots.txt, read (RFC 9309): what it forbids us, and how far apart it wants our requests.
//!
//! Pure: bytes to rules. What is fetched when, and remembered how long, is the business of `robots/book`.

pub(super) mod ask;
pub(super) mod book;
mod pattern;

use std::time::Duration;

use url::Url;

use self::pattern::Pattern;

/// The name that robots.txt calls us by (RFC 9309 §2.2.1).
const TOKEN: &str = "nashra";
/// What is read of a robots.txt; RFC 9309 §2.5 asks for 500 KiB at least.
pub(super) const BYTES_MAX: usize = 512 << 10;
/// Rules of one file that are kept; those beyond do not count.
const RULES_MAX: usize = 10_000;
/// A longer `Crawl-delay` counts as this long.
const DELAY_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// What one robots.txt says to nashra.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robots {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    allows: bool,
    pattern: Pattern,
}

/// Whom the lines that are being read are for.
#[derive(Clone, Copy, Default)]
struct Audience {
    us: bool,
    everybody: bool,
}

impl Robots {
    /// Reads a robots.txt: the rules of all groups for `nashra`, or where there is none, of those for `*`. Every
    /// line that is no rule is skipped; what stands beyond 512 KiB is not read.
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = whole_lines(bytes);
        let (mut ours, mut common) = (None, Self::default());
        let (mut audience, mut in_rules) = (Audience::default(), true);
        for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let Some((name, value)) = record(line) else { continue };
            if name == "user-agent" {
                if in_rules {
                    (audience, in_rules) = (Audience::default(), false);
                }
                audience.add(value);
                if audience.us {
                    ours.get_or_insert_with(Self::default);
                }
                continue;
            }
            // Others, `Sitemap` for one, neither belong to a group nor end it. `Crawl-delay` does both: nobody
            // who writes it before the next `User-agent` means the rules of the next group.
            if matches!(name.as_str(), "allow" | "disallow" | "crawl-delay") {
                in_rules = true;
                if let Some(ours) = ours.as_mut().filter(|_| audience.us) {
                    ours.add(&name, value);
                }
                if audience.everybody {
                    common.add(&name, value);
                }
            }
        }
        ours.unwrap_or(common)
    }

    /// Whether the address may be asked. The longest rule that matches its path and query counts, `Allow` where
    /// two are of one length; what no rule matches is allowed, and so is robots.txt itself.
    pub fn allows(&self, url: &Url) -> bool {
        self.forbidding(url).is_none()
    }

    /// The rule that forbids an address, as it stands in robots.txt but for its escapes.
    pub(super) fn forbidding(&self, url: &Url) -> Option<&str> {
        let path = pattern::path_of(url);
        if path == "/robots.txt" {
            return None;
        }
        let matching = self.rules.iter().filter(|rule| rule.pattern.matches(&path));
        let decisive = matching.max_by_key(|rule| (rule.pattern.length(), rule.allows))?;
        (!decisive.allows).then(|| decisive.pattern.text())
    }

    /// How far apart our requests shall be: the longest `Crawl-delay` that is a number of seconds.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// What it takes in memory, about.
    fn bytes(&self) -> usize {
        self.rules.iter().map(|rule| size_of::<Rule>() + rule.pattern.text().len()).sum()
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        if name == "crawl-delay" {
            self.crawl_delay = self.crawl_delay.max(delay(value));
        } else if self.rules.len() < RULES_MAX
            && let Some(pattern) = Pattern::parse(value)
        {
            self.rules.push(Rule { allows: name == "allow", pattern });
        }
    }
}

impl Audience {
    /// The value of a `User-agent` line: a token and what may follow it, its version for one.
    fn add(&mut self, value: &[u8]) {
        let end = value.iter().position(|byte| !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-'));
        let token = value.split_at(end.unwrap_or(value.len())).0;
        self.us |= token.eq_ignore_ascii_case(TOKEN.as_bytes());
        self.everybody |= value.split(u8::is_ascii_whitespace).next() == Some(b"*");
    }
}

/// What is read of the file. The line that the limit cuts through would say something else.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let Some((read, _)) = bytes.split_at_checked(BYTES_MAX).filter(|(_, rest)| !rest.is_empty()) else {
        return bytes;
    };
    let end = read.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(0);
    read.split_at(end).0
}

/// The name of a line, in lower case, and its value; both without the space around them and the comment behind.
fn record(line: &[u8]) -> Option<(String, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next()?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = str::from_utf8(name.trim_ascii()).ok()?;
    Some((name.to_ascii_lowercase(), value.get(1..)?.trim_ascii()))
}

/// Seconds, perhaps with a fraction; anything else is no delay.
fn delay(value: &[u8]) -> Option<Duration> {
    let text = str::from_utf8(value).ok()?;
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| is_number)?;
    Some(Duration::try_from_secs_f64(seconds).map_or(DELAY_MAX, |delay| delay.min(DELAY_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(file: &str, path: &str) -> bool {
        let url = Url::parse("https://feeds.example").unwrap().join(path).unwrap();
        Robots::parse(file.as_bytes()).allows(&url)
    }

    #[test]
    fn the_longest_rule_counts() {
        let check = |rules: &str, path: &str, expected: bool| {
            assert_eq!(allows(&format!("User-agent: *\n{rules}"), path), expected, "{rules} on {path}");
        };
        check("Disallow: /", "/feed", false);
        check("Disallow:", "/feed", true);
        check("Disallow: /feed", "/feed", false);
        check("Disallow: /feed", "/feeds/all.xml?x", false);
        check("Disallow: /feed", "/Feed", true);
        check("Disallow: /feed/", "/feed", true);
        check("Disallow: /\nAllow: /feed", "/feed.xml", true);
        check("Allow: /feed\nDisallow: /", "/feed.xml", true);
        check("Allow: /\nDisallow: /feed", "/feed.xml", false);
        check("Allow: /feed\nDisallow: /feed", "/feed", true);
        check("Disallow: /feed\nAllow: /feed", "/feed", true);
        check("Disallow: /*.xml", "/a/feed.xml?x", false);
        check("Disallow: /*.xml$", "/feed.xml", false);
        check("Disallow: /*.xml$", "/feed.xml?x", true);
        check("Disallow: /$", "/", false);
        check("Disallow: /$", "/feed", true);
        check("Disallow: *feed", "/a/b/feed", false);
        check("Disallow: /a*b*c", "/a-b-c", false);
        check("Disallow: /a*b*c", "/a-c-b", true);
        check("Disallow: /a*b$", "/a-b-b", false);
        check("Disallow: /**", "/x", false);
        check("Disallow: /*?", "/feed", true);
        check("Disallow: /*?", "/feed?all", false);
        check("Allow: /page\nDisallow: /*.htm", "/page.htm", false);
        check("Disallow: feed", "/feed", true);
        check("Disallow: https://feeds.example/", "/feed", true);
        check("Disallow: /", "/robots.txt", true);
    }

    #[test]
    fn escapes_have_one_form() {
        let check = |rule: &str, path: &str, expected: bool| {
            let file = format!("User-agent: *\nDisallow: {rule}");
            assert_eq!(allows(&file, path), expected, "{rule} on {path}");
        };
        // The examples of RFC 9309 §2.2.2.
        check("/foo/bar?baz=quz", "/foo/bar?baz=quz", false);
        check("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", false);
        check("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", false);
        check("/foo/bar/ツ", "/foo/bar/%E3%83%84", false);
        check("/foo/bar/%e3%83%84", "/foo/bar/ツ", false);
        check("/foo/bar/%62%61%7A", "/foo/bar/baz", false);
        check("/foo/bar/baz", "/foo/bar/%62%61%7A", false);
        check("/أخبار", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/feed", false);
        check("/a%2Fb", "/a/b", true);
        check("/a%2fb", "/a%2Fb", false);
        check("/a b", "/a%20b", false);
        check("/a%2A", "/a*b", false);
        check("/a%2A", "/ab", true);
        check("/a%24", "/a$b", false);
        check("/a$b", "/a$b", false);
        check("/100%", "/100%25", false);
        check("/100%", "/100%", false);
        check("/a#comment", "/ab", false);
    }

    #[test]
    fn groups_are_found() {
        let check = |file: &str, expected: bool| assert_eq!(allows(file, "/feed"), expected, "{file:?}");
        check("", true);
        check("Disallow: /", true);
        check("User-agent: nashra\nDisallow: /", false);
        check("USER-AGENT :  NASHRA/1.0 (x)  # us\ndisAllow:/", false);
        check("User-agent: nashrabot\nDisallow: /", true);
        check("User-agent: *\nDisallow: /\nUser-agent: nashra\nDisallow:", true);
        check("User-agent: nashra\nUser-agent: *\nDisallow: /", false);
        check("User-agent: a\nUser-agent: nashra\nUser-agent: b\nDisallow: /", false);
        check("User-agent: nashra\nDisallow: /x\nUser-agent: b\nDisallow: /", true);
        check("User-agent: nashra\nAllow: /x\n\nUser-agent: *\nDisallow: /", true);
        check("User-agent: nashra\nDisallow: /x\nUser-agent: b\nUser-agent: nashra\nDisallow: /feed", false);
        check("User-agent: nashra\n\nSitemap: https://a.example/\n\nDisallow: /feed", false);
        check("User-agent: *\nCrawl-delay: 5\nUser-agent: bad\nDisallow: /", true);
        check("\u{feff}User-agent: *\nDisallow: /", false);
        check("User-agent: *\r\nDisallow: /\r\n", false);
        check("User-agent: *\rDisallow: /\r", false);
        check("<html>User-agent: *\nnonsense\n: /\nDisallow /\n\u{0}\u{1}", true);
        check("junk\nUser-agent: *\nmore junk: 1\nDisallow: /feed", false);
    }

    #[test]
    fn delays_are_numbers_of_seconds() {
        let check = |lines: &str, expected: Option<f64>| {
            let robots = Robots::parse(format!("User-agent: *\n{lines}").as_bytes());
            assert_eq!(robots.crawl_delay(), expected.map(Duration::from_secs_f64), "{lines}");
        };
        check("Crawl-delay: 10", Some(10.0));
        check("crawl-DELAY:1.5 # slowly", Some(1.5));
        check("Crawl-delay: .5", Some(0.5));
        check("Crawl-delay: 0", Some(0.0));
        check("Crawl-delay: 5\nCrawl-delay: 7\nCrawl-delay: soon", Some(7.0));
        check("User-agent: nashra\nDisallow: /x\nUser-agent: *\nCrawl-delay: 7", None);
        check("Crawl-delay: 7\nUser-agent: nashra\nCrawl-delay: 2", Some(2.0));
        check(&format!("Crawl-delay: {}", "9".repeat(400)), Some(DELAY_MAX.as_secs_f64()));
        for nonsense in ["", "soon", "-1", "1,5", "1e3", "inf", "NaN", "10s", "1.2.3", "."] {
            check(&format!("Crawl-delay: {nonsense}"), None);
        }
    }

    #[test]
    fn files_are_bounded() {
        let filler = "# 16 bytes long.\n".repeat(BYTES_MAX / 17 + 1);
        assert!(allows(&format!("User-agent: *\n{filler}Disallow: /\n"), "/feed"));
        // The limit cuts a longer rule short; what is left of it would forbid too much.
        let head = "User-agent: *\nAllow: /x\n";
        let room = BYTES_MAX - head.len() - "\nDisallow: /f".len();
        let file = format!("{head}{}\nDisallow: /full/secret", "#".repeat(room));
        assert!(file.len() > BYTES_MAX && allows(&file, "/feed"));
        let many = "Disallow: /a\n".repeat(RULES_MAX);
        assert!(allows(&format!("User-agent: *\n{many}Disallow: /feed"), "/feed"));
        let robots = Robots::parse(format!("User-agent: *\n{many}").as_bytes());
        assert_eq!((robots.rules.len(), robots.bytes() > RULES_MAX), (RULES_MAX, true));
    }
}
