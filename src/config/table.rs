//! Walking through a TOML document with places: tables, their known keys, and values of the expected type.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::notes::Notes;

/// A table and its dotted name.
pub(super) struct Table<'t> {
    /// Such as `sources.x`; empty for the whole file.
    pub(super) path: String,
    /// The byte where its name stands.
    pub(super) at: usize,
    items: &'t DeTable<'t>,
}

/// The keys that a table may have.
pub(super) struct Keys {
    /// Those that are read.
    pub(super) known: &'static [&'static str],
    /// Those that are planned and would be ignored.
    pub(super) planned: &'static [&'static str],
    /// Those that belong elsewhere, with the place.
    pub(super) elsewhere: &'static [(&'static [&'static str], &'static str)],
}

/// A value, its key and its table.
#[derive(Clone, Copy)]
pub(super) struct Item<'a, 't> {
    table: &'a Table<'t>,
    /// The key.
    pub(super) key: &'a str,
    /// The byte where the key stands.
    pub(super) key_at: usize,
    /// The byte where the value stands.
    pub(super) at: usize,
    value: &'t DeValue<'t>,
}

impl<'t> Table<'t> {
    /// The whole file.
    pub(super) fn root(items: &'t DeTable<'t>) -> Self {
        Self { path: String::new(), at: 0, items }
    }

    /// The value under `key`.
    pub(super) fn get<'a>(&'a self, key: &str) -> Option<Item<'a, 't>> {
        let (key, value) = self.items.get_key_value(key)?;
        Some(self.item(key, value))
    }

    /// Everything in it, in the order of the file.
    pub(super) fn items<'a>(&'a self) -> impl Iterator<Item = Item<'a, 't>> {
        self.items.iter().map(|(key, value)| self.item(key, value))
    }

    /// Whether it holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How much it holds.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Notes every key that it should not have.
    pub(super) fn check_keys(&self, keys: &Keys, notes: &mut Notes) {
        for item in self.items() {
            let key = item.key;
            if keys.known.contains(&key) {
                continue;
            }
            let message = if keys.planned.contains(&key) {
                "is not supported by this version: remove the key".to_owned()
            } else if let Some((_, place)) = keys.elsewhere.iter().find(|(names, _)| names.contains(&key)) {
                format!("does not belong here: write it {place}")
            } else {
                let suggestion = notes.suggest(key, keys.known.iter().copied());
                if suggestion.is_empty() {
                    format!("unknown key; known here are {}", keys.known.join(", "))
                } else {
                    format!("unknown key{suggestion}")
                }
            };
            notes.mistake(item.key_at, item.path(), message);
        }
    }

    /// Notes that `key` is missing, with an example of what to write.
    pub(super) fn missing(&self, key: &str, example: &str, notes: &mut Notes) {
        if !notes.broken {
            notes.mistake(self.at, self.child(key), format!("is missing: write {example}"));
        }
    }

    fn child(&self, key: &str) -> String {
        let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let name = if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { format!("{key:?}") };
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }

    fn item<'a>(
        &'a self,
        key: &'a Spanned<std::borrow::Cow<'t, str>>,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Item<'a, 't> {
        Item {
            table: self,
            key: key.get_ref(),
            key_at: key.span().start,
            at: value.span().start,
            value: value.get_ref(),
        }
    }
}

impl<'a, 't> Item<'a, 't> {
    /// The dotted key.
    pub(super) fn path(&self) -> String {
        self.table.child(self.key)
    }

    /// Notes a mistake at the value.
    pub(super) fn mistake(&self, message: impl Into<String>, notes: &mut Notes) {
        if self.at == 0 && self.as_integer().is_some() {
            // The parser puts a zero without a place where a value is missing, and has said so.
            return;
        }
        notes.mistake(self.at, self.path(), message);
    }

    /// Notes a warning at the value.
    pub(super) fn warning(&self, message: impl Into<String>, notes: &mut Notes) {
        notes.warning(self.at, self.path(), message);
    }

    /// Notes a value of the wrong type.
    pub(super) fn wrong_type(&self, expected: &str, notes: &mut Notes) {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.mistake(format!("expected {expected}, found {found}"), notes);
    }

