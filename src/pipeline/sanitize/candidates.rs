//! The list of addresses in a `srcset`.

use super::address::Addresses;
use super::trackers::is_placeholder;

/// The longest list of addresses, and the most addresses in it.
const SRCSET_BYTES_MAX: usize = 8192;
const CANDIDATES_MAX: usize = 24;

/// What a `srcset` offers: addresses and descriptors.
#[derive(Debug)]
pub(super) struct Candidates(Vec<(String, String)>);

impl Candidates {
    /// As WHATWG HTML §4.8.4.3.8 splits it: an address ends at a space, and may hold commas.
    pub(super) fn read(value: &str, addresses: Addresses<'_>) -> Self {
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut rest = value;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if rest.is_empty() || found.len() == CANDIDATES_MAX {
                return Self(found);
            }
            let (address, behind) =
                rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len()));
            let bare = address.trim_end_matches(',');
            let descriptor = if bare.len() < address.len() {
                rest = behind;
                ""
            } else {
                let (descriptor, after) = behind.split_once(',').unwrap_or((behind, ""));
                rest = after;
                descriptor.trim_matches(|c: char| c.is_ascii_whitespace())
            };
            if !(descriptor.is_empty() || is_descriptor(descriptor)) {
                continue;
            }
            // A comma at an end of the address would not be read as a part of it.
            let address = addresses.web(bare).filter(|url| !url.ends_with(',') && !is_placeholder(url));
            let Some(address) = address else { continue };
            bytes += address.len() + descriptor.len() + 3;
            if bytes > SRCSET_BYTES_MAX {
                return Self(found);
            }
            found.push((address.into_owned(), descriptor.to_owned()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn written(&self) -> String {
        let mut written = String::new();
        for (address, descriptor) in &self.0 {
            if !written.is_empty() {
                written.push_str(", ");
            }
            written.push_str(address);
            if !descriptor.is_empty() {
                written.push(' ');
                written.push_str(descriptor);
            }
        }
        written
    }

    pub(super) fn largest(&self) -> Option<String> {
        let size = |descriptor: &str| descriptor.trim_end_matches(['w', 'x']).parse::<f32>().unwrap_or(1.0);
        let mut all = self.0.iter();
        let first = all.next()?;
        let largest = all.fold(first, |best, one| if size(&one.1) > size(&best.1) { one } else { best });
        Some(largest.0.clone())
    }
}

/// `640w` or `1.5x`.
fn is_descriptor(text: &str) -> bool {
    let Some(number) = text.strip_suffix(['w', 'x']) else { return false };
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    !number.is_empty() && number.len() <= 8 && number.chars().all(is_number) && number.parse::<f32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_addresses_are_split_at_spaces() {
        let check = |value: &str, written: &str, largest: Option<&str>| {
            let set = Candidates::read(value, Addresses { base: None });
            assert_eq!((set.written().as_str(), set.largest().as_deref()), (written, largest), "{value}");
        };
        let two = "https://e.org/a.jpg 1x, https://e.org/b,c.jpg 2x";
        check(two, two, Some("https://e.org/b,c.jpg"));
        check(
            "https://e.org/a.jpg,\nhttps://e.org/b.jpg",
            "https://e.org/a.jpg, https://e.org/b.jpg",
            Some("https://e.org/a.jpg"),
        );
        check("javascript:x 1x, data:image/gif;base64,xx 2x, /c.jpg 3x", "", None);
        check(
            "https://e.org/a.jpg onerror, https://e.org/b.jpg 640w",
            "https://e.org/b.jpg 640w",
            Some("https://e.org/b.jpg"),
        );
        check(",, ,", "", None);
    }
}
