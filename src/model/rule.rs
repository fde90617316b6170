//! Rules of sections and sources, as written in feeds.toml.

/// What to take in and what to leave out; what is excluded stays out whatever includes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Any of these takes an entry in.
    pub include: Vec<Rule>,
    /// Any of these leaves an entry out.
    pub exclude: Vec<Rule>,
}

/// One `{ … }` of a rule list: every condition must hold. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The conditions in the order of the file.
    pub conditions: Vec<Condition>,
}

/// One `field = "pattern"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub field: Field,
    /// What is looked for.
    pub pattern: Pattern,
}

/// The parts of an entry that a rule can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The title.
    Title,
    /// Title, summary and content without markup.
    Text,
    /// The link.
    Url,
    /// Any category, by term or label, as a whole.
    Category,
    /// Any author's name.
    Author,
    /// The language tag.
    Language,
}

impl Field {
    /// The fields with the keys that feeds.toml uses for them.
    pub const ALL: &[(&str, Field)] = &[
        ("title", Self::Title),
        ("text", Self::Text),
        ("url", Self::Url),
        ("category", Self::Category),
        ("author", Self::Author),
        ("language", Self::Language),
    ];
}

/// A pattern as written; `config` has checked that it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Words that must occur in this order, compared after folding.
    Words(String),
    /// `*` stands for anything; the whole field must match.
    Glob(String),
    /// `/regex/`: found anywhere in the unfolded field.
    Regex(String),
}
