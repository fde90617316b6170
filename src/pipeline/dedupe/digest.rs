//! Which changes of an entry matter: those that readers are told of, and those that are taken in quietly.

use std::borrow::Cow;

use super::{Folded, canonical};
use crate::model::{Digest, Episode, FeedEntry, Hashing, SideFile, Trust};
use crate::pipeline::text;

/// Which rules [`digest`] follows. Whoever changes them counts on: what was hashed by others is then read anew and is no
/// news.
pub const DIGEST_RULES: u8 = 2;

/// Words, folded and without the article, beside which a number is a counter: it changes at every fetch and is no
/// news. In order.
const COUNTED: &[&str] = &[
    "ago",
    "click",
    "clicks",
    "comment",
    "commentaire",
    "commentaires",
    "comments",
    "downloads",
    "lectures",
    "like",
    "likes",
    "partages",
    "rating",
    "ratings",
    "reactions",
    "reads",
    "replies",
    "reponses",
    "retweets",
    "shares",
    "telechargements",
    "upvotes",
    "views",
    "visites",
    "visits",
    "votes",
    "vues",
    "اعجاب",
    "اعجابات",
    "تحميلات",
    "تعليقا",
    "تعليقات",
    "تقييم",
    "تقييمات",
    "ردود",
    "زيارات",
    "زياره",
    "قراءات",
    "قراءه",
    "مشاركات",
    "مشاهدات",
    "مشاهده",
    "منذ",
];
/// How many words may stand between a counter and its word, as in "2 hours ago".
const COUNTER_DISTANCE: usize = 2;

/// The place of the counter in a phrase.
const NUMBER: &str = "#";
/// Words that make a number a counter only together, and only in this order: each by itself stands beside figures that
/// are news («تعليق 12 رحلة», "il y a 12 morts").
const PHRASES: &[&[&str]] = &[
    &[NUMBER, "min", "read"],
    &[NUMBER, "mins", "read"],
    &[NUMBER, "minute", "read"],
    &[NUMBER, "minutes", "read"],
    &["reading", "time", NUMBER],
    &["read", "time", NUMBER],
    &["time", "to", "read", NUMBER],
    &["read", NUMBER, "times"],
    &["viewed", NUMBER, "times"],
    &["seen", NUMBER, "times"],
    &["shared", NUMBER, "times"],
    &[NUMBER, "min", "de", "lecture"],
    &[NUMBER, "mn", "de", "lecture"],
    &[NUMBER, "minute", "de", "lecture"],
    &[NUMBER, "minutes", "de", "lecture"],
    &["temps", "de", "lecture", NUMBER],
    &["duree", "de", "lecture", NUMBER],
    &["lu", NUMBER, "fois"],
    &["lue", NUMBER, "fois"],
    &["vu", NUMBER, "fois"],
    &["vue", NUMBER, "fois"],
    &["partage", NUMBER, "fois"],
    &["il", "y", "a", NUMBER, "min"],
    &["il", "y", "a", NUMBER, "mn"],
    &["il", "y", "a", NUMBER, "minute"],
    &["il", "y", "a", NUMBER, "minutes"],
    &["il", "y", "a", NUMBER, "h"],
    &["il", "y", "a", NUMBER, "heure"],
    &["il", "y", "a", NUMBER, "heures"],
    &[NUMBER, "تعليق"],
    &["عدد", "تعليق", NUMBER],
    &["مده", "قراءه", NUMBER],
    &["وقت", "قراءه", NUMBER],
    &["زمن", "قراءه", NUMBER],
    &["قري", NUMBER, "مره"],
    &["قري", NUMBER, "مرات"],
    &["شوهد", NUMBER, "مره"],
    &["شوهد", NUMBER, "مرات"],
    &["تحديث", "قبل", NUMBER],
    &["نشر", "قبل", NUMBER],
];

/// The hash of what counts as a meaningful change: the title, the words of the text without counters, the
/// link without its tokens, and which files are attached. A corrected figure is a change.
pub fn digest(said: &FeedEntry) -> Digest {
    digest_by(said, Trust::default())
}

/// The same of an entry of a source that is trusted in this.
pub fn digest_by(said: &FeedEntry, trust: Trust) -> Digest {
    let folded = Folded::of(said);
    let begun = Hashing::begun([&folded.title, &folded.body].map(String::as_bytes));
    of(said, &folded, begun, link(said, trust))
}

/// The same of an entry whose words are folded already and whose link is canonical; `begun` has its title and body.
pub(super) fn of(said: &FeedEntry, folded: &Folded, begun: Hashing, link: Option<String>) -> Digest {
    let files: Vec<&str> = files(said).collect();
    let (link, files) = (link.unwrap_or_default(), files.join(" "));
    let begun = match without_counters(&folded.body) {
        Cow::Borrowed(_) => begun,
        Cow::Owned(body) => Hashing::begun([&folded.title, &body].map(String::as_bytes)),
    };
    begun.with([link, files].iter().map(String::as_bytes))
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
    if !is_number(words[at]) {
        return false;
    }
    // "1,523" and "4.5/5" are several words, and one number.
    let (mut first, mut last) = (at, at);
    while first > 0 && is_number(words[first - 1]) {
        first -= 1;
    }
    while words.get(last + 1).is_some_and(|next| is_number(next)) {
        last += 1;
    }
    let nearby = first.saturating_sub(COUNTER_DISTANCE)..words.len().min(last + COUNTER_DISTANCE + 1);
    words[nearby].iter().any(|word| is_counted(counted_form(word)))
        || PHRASES.iter().any(|phrase| is_phrase(phrase, words, first, last))
}

