//! The door to the sources: HTTP client and local files.
