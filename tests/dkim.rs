//! DKIM: keys from files, and signatures on what goes out.

mod keys;
mod signed;
mod verify;
