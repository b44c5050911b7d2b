//! What `run` serves over HTTP.
