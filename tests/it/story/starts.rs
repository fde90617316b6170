//! What was folded of an entry for its keys is of use to the index of stories, and changes nothing.

use nashra::model::*;
use nashra::pipeline::dedupe;
use nashra::pipeline::story::{Reader, features};
use proptest::prelude::*;

use crate::kit::entries::*;

fn text() -> impl Strategy<Value = String> {
    let word = "[a-dأ-ي]{1,9}|\\PC{1,6}|<b>|</b>|<p>|</p>|<br>|<img src=x>|<script>|</script>|<!--|-->|<a href=\"|\">|&amp;|&nbsp;|&copy|\n|3,5|가나";
    let words = prop::collection::vec(word, 0..260);
    (words, prop::sample::select(vec!["", " ", " ", " ", "\n"])).prop_map(|(words, gap)| words.join(gap))
}

proptest! {
    #[test]
    fn the_features_are_the_same(
        title in "[a-cأبت ]{0,12}",
        repeats in any::<bool>(),
        content in prop::option::of(text()),
        summary in prop::option::of(text()),
    ) {
        let begun = |text: String| if repeats { format!("<p>{title}</p>{text}") } else { text };
        let said = FeedEntry { content: content.map(begun), summary, ..said("a", &title, "", "") };
        let entries = [said];
        let (keyed, _) = dedupe::keyed(&SourceId("a".to_owned()), &entries, Trust::default());
        let start = keyed[0].start.as_ref();
        let with_start = Reader::default().features(&entries[0], &keyed[0].folded_title, start);
        prop_assert_eq!(with_start, features(&entries[0]));
    }
}