    /// The table that it is.
    pub(super) fn table(&self, notes: &mut Notes) -> Option<Table<'t>> {
        if let DeValue::Table(items) = self.value {
            return Some(Table { path: self.path(), at: self.key_at, items });
        }
        let header = match (self.table.path.as_str(), self.key) {
            ("", "sources" | "sections") => format!("[{}.ID]", self.key),
            ("sources" | "sections", _) => format!("[{}.ID] above the keys", self.table.path),
            _ => format!("[{}]", self.path()),
        };
        self.wrong_type(&format!("a table: write {header}"), notes);
        None
    }

    /// The table that it is, for values that are written inline.
    pub(super) fn inline_table(&self, example: &str, notes: &mut Notes) -> Option<Table<'t>> {
        if let DeValue::Table(items) = self.value {
            return Some(Table { path: self.path(), at: self.at, items });
        }
        self.wrong_type(&format!("a table: write {example}"), notes);
        None
    }

    /// The keys of the table that it is; none where it is something else.
    pub(super) fn keys(&self) -> Vec<&'t str> {
        let DeValue::Table(items) = self.value else { return vec![] };
        items.iter().map(|(key, _)| key.get_ref().as_ref()).collect()
    }

    /// The string that it is; `example` shows what to write.
    pub(super) fn string(&self, example: &str, notes: &mut Notes) -> Option<&'t str> {
        if let Some(text) = self.as_str() {
            return Some(text);
        }
        self.wrong_type(&format!("a string in quotes: write {example}"), notes);
        None
    }

    /// The string that it is, without a note where it is something else.
    pub(super) fn as_str(&self) -> Option<&'t str> {
        if let DeValue::String(text) = self.value { Some(text) } else { None }
    }

    /// A string with something in it, without control characters, of at most `bytes_max`.
    pub(super) fn line(&self, example: &str, bytes_max: usize, notes: &mut Notes) -> Option<&'t str> {
        let text = self.string(example, notes)?;
        let message = if text.trim().is_empty() {
            format!("is empty: write {example}")
        } else if text.len() > bytes_max {
            format!("is longer than {bytes_max} bytes")
        } else if text.contains(char::is_control) {
            "holds a control character or a line break: write it on one line".to_owned()
        } else {
            return Some(text.trim());
        };
        self.mistake(message, notes);
        None
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, notes: &mut Notes) -> Option<bool> {
        if let DeValue::Boolean(value) = self.value {
            return Some(*value);
        }
        self.wrong_type("true or false, without quotes", notes);
        None
    }

    /// The same without a note where it is something else.
    pub(super) fn as_boolean(&self) -> Option<bool> {
        if let DeValue::Boolean(value) = self.value { Some(*value) } else { None }
    }

    /// The whole number that it is, without a note where it is something else.
    pub(super) fn as_integer(&self) -> Option<i64> {
        let DeValue::Integer(value) = self.value else { return None };
        i64::from_str_radix(value.as_str(), value.radix()).ok()
    }

    /// A whole number within bounds.
    pub(super) fn integer(&self, min: u32, max: u32, notes: &mut Notes) -> Option<u32> {
        let DeValue::Integer(_) = self.value else {
            self.wrong_type(&format!("a whole number from {min} to {max}, without quotes"), notes);
            return None;
        };
        let value = self.as_integer().and_then(|value| u32::try_from(value).ok());
        if let Some(value) = value.filter(|value| (min..=max).contains(value)) {
            return Some(value);
        }
        self.mistake(format!("is out of range: write a whole number from {min} to {max}"), notes);
        None
    }

    /// A number, whole or not.
    pub(super) fn number(&self, example: &str, notes: &mut Notes) -> Option<f64> {
        let value = match self.value {
            DeValue::Float(value) => value.as_str().parse().ok(),
            DeValue::Integer(_) => self.as_integer().and_then(|n| i32::try_from(n).ok()).map(f64::from),
            _ => {
                self.wrong_type(&format!("a number: write {example}"), notes);
                return None;
            }
        };
        if value.is_none() {
            self.mistake(format!("is out of range: write {example}"), notes);
        }
        value
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    /// The elements of a list of at most `len_max`.
    pub(super) fn list(&self, example: &str, len_max: usize, notes: &mut Notes) -> Option<Vec<Item<'a, 't>>> {
        let DeValue::Array(elements) = self.value else {
            self.wrong_type(&format!("a list: write {example}"), notes);
            return None;
        };
        if elements.len() > len_max {
            self.mistake(format!("holds {} elements: at most {len_max} are allowed", elements.len()), notes);
            return None;
        }
        let item = |element: &'t Spanned<DeValue<'t>>| Item {
            at: element.span().start,
            value: element.get_ref(),
            ..*self
        };
        Some(elements.iter().map(item).collect())
    }
}
