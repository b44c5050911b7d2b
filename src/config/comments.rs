//! What readers may say beneath articles.

use std::time::Duration;

use crate::subscriber::EmailAddress;

use super::Rate;
use super::reader::Reader;
use super::{sign_up, values};

/// What readers may say beneath articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentsConfig {
    /// Whether they may.
    pub accept: AcceptComments,
    /// How long after its edition an article takes comments.
    pub close_after: Option<Duration>,
    /// Who is told of each comment, when not the editors.
    pub moderators: Option<Vec<EmailAddress>>,
    /// How many comments are taken.
    pub limits: CommentLimits,
}

/// Whether articles take comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptComments {
    /// There is a form beneath them.
    Open,
    /// What is approved is shown; nothing more is taken.
    Closed,
}

/// How many comments are taken; each limit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentLimits {
    /// From one IPv4 address, or one /64 of IPv6.
    pub per_network: Vec<Rate>,
    /// Of one address.
    pub per_address: Vec<Rate>,
    /// In all.
    pub in_all: Vec<Rate>,
}

pub(super) fn comments(reader: &mut Reader<'_>) -> CommentsConfig {
    let moderators = reader.given("comments.moderators").is_some();
    CommentsConfig {
        accept: reader.value(
            "comments.accept",
            values::choice(&[("open", AcceptComments::Open), ("closed", AcceptComments::Closed)]),
        ),
        close_after: reader.optional("comments.close_after", values::some_time),
        moderators: moderators.then(|| reader.list("comments.moderators", values::address)),
        limits: CommentLimits {
            per_network: sign_up::limits(reader, "comments.limits.per_network"),
            per_address: sign_up::limits(reader, "comments.limits.per_address"),
            in_all: sign_up::limits(reader, "comments.limits.in_all"),
        },
    }
}
