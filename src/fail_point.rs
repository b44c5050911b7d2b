//! Points at which a test ends the process as `kill -9` would: `STRAIGHT_FAIL_POINT=after-dot:3` is the third time that
//! point is reached. Release builds have none of it, unless the feature `fail-points` is on.

/// The variable that arms one.
#[cfg(any(feature = "fail-points", debug_assertions))]
pub(crate) const VARIABLE: &str = "STRAIGHT_FAIL_POINT";

/// The variable by which a test lets links lead to its own server: `STRAIGHT_TEST_LINKS=loopback`.
#[cfg(any(feature = "fail-points", debug_assertions))]
pub(crate) const LINKS_VARIABLE: &str = "STRAIGHT_TEST_LINKS";

/// Whether a test has links to loopback asked about. Never in a release build.
pub(crate) fn links_may_lead_to_loopback() -> bool {
    #[cfg(any(feature = "fail-points", debug_assertions))]
    {
        std::env::var(LINKS_VARIABLE).is_ok_and(|word| word == "loopback")
    }
    #[cfg(not(any(feature = "fail-points", debug_assertions)))]
    {
        false
    }
}

/// Where a process can be made to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailPoint {
    /// Deliveries are claimed, and nothing is on record of it.
    Claim,
    /// `sending` is written, and not committed.
    BeforeSending,
    /// `sending` is durable, and nothing has left.
    AfterSending,
    /// Half of the message has left.
    MidBody,
    /// The final dot has left, and no answer has come.
    AfterDot,
    /// The answer is written, and not committed.
    BeforeSettling,
    /// The answer is durable.
    AfterSettling,
    /// Everything that was due has been tried.
    End,
    /// A transaction's rows of an import are written, and not committed.
    MidImport,
}

#[cfg(any(feature = "fail-points", debug_assertions))]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::FailPoint;

    /// The point that is armed, and how often it is still passed.
    static ARMED: LazyLock<Option<(FailPoint, AtomicU32)>> = LazyLock::new(|| {
        let word = std::env::var(super::VARIABLE).ok()?;
        let (name, count) = word.split_once(':').unwrap_or((word.as_str(), "1"));
        Some((FailPoint::parse(name)?, AtomicU32::new(count.parse().ok()?)))
    });

    impl FailPoint {
        fn parse(name: &str) -> Option<Self> {
            Some(match name {
                "claim" => FailPoint::Claim,
                "before-sending" => FailPoint::BeforeSending,
                "after-sending" => FailPoint::AfterSending,
                "mid-body" => FailPoint::MidBody,
                "after-dot" => FailPoint::AfterDot,
                "before-settling" => FailPoint::BeforeSettling,
                "after-settling" => FailPoint::AfterSettling,
                "end" => FailPoint::End,
                "mid-import" => FailPoint::MidImport,
                _ => return None,
            })
        }

        /// Whether it is now that the process is to die here.
        pub(crate) fn strikes(self) -> bool {
            match &*ARMED {
                Some((armed, left)) if *armed == self => left.fetch_sub(1, Ordering::Relaxed) == 1,
                Some(_) | None => false,
            }
        }

        /// Dies here if it is now.
        pub(crate) fn pass(self) {
            if self.strikes() {
                std::process::abort();
            }
        }
    }
}

#[cfg(not(any(feature = "fail-points", debug_assertions)))]
impl FailPoint {
    /// Never.
    pub(crate) const fn strikes(self) -> bool {
        false
    }

    /// Does nothing.
    pub(crate) const fn pass(self) {}
}
