//! Why an edition does not go out though its articles are whole: a person has not approved it, or has held it.

use std::fmt;

use chrono::DateTime;
use chrono_tz::Tz;

use super::{Press, PressError};
use crate::edition::EditionKey;
use crate::store::{Course, Decision};

/// What an edition waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withheld {
    /// A person has held it, or called it off.
    Decided(Decision),
    /// Nobody has approved it.
    Unapproved,
    /// It would not be what was approved.
    Changed(Changed),
    /// It was approved for this moment of the publication's zone, which has not come.
    Early(DateTime<Tz>),
    /// It was decided about while it was being made: ask again.
    Overtaken,
}

/// How an edition differs from what was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The hash that was approved.
    pub approved: String,
    /// In words: approved articles that are not there, or a unified diff of subject and text.
    pub how: String,
}

impl Withheld {
    /// What is to be done, as a sentence about the edition `key`.
    #[must_use]
    pub fn remedy(&self, key: &EditionKey) -> String {
        match self {
            Withheld::Decided(decision) => match decision.course {
                Course::Paused | Course::Resumed => {
                    format!(
                        "`straight resume --edition {key}` lets it go, `straight cancel --edition {key}` calls it off"
                    )
                }
                Course::Cancelled => {
                    format!(
                        "its articles go with the next edition; `straight resume --edition {key}` lets it go after all"
                    )
                }
            },
            Withheld::Unapproved => format!("look at it, then `straight approve {key}`"),
            Withheld::Changed(_) => {
                format!("undo the change, or look at it anew and `straight approve {key}`")
            }
            Withheld::Early(_) => {
                format!(
                    "`straight run` sends it then; `straight approve {key} --now` fixes it for sending at once"
                )
            }
            Withheld::Overtaken => "try again".to_owned(),
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Withheld::Decided(decision) => write!(f, "is {decision}"),
            Withheld::Unapproved => f.write_str("is not approved"),
            Withheld::Changed(_) => f.write_str("is not what was approved"),
            Withheld::Early(at) => write!(f, "is approved for {}", at.format("%Y-%m-%d %H:%M %Z")),
            Withheld::Overtaken => f.write_str("was decided about just now"),
        }
    }
}

impl Press {
    /// Writes to the editors that an edition that is due does not go out, once for each cause.
    pub(super) async fn tell_withheld(&self, key: &EditionKey, why: &Withheld) -> Result<(), PressError> {
        let (cause, more) = match why {
            Withheld::Unapproved => (format!("unapproved/{key}"), String::new()),
            Withheld::Changed(changed) => {
                let cause = self.keys().digest("changed", &format!("{}{}", changed.approved, changed.how));
                (format!("changed/{key}/{cause}"), format!("\nWhat has changed since:\n\n{}\n", changed.how))
            }
            // Whoever decided it knows.
            Withheld::Decided(_) | Withheld::Early(_) | Withheld::Overtaken => return Ok(()),
        };
        let subject = format!("{}: edition {key} {why}", self.config.publication.name);
        let catch_up = chrono::TimeDelta::from_std(self.config.schedule.catch_up).unwrap_or_default();
        let text = format!(
            "The edition of {key} {why}, and does not go out: {}.\nWithin {} hours of its hour it still goes out.\n{more}",
            why.remedy(key),
            catch_up.num_hours(),
        );
        self.write_to_editors(&cause, &subject, &text).await?;
        Ok(())
    }
}