/// Whether the words around the number are those of the phrase.
fn is_phrase(phrase: &[&str], words: &[&str], first: usize, last: usize) -> bool {
    let mut sides = phrase.split(|word| *word == NUMBER);
    let (before, after) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
    let same = |said: Option<&[&str]>, wanted: &[&str]| {
        said.is_some_and(|said| said.iter().map(|word| counted_form(word)).eq(wanted.iter().copied()))
    };
    same(first.checked_sub(before.len()).and_then(|from| words.get(from..first)), before)
        && same(words.get(last + 1..last + 1 + after.len()), after)
}

fn is_counted(word: &str) -> bool {
    COUNTED.binary_search(&word).is_ok()
}

/// A word as [`COUNTED`] has it.
fn counted_form(word: &str) -> &str {
    text::bare(word, is_counted)
}

/// Digits, or thousands as "12k".
fn is_number(word: &str) -> bool {
    let digits = word.strip_suffix(['k', 'm']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
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
    let picture = (image(said), &said.caption);
    (categories, people, files, picture, (&said.language, &said.rights, said.episode.as_ref().map(episode)))
}

/// An episode without the tokens of the addresses that it names.
fn episode(said: &Episode) -> impl PartialEq + use<'_> {
    fn file(file: &SideFile) -> impl PartialEq + use<'_> {
        (without_token(&file.url), &file.media_type, &file.language, &file.relation)
    }
    let Episode { duration_seconds, number, season, explicit, kind, is_blocked, .. } = said;
    let transcripts: Vec<_> = said.transcripts.iter().map(file).collect();
    (
        (duration_seconds, number, season, explicit, kind, is_blocked),
        (&said.title, &said.author, &said.subtitle, &said.summary),
        (said.image.as_deref().map(without_token), transcripts, said.chapters.as_ref().map(file)),
    )
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

    /// A text with another number at the end of each line is the same but for news.
    fn check_number(before: &str, after: &str, is_change: bool) {
        let with = |number: &str| format!("<p>نص الخبر.</p><p>{before}{number}{after}</p>");
        for (one, other) in [("12", "99"), ("7", "1523"), ("46", "1,204"), ("٤٦", "٩٩")] {
            check(&with(one), &with(other), is_change);
        }
    }

    #[test]
    fn counters_of_real_sites() {
        for (before, after) in [
            ("المشاهدات: ", ""),
            ("والمشاهدات (", ")"),
            ("عدد التعليقات (", ")"),
            ("التعليقات ", " | شارك"),
            ("", " تعليقًا"),
            ("", " تعليق"),
            ("عدد القراءات: ", ""),
            ("القراءات ", ""),
            ("قراءة: ", ""),
            ("الزيارات: ", ""),
            ("بالزيارات ", ""),
            ("التقييم: ", " من 5"),
            ("عدد المشاركات: ", ""),
            ("قرئ ", " مرة"),
            ("شوهد ", " مرات"),
            ("مدة القراءة: ", " دقائق"),
            ("وقت القراءة ", " دقيقة"),
            ("", " دقائق للقراءة"),
            ("آخر تحديث: منذ ", " دقائق"),
            ("آخر تحديث قبل ", " دقائق"),
            ("", " ألف مشاهدة"),
            ("Vues : ", ""),
            ("", " vues"),
            ("lu ", " fois"),
            ("Article lu ", " fois"),
            ("vue ", " fois"),
            ("Lectures : ", ""),
            ("", " min de lecture"),
            ("Temps de lecture : ", " minutes"),
            ("Mis à jour il y a ", " minutes"),
            ("Il y a ", " heures"),
            ("", " min read"),
            ("", "-minute read"),
            ("Reading time: ", " minutes"),
            ("Updated ", " minutes ago"),
            ("rating 4.5/5 (", " votes)"),
            ("Rating: ", "/5"),
            ("Viewed ", " times"),
            ("Read ", " times"),
            ("", "K views"),
            ("Points: ", " # Comments: 3"),
        ] {
            check_number(before, after, false);
        }
    }

    #[test]
    fn figures_near_those_words_are_news() {
        for (before, after) in [
            ("تعليق ", " رحلة جوية"),
            ("تقرر تعليق الدراسة ", " يوما"),
            ("بمشاركة ", " دولة"),
            ("سجل في الدقيقة ", " هدفا"),
            ("قبل ", " دقائق من النهاية"),
            ("Il y a ", " morts"),
            ("Il a vu ", " morts"),
            ("He read ", " books"),
            ("A goal after ", " minutes"),
            ("Le prix de ", " euros"),
            ("won by ", " points"),
            ("قرأ ", " كتابا"),
        ] {
            check_number(before, after, true);
        }
    }

    #[test]
    fn counted_words_are_folded() {
        let phrases = PHRASES.iter().flat_map(|phrase| phrase.iter()).filter(|word| **word != NUMBER);
        COUNTED.iter().chain(phrases).for_each(|word| assert_eq!(text::fold(word), **word));
        assert!(COUNTED.is_sorted(), "it is searched by halves");
        assert!(PHRASES.iter().all(|phrase| phrase.contains(&NUMBER)));
    }
}
