//! Which changes of an entry matter: those that readers are told of, and those that are taken in quietly.

use crate::model::{Digest, FeedEntry};
use crate::pipeline::{link, text};

/// The hash of what counts as a meaningful change: the title, the words of the text without bare
/// numbers (counters), the link without its tokens, and which files are attached.
pub fn digest(said: &FeedEntry) -> Digest {
    let title = text::fold(said.title.as_deref().unwrap_or_default());
    let body =
        text::fold(&text::plain(said.content.as_deref().or(said.summary.as_deref()).unwrap_or_default()));
    let words: Vec<&str> =
        body.split(' ').filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).collect();
    let link = said.link.as_deref().map(|given| link::canonical(given).unwrap_or_else(|| given.to_owned()));
    let files: Vec<&str> = files(said).collect();
    let parts = [title, words.join(" "), link.unwrap_or_default(), files.join(" ")];
    Digest::of(parts.iter().map(String::as_bytes))
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
