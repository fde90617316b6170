//! Section feeds to documents. Same facts, same bytes.
