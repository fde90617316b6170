//! What an address gives away: images that count readers, that stand for others, that only decorate.

/// An image whose sides are both shorter leads no story, in pixels.
const LEAD_SIDE_MIN: u32 = 80;

/// Hosts, with all below them, that only count or advertise.
const TRACKER_HOSTS: &[&str] = &[
    "doubleclick.net",
    "googlesyndication.com",
    "googletagmanager.com",
    "google-analytics.com",
    "amazon-adsystem.com",
    "scorecardresearch.com",
    "quantserve.com",
    "imrworldwide.com",
    "pixel.wp.com",
    "pixel.mathtag.com",
    "feedsportal.com",
    "pheedo.com",
    "bat.bing.com",
    "px.ads.linkedin.com",
    "analytics.twitter.com",
    "mc.yandex.ru",
    "counter.yadro.ru",
    "top-fwz1.mail.ru",
    "logs.xiti.com",
    "rss.buysellads.com",
    "stats.wordpress.com",
    "hits.theguardian.com",
    "counter.theconversation.com",
    "tracking.feedpress.it",
    "tracking.feedpress.com",
    "statcounter.com",
    "chartbeat.net",
    "ad.doubleclick.net",
];

/// Parts of `host/path` that only count or advertise. FeedBurner also runs under its customers' names.
const TRACKER_PATHS: &[&str] = &[
    "/~r/",
    "/~ff/",
    "/~a/",
    "/~at/",
    "feeds.wordpress.com/1.0/",
    "facebook.com/tr?",
    "facebook.com/tr/",
    "assoc-amazon.com/e/",
    "medium.com/_/stat",
    "list-manage.com/track/",
    "blogger.googleusercontent.com/tracker/",
    "/piwik.php",
    "/matomo.php",
    "/b.gif?",
    "/count.gif",
    "/counter.gif",
    "/pixel.gif",
    "/pixel.png",
    "/spacer.gif",
    "/blank.gif",
    "/1x1.gif",
    "/1x1.png",
    "/transparent.gif",
    "/clear.gif",
    "/clear-pixel.gif",
];

/// Words in the last part of a path that stand for "the image comes later".
const PLACEHOLDERS: &[&str] = &[
    "placeholder",
    "lazy",
    "lazyload",
    "loading",
    "loader",
    "blank",
    "spacer",
    "transparent",
    "pixel",
    "1x1",
    "grey",
    "gray",
    "empty",
    "dummy",
    "trans",
    "clear",
];

/// Words in a path that stand for decoration.
const DECORATION: &[&str] = &[
    "emoji",
    "emojis",
    "emoticon",
    "emoticons",
    "smiley",
    "smilies",
    "smileys",
    "icon",
    "icons",
    "favicon",
    "gravatar",
    "avatar",
    "avatars",
    "logo",
    "logos",
    "badge",
    "badges",
    "button",
    "buttons",
    "sprite",
    "sprites",
    "share",
    "sharing",
    "spacer",
    "blank",
    "placeholder",
    "pixel",
    "loader",
    "bullet",
    "rating",
];

/// Whether an absolute address is only there to count readers or to advertise.
pub(super) fn is_tracker(url: &str) -> bool {
    let rest = behind_scheme(url);
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let below = |tracker: &str| {
        host.strip_suffix(tracker).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    TRACKER_HOSTS.iter().any(|tracker| below(tracker)) || TRACKER_PATHS.iter().any(|part| rest.contains(part))
}

/// Whether an image, as published, may stand for its story.
pub(super) fn may_lead(url: &str, width: Option<u32>, height: Option<u32>) -> bool {
    let small = |side: Option<u32>| side.is_some_and(|side| side < LEAD_SIDE_MIN);
    let is_icon = match (width, height) {
        (Some(_), Some(_)) => small(width) && small(height),
        _ => small(width) || small(height),
    };
    let address = behind_scheme(url).split(['?', '#']).next().unwrap_or_default();
    !is_icon && !words(address).any(|word| DECORATION.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

/// Whether an address stands for an image that comes later.
pub(super) fn is_placeholder(url: &str) -> bool {
    let path = behind_scheme(url).split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    words(file).any(|word| PLACEHOLDERS.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

fn behind_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trackers_and_icons_are_told_from_pictures() {
        assert!(is_tracker("https://ad.doubleclick.net/x"));
        assert!(is_tracker("http://feeds.example.org/~r/news/~4/x"));
        assert!(!is_tracker("https://notdoubleclick.net/x"));
        assert!(!is_tracker("https://e.org/phones/pixel.jpg"));
        assert!(may_lead("https://e.org/iconic.jpg", None, None));
        assert!(may_lead("https://e.org/a.jpg", Some(640), Some(60)));
        assert!(!may_lead("https://e.org/a.jpg", Some(32), None));
        assert!(!may_lead("https://s.w.org/images/core/emoji/15/72x72/1f600.png", None, None));
    }
}
