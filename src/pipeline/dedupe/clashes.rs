//! Which guids and links of a document tell its entries apart.

use std::collections::HashMap;

use crate::model::FeedEntry;

/// Which values of a key stand for entries that differ, and so tell nothing apart.
pub(super) struct Clashes<'a>(HashMap<&'a str, bool>);

impl<'a> Clashes<'a> {
    /// Two entries with one value differ when their titles do, or their fragments, or both their dates and
    /// the values of the other key; the same value of the other key holds them together.
    pub(super) fn of(
        values: &[Option<&'a str>],
        others: &[Option<&str>],
        fragments: &[Option<&str>],
        entries: &[FeedEntry],
    ) -> Self {
        let differ =
            |one: Option<&str>, two: Option<&str>| matches!((one, two), (Some(a), Some(b)) if a != b);
        let mut first: HashMap<&str, usize> = HashMap::new();
        let mut clash = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let earlier = *first.entry(value).or_insert(index);
            let held_together = others[index].is_some() && others[earlier] == others[index];
            let (one, two) = (&entries[earlier], &entries[index]);
            let dates_differ =
                one.published.is_some() && two.published.is_some() && one.published != two.published;
            let fragments_differ = match (fragments.get(earlier), fragments.get(index)) {
                (Some(one), Some(two)) => differ(*one, *two),
                _ => false,
            };
            let apart = one.title != two.title
                || fragments_differ
                || dates_differ && differ(others[earlier], others[index]);
            *clash.entry(*value).or_insert(false) |= apart && !held_together;
        }
        Self(clash)
    }

    /// Whether entries with another value are other entries, and those with this one are the same.
    pub(super) fn tells_apart(&self, value: &str) -> bool {
        !value.is_empty() && !self.0.get(value).copied().unwrap_or(false)
    }
}
