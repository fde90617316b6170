//! What stands above the entries of a section, in whatever format.

use super::values::{self, line};
use super::words::Words;
use crate::model::{Section, Site};

/// The program's name, without its version: an upgrade alone must not change every document.
pub(super) const GENERATOR: &str = "nashra";
/// Where the program lives in the feeds of a portal that has no better picture.
pub(super) const ICON_PATH: &str = "/icon.png";

/// A section as its feeds introduce themselves.
pub(super) struct Head {
    /// Names section and site: in a feed reader the section alone would say little.
    pub(super) title: String,
    /// A sentence.
    pub(super) description: String,
    /// The section's page. It is also the Atom id: formats and file names may change, it does not.
    pub(super) page: String,
    /// The language of the site, where the tag is one.
    pub(super) language: Option<String>,
    /// The portal's picture.
    pub(super) icon: String,
}

impl Head {
    pub(super) fn new(of: &Section, site: &Site) -> Self {
        let section = line(&of.title).unwrap_or_else(|| of.id.0.clone());
        let portal = site_title(site);
        let own = of.description.as_deref().and_then(line);
        Self {
            description: own.unwrap_or_else(|| (Words::of(&site.language).describes)(&section, &portal)),
            title: if section == portal { section } else { format!("{section} – {portal}") },
            page: format!("{}/{}", site.url, of.id),
            language: values::language(&site.language),
            icon: format!("{}{ICON_PATH}", site.url),
        }
    }

    /// The address of the section in one format.
    pub(super) fn in_format(&self, extension: &str) -> String {
        format!("{}.{extension}", self.page)
    }
}

/// The portal's name; its address where the name is blank.
pub(super) fn site_title(site: &Site) -> String {
    line(&site.title).unwrap_or_else(|| site.url.clone())
}
