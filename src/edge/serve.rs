//! The door to the readers: HTTP server.
