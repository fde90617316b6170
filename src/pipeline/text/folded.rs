//! Markup to folded text in one pass: what is made of every text that comes.

use super::entity;
use super::fold::Folder;
use super::scanner::{Piece, Scanner, Strictness, is_inline};

/// What [`fold`](super::fold) makes of what [`plain`](super::plain) makes of `html`.
pub fn fold_markup(html: &str) -> String {
    let mut out = String::new();
    fold_markup_into(&mut out, html, 0);
    out
}

/// The same, in place of what is in `out`; says how many bytes of it are words that the first `start_bytes` of `html`
/// have by themselves, if that can be said.
pub fn fold_markup_into(out: &mut String, html: &str, start_bytes: usize) -> Option<usize> {
    out.clear();
    out.reserve(html.len());
    let mut folder = Folder::new(out);
    let (mut scanner, mut mark, mut from) = (Scanner::new(html, Strictness::Any), 0, 0);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Text(text) if from < start_bytes && start_bytes < scanner.at() => {
                // A reference may be cut anywhere else.
                let is_space = |byte: &u8| matches!(byte, b' ' | b'\n');
                let start = text.as_bytes().get(..start_bytes - from).unwrap_or_default();
                let (before, after) = text.split_at(start.iter().rposition(is_space).unwrap_or_default());
                folder.text(&entity::decode(before));
                mark = folder.bytes_of_words();
                folder.text(&entity::decode(after));
            }
            Piece::Text(text) | Piece::Cdata(text) => folder.text(&entity::decode(text)),
            Piece::Tag { name, .. } if !is_inline(name) => folder.gap(),
            Piece::Tag { .. } | Piece::Nothing => {}
        }
        from = scanner.at();
        if from <= start_bytes {
            mark = folder.bytes_of_words();
        }
    }
    (!folder.finish()).then_some(mark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{fold, plain, start};
    use super::*;

    proptest! {
        /// One pass finds what two find, and its start is that of the whole.
        #[test]
        fn as_in_two_passes(
            pieces in prop::collection::vec(
                "[a-zA-Zأ-ي]{1,5}|\\PC{1,4}|[ \n\t]{1,2}|<b>|</b>|<p>|<br>|<!-- x -->|&amp;|&nbsp;|&#233;|é|3,5|한|が",
                0..60,
            ),
            start_bytes in 0_usize..200,
        ) {
            let html = pieces.concat();
            let mut out = String::from("before");
            let mark = fold_markup_into(&mut out, &html, start_bytes);
            prop_assert_eq!(&out, &fold(&plain(&html)));
            prop_assert_eq!(&out, &fold_markup(&html));
            if let Some(mark) = mark {
                let (words, rest) = out.split_at(mark);
                prop_assert!(rest.is_empty() || rest.starts_with(' ') || words.is_empty());
                let of_start = fold(&plain(start(&html, start_bytes)));
                prop_assert!(of_start.starts_with(words), "{words} of {of_start}");
            }
        }
    }
}
