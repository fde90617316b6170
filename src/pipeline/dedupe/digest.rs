//! Which changes of an entry matter: those that readers are told of, and those that are taken in quietly.

use std::borrow::Cow;

use super::{Folded, canonical};
use crate::model::{Digest, FeedEntry, Trust};

/// Words, folded, beside which a number is a counter: it changes at every fetch and is no news.
const COUNTED: &[&str] = &[
    "ago",
    "click",
    "clicks",
    "comment",
    "commentaire",
    "commentaires",
    "comments",
    "downloads",
    "like",
    "likes",
    "partages",
    "reactions",
    "reads",
    "replies",
    "shares",
    "views",
    "visits",
    "votes",
    "vues",
    "اعجاب",
    "تعليق",
    "تعليقات",
    "زياره",
    "زيارات",
    "قراءات",
    "مشاركات",
    "مشاهدات",
    "مشاهده",
    "منذ",
];
/// How many words may stand between a counter and its word, as in "2 hours ago".
const COUNTER_DISTANCE: usize = 2;

/// The hash of what counts as a meaningful change: the title, the words of the text without counters, the
/// link without its tokens, and which files are attached. A corrected figure is a change.
pub fn digest(said: &FeedEntry) -> Digest {
    digest_by(said, Trust::default())
}

/// The same of an entry of a source that is trusted in this.
pub fn digest_by(said: &FeedEntry, trust: Trust) -> Digest {
    of(said, &Folded::of(said), link(said, trust))
}

/// The same of an entry whose words are folded already and whose link is canonical.
pub(super) fn of(said: &FeedEntry, folded: &Folded, link: Option<String>) -> Digest {
    let files: Vec<&str> = files(said).collect();
    let body = without_counters(&folded.body);
    let (link, files) = (link.unwrap_or_default(), files.join(" "));
    Digest::of([&folded.title, &*body, &link, &files].map(str::as_bytes))
}

/// The link that readers get, without its tokens; `None` where it changes with every document.
pub(super) fn link(said: &FeedEntry, trust: Trust) -> Option<String> {
    let given = said.link.as_deref()?;
    canonical(given, trust).or_else(|| trust.links.then(|| given.to_owned()))
}

/// Whether the link leads to another host, or became safe: the entry is elsewhere now, and says nothing new.
pub fn is_relocated(old: &FeedEntry, new: &FeedEntry) -> bool {
    let (Some(old), Some(new)) = (origin(old), origin(new)) else { return false };
    let is_safe = |scheme: &str| scheme.eq_ignore_ascii_case("https");
    !old.1.eq_ignore_ascii_case(new.1) || !is_safe(old.0) && is_safe(new.0)
}

/// Scheme and host of the link.
fn origin(said: &FeedEntry) -> Option<(&str, &str)> {
    let (scheme, rest) = said.link.as_deref()?.split_once("://")?;
    Some((scheme, rest.split(['/', '?', '#']).next()?))
}

/// Folded text without the numbers that stand beside a word of [`COUNTED`].
fn without_counters(body: &str) -> Cow<'_, str> {
    if !body.bytes().any(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(body);
    }
    let words: Vec<&str> = body.split(' ').collect();
    let counters: Vec<usize> = (0..words.len()).filter(|at| is_counter(&words, *at)).collect();
    if counters.is_empty() {
        return Cow::Borrowed(body);
    }
    let kept = words.iter().enumerate().filter(|(at, _)| counters.binary_search(at).is_err());
    Cow::Owned(kept.map(|(_, word)| *word).collect::<Vec<_>>().join(" "))
}

fn is_counter(words: &[&str], at: usize) -> bool {
    let nearby = at.saturating_sub(COUNTER_DISTANCE)..words.len().min(at + COUNTER_DISTANCE + 1);
    !words[at].is_empty()
        && words[at].bytes().all(|byte| byte.is_ascii_digit())
        && words[nearby].iter().any(|word| COUNTED.contains(word))
}

/// Whether something about `old` changed that is worth showing and no news: categories, authors, the image,
/// what is known of the files. Counters, tokens, and pictures that rotate within the text are neither.
pub fn is_quiet_change(old: &FeedEntry, new: &FeedEntry) -> bool {
    facts(old) != facts(new)
}

/// The attached files, without the tokens of their addresses.
pub(super) fn files(said: &FeedEntry) -> impl Iterator<Item = &str> {
    said.enclosures.iter().map(|file| without_token(&file.url))
}

fn facts(said: &FeedEntry) -> impl PartialEq + use<'_> {
    let mut categories: Vec<_> =
        said.categories.iter().map(|one| (&one.term, &one.scheme, &one.label)).collect();
    // Some sources list them in another order each time.
    categories.sort_unstable();
    let people = said.authors.iter().chain(&said.contributors);
    let people: Vec<_> = people.map(|person| (&person.name, &person.email)).collect();
    let files: Vec<_> = said
        .enclosures
        .iter()
        .map(|file| {
            (without_token(&file.url), &file.media_type, &file.length, &file.duration_seconds, &file.title)
        })
        .collect();
    (categories, people, files, image(said), (&said.language, &said.rights, &said.episode))
}

/// The image where the source named it. One that was found in the text may be an advertisement that
/// rotates, so of it only counts that it is there.
fn image(said: &FeedEntry) -> Option<&str> {
    let image = without_token(said.image.as_deref()?);
    let shown_in = |html: &Option<String>| html.as_deref().is_some_and(|html| html.contains(image));
    Some(if shown_in(&said.content) || shown_in(&said.summary) { "" } else { image })
}

fn without_token(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::text;

    fn check(one: &str, other: &str, is_change: bool) {
        let said = |text: &str| FeedEntry { content: Some(text.to_owned()), ..FeedEntry::default() };
        assert_eq!(digest(&said(one)) != digest(&said(other)), is_change, "{one} → {other}");
    }

    #[test]
    fn figures_are_news_and_counters_are_not() {
        check("At least 12 people were killed.", "At least 40 people were killed.", true);
        check("The final score was 2-1.", "The final score was 3-1.", true);
        check("ارتفع السعر إلى 95 درهما", "ارتفع السعر إلى 97 درهما", true);
        check("Read it. 12 views, 3 comments", "Read it. 1250 views, 4 comments", false);
        check("<p>عدد المشاهدات: 12 مشاهدة</p>", "<p>عدد المشاهدات: 99 مشاهدة</p>", false);
        check("نُشر منذ 5 دقائق", "نُشر منذ 9 دقائق", false);
        check("Posted 2 hours ago", "Posted 3 hours ago", false);
    }

    #[test]
    fn counted_words_are_folded() {
        COUNTED.iter().for_each(|word| assert_eq!(text::fold(word), **word));
    }
}
