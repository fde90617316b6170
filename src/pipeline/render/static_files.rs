//! What is served beside documents and never changes while the program runs.

use crate::model::Site;

/// The style of every page.
pub fn style_css() -> Vec<u8> {
    include_bytes!("templates/style.css").to_vec()
}

/// The portal's picture: the letter nun.
pub fn icon_png() -> Vec<u8> {
    include_bytes!("templates/icon.png").to_vec()
}

/// RFC 9309. Everything may be read; item pages name the original as canonical.
pub fn robots_txt(_site: &Site) -> Vec<u8> {
    b"User-agent: *\nAllow: /\nDisallow: /search\nDisallow: /go/\n".to_vec()
}
