//! Conditions of statements: whose a row is. Under an address that a reader has given up another may be found since, and each
//! keeps their own.

/// Whether a row of `$table` is no reader's: nobody's from the beginning, or of one who is gone.
macro_rules! is_nobodys {
    ($table:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM subscribers o WHERE o.id = ",
            $table,
            ".subscriber_id AND o.erased_at IS NULL)"
        )
    };
}

/// Whether a row of sign-ups is about the address `$key` and no reader's record of consent: under an address that one has
/// given up, another may have signed up since.
macro_rules! is_asked_at {
    ($key:literal) => {
        concat!("(email_key = ", $key, " AND (state <> 'confirmed' OR ", is_nobodys!("sign_ups"), "))")
    };
}

/// Whether a letter went to the address `$key` and is no reader's who had it before.
macro_rules! is_sent_to {
    ($key:literal) => {
        concat!("(recipient_key = ", $key, " AND ", is_nobodys!("letters"), ")")
    };
}
