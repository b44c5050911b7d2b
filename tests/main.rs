//! The one integration-test binary; a module for each part, and `stories` for the whole.

mod article;
mod attacks_table;
mod config;
mod dkim;
mod edition;
mod faults;
mod import;
mod faults_table;
mod figures;
mod layers;
mod lint;
mod message;
mod preview;
mod schedule;
mod smtp;
mod store;
mod stories;
mod subscriber;
mod theme;
mod web;
mod words;
