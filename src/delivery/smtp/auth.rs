//! Logging in (RFC 4954).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::{AuthMechanism, Credentials};

/// What is said, line by line, each without CRLF: the first with AUTH, the others each after a 334.
pub(super) fn dialogue(credentials: &Credentials, mechanism: AuthMechanism) -> Vec<String> {
    let (user, password) = (credentials.username.as_str(), credentials.password.reveal());
    match mechanism {
        AuthMechanism::Plain => {
            let response = STANDARD.encode(format!("\0{user}\0{password}"));
            // The second only for a server that overlooks the initial response.
            vec![format!("AUTH PLAIN {response}"), response]
        }
        AuthMechanism::Login => {
            vec!["AUTH LOGIN".to_owned(), STANDARD.encode(user), STANDARD.encode(password)]
        }
        AuthMechanism::XOAuth2 => {
            let response = STANDARD.encode(format!("user={user}\x01auth=Bearer {password}\x01\x01"));
            // A 334 is the error as JSON; an empty line fetches the reply with the code.
            vec![format!("AUTH XOAUTH2 {response}"), String::new()]
        }
    }
}

/// The mechanism to use with a server that offers `offered`; else what to tell the operator.
pub(super) fn choose(wanted: Option<AuthMechanism>, offered: &[String]) -> Result<AuthMechanism, String> {
    let is_offered = |mechanism: &AuthMechanism| offered.iter().any(|name| name == name_of(*mechanism));
    let found = match wanted {
        Some(mechanism) => Some(mechanism).filter(is_offered),
        // An access token is no password: the last only when there is nothing else.
        None => {
            [AuthMechanism::Plain, AuthMechanism::Login, AuthMechanism::XOAuth2].into_iter().find(is_offered)
        }
    };
    found.ok_or_else(|| {
        let wanted = wanted.map_or("PLAIN, LOGIN or XOAUTH2", name_of);
        let offered = if offered.is_empty() { "no log-in at all".to_owned() } else { offered.join(", ") };
        format!("the server does not offer {wanted}; it offers {offered}")
    })
}

fn name_of(mechanism: AuthMechanism) -> &'static str {
    match mechanism {
        AuthMechanism::Plain => "PLAIN",
        AuthMechanism::Login => "LOGIN",
        AuthMechanism::XOAuth2 => "XOAUTH2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn the_best_offered_mechanism_is_chosen() {
        let offered = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(choose(None, &offered(&["XOAUTH2", "LOGIN", "PLAIN"])), Ok(AuthMechanism::Plain));
        assert_eq!(choose(None, &offered(&["CRAM-MD5", "LOGIN"])), Ok(AuthMechanism::Login));
        assert_eq!(
            choose(Some(AuthMechanism::XOAuth2), &offered(&["PLAIN"])),
            Err("the server does not offer XOAUTH2; it offers PLAIN".to_owned())
        );
        assert_eq!(
            choose(None, &[]),
            Err("the server does not offer PLAIN, LOGIN or XOAUTH2; it offers no log-in at all".to_owned())
        );
    }

    #[test]
    fn responses_are_those_of_the_rfcs() {
        let credentials = Credentials {
            username: "tim".to_owned(),
            password: Secret::new("tanstaaftanstaaf"),
            mechanism: None,
        };
        // RFC 4616 §4.
        let plain = dialogue(&credentials, AuthMechanism::Plain);
        assert_eq!(plain[0], "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
        let login = dialogue(&credentials, AuthMechanism::Login);
        assert_eq!(login, ["AUTH LOGIN", "dGlt", "dGFuc3RhYWZ0YW5zdGFhZg=="]);
        let token = dialogue(&credentials, AuthMechanism::XOAuth2);
        assert_eq!(token[0], "AUTH XOAUTH2 dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB");
    }
}
