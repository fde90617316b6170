//! Searches as readers meet them: pages, feeds, descriptions.
