//! Text in any script: folding for comparison, plain text from markup, characters that XML forbids.

/// The form in which two texts are compared.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
