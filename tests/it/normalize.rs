//! Tests of normalize.
