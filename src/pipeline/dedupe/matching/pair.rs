//! What must agree for a listed entry to be the known one that one of its keys leads to.

use super::evidence::{self, near_enough, same_text};
use super::{Keyed, Search};
use crate::model::{Entry, EntryKey, IdentityKey, IdentityKind, Timestamp};
use crate::pipeline::dedupe::{canonical_page, given_link};
use crate::pipeline::{link, text};

/// Entries of a document that may have one date, to the second, before it is that of a day or of the document.
const SAME_DATE_MAX: usize = 2;

/// A listed entry, and a known one that one of its keys leads to.
pub(super) struct Pair<'a> {
    pub(super) listed: &'a Keyed<'a>,
    /// The key that leads there.
    pub(super) by: IdentityKey,
    pub(super) key: EntryKey,
    /// `None` where retention removed it, so that nothing can be compared.
    pub(super) old: Option<&'a Entry>,
    pub(super) search: &'a Search<'a>,
}

impl Pair<'_> {
    /// Whether the known entry was named after this very key.
    pub(super) fn is_owner(&self) -> bool {
        self.key.is_of(self.by.digest)
    }

    /// A guid that was learnt (a repetition, a move) is believed only as long as something else agrees: its
    /// entry may have got a guid of its own by then.
    pub(super) fn agrees_with_guid(&self) -> bool {
        let same_words = |old: &Entry| self.listed.digest == old.digest;
        self.old.is_none_or(|old| self.same_title(old) || self.same_page(old) || same_words(old))
    }

    /// Title, text, page and files are equal.
    pub(super) fn has_the_content(&self) -> bool {
        if self.listed.guid.is_none() {
            return true;
        }
        let Some(old) = self.old else { return self.title_and_date_lead_here() };
        // Without its date only a page makes a daily bulletin more than its title.
        (old.identity.kind != IdentityKind::Guid || self.same_page(old)) && !self.dates_differ(old)
    }

    /// The page is the same, and nothing shows that it was used for something else before.
    pub(super) fn has_the_link(&self) -> bool {
        let (has_guid, by_fragment) = (self.listed.guid.is_some(), Some(self.by) == self.listed.anchor);
        let Some(old) = self.old else {
            let at_one_place = self.listed.anchor.is_none() || by_fragment;
            return !has_guid && (at_one_place || self.title_and_date_lead_here());
        };
        let agrees = self.same_title(old) || self.same_date(old);
        // Where guids are no keys, entries are known by link, whatever they were named after.
        let was_by_guid = self.listed.trust.guids && old.identity.kind == IdentityKind::Guid;
        if has_guid { agrees && !was_by_guid } else { agrees || !was_by_guid && !self.fragments_differ(old) }
    }

    /// An entry without a usable guid whose text changed.
    pub(super) fn has_title_and_date(&self) -> bool {
        let has_guid = self.listed.guid.is_some();
        let Some(old) = self.old else { return !has_guid };
        let holds = self.listed.trust.links || self.listed.trust.paths;
        let same_place = !holds || self.page() == self.page_of(old);
        same_place && (!has_guid || old.identity.kind != IdentityKind::Guid)
    }

    /// One guid became another, and nothing else is different.
    pub(super) fn has_link_title_and_date(&self) -> bool {
        self.old.is_some_and(|old| self.same_title(old) && self.same_date(old) && !self.fragments_differ(old))
    }

    /// The guid is another one. A reused page address is not yet the same entry: title or date must agree, and with
    /// another date the text.
    pub(super) fn has_the_link_elsewhere(&self) -> bool {
        let Some(old) = self.old else {
            return self.title_and_date_lead_here() || !self.search.is_small && self.search.is_move;
        };
        if self.dates_agree(old) {
            return true;
        }
        self.same_title(old) && (!self.dates_differ(old) || same_text(self.listed.said, &old.said))
    }

    /// Where nothing but the guid could differ, in a document that is no single bulletin.
    pub(super) fn has_the_content_elsewhere(&self) -> bool {
        !self.search.is_small && self.old.is_some_and(|old| !self.dates_differ(old))
    }

    /// Guid and link are others: the date must agree, be it rounded or off by the hours that most are. Where there
    /// is none to compare, be it lost or set anew for all, the text; and where it was set anew for one, text and slug.
    pub(super) fn has_the_title_elsewhere(&self) -> bool {
        if self.has_title_and_date_elsewhere() {
            return true;
        }
        if self.search.is_small {
            return false;
        }
        let new = evidence::date(self.listed.said);
        let says_nothing = |new: Timestamp| self.search.shifts.are_of_the_move(new);
        let Some(old) = self.old else {
            return self.search.is_move && self.is_told_once() && new.is_none_or(says_nothing);
        };
        let (is_telling, same_text) = (self.is_told_once(), same_text(self.listed.said, &old.said));
        match (new, evidence::date(&old.said)) {
            (Some(new), Some(_)) if says_nothing(new) => is_telling && same_text,
            (Some(new), Some(before)) if evidence::same_day(new, before) && is_telling => same_text,
            (Some(_), Some(_)) => evidence::same_slug(self.listed.said, &old.said) && same_text,
            _ => is_telling && same_text,
        }
    }

    /// The title, and the date as a move may have changed it. Where only the day is left of it, several entries may
    /// have the title.
    pub(super) fn has_title_and_date_elsewhere(&self) -> bool {
        let old = self.old.map_or(Some(self.key.published()), |old| evidence::date(&old.said));
        let (Some(new), Some(before)) = (evidence::date(self.listed.said), old) else { return false };
        let same_text = || self.old.is_some_and(|old| same_text(self.listed.said, &old.said));
        self.agree(new, before) || self.search.shifts.cut(new, before) && (self.is_told_once() || same_text())
    }

    /// In the time after a move: title and text, where the date was lost in it, or set anew. Of an entry that
    /// retention removed the title says enough as long as it is dated by the move.
    pub(super) fn has_title_and_text_after(&self, moved_at: Timestamp) -> bool {
        let of_the_move = |new| new <= moved_at && moved_at - new < evidence::MOVING;
        let date = evidence::date(self.listed.said);
        if self.search.is_small || !self.is_told_once() || date.is_some_and(|new| !of_the_move(new)) {
            return false;
        }
        self.old.map_or(date.is_some(), |old| evidence::same_words(self.listed.said, &old.said))
    }

    /// In a source of which a part moved: title and date, to the second, where both are hardly given twice, and the
    /// text is no other.
    pub(super) fn has_a_rare_title_and_date(&self) -> bool {
        let Some(at) = self.listed.said.published else { return false };
        !self.search.is_small
            && self.is_told_once()
            && at.timestamp().rem_euclid(86_400) != 0
            && self.search.dated(at) <= SAME_DATE_MAX
            && self.old.is_none_or(|old| evidence::similar_text(self.listed.said, &old.said))
    }

    /// Whether the title is hardly given twice, and is not in this document.
    fn is_told_once(&self) -> bool {
        evidence::is_telling(&self.listed.folded_title)
            && self.listed.title.is_some_and(|title| !self.search.recurs(&title))
    }

    fn title_and_date_lead_here(&self) -> bool {
        self.listed.dated.is_some_and(|dated| self.search.known.keys.get(&dated) == Some(&self.key))
    }

    fn same_title(&self, old: &Entry) -> bool {
        let titles = (self.listed.said.title.as_deref(), old.said.title.as_deref());
        matches!(titles, (Some(a), Some(b)) if a == b || text::fold(a) == text::fold(b))
    }

    fn page(&self) -> Option<String> {
        canonical_page(self.listed.said, self.listed.trust)
    }

    fn page_of(&self, old: &Entry) -> Option<String> {
        canonical_page(&old.said, self.listed.trust)
    }

    fn same_page(&self, old: &Entry) -> bool {
        let page = self.page();
        page.is_some() && page == self.page_of(old)
    }

    fn same_date(&self, old: &Entry) -> bool {
        matches!((self.listed.said.published, old.said.published), (Some(a), Some(b)) if a == b)
    }

    fn agree(&self, new: Timestamp, old: Timestamp) -> bool {
        near_enough(new, old) || self.search.shifts.explain(new, old)
    }

    /// The same of dates that a move may have changed.
    pub(super) fn dates_agree(&self, old: &Entry) -> bool {
        let dates = (self.listed.said.published, old.said.published);
        matches!(dates, (Some(new), Some(old)) if self.agree(new, old))
    }

    fn dates_differ(&self, old: &Entry) -> bool {
        matches!((self.listed.said.published, old.said.published), (Some(a), Some(b)) if a != b)
    }

    fn fragments_differ(&self, old: &Entry) -> bool {
        let fragment = |link: Option<&str>| link.and_then(link::fragment).map(str::to_owned);
        let fragments = (fragment(given_link(self.listed.said)), fragment(given_link(&old.said)));
        matches!(fragments, (Some(a), Some(b)) if a != b)
    }
}
