//! From bytes to documents, in pure stages. Stages never import one another: they are composed here.
//! (`text` is no stage but a vocabulary: any stage may use it.)
#![deny(clippy::disallowed_methods)]

pub mod normalize;
pub mod parse;
pub mod render;
pub mod sanitize;
pub mod text;
