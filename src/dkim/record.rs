//! What stands in DNS for a key (RFC 6376 §3.6).

use super::DkimKey;

/// RFC 1035 §3.3: the octets of one string of a TXT record.
const LONGEST_STRING: usize = 255;

impl DkimKey {
    /// Where the record stands.
    #[must_use]
    pub fn dns_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector(), self.domain())
    }

    /// The value of the TXT record there; a zone file holds it in strings of 255.
    #[must_use]
    pub fn dns_record(&self) -> String {
        let (kind, public) = self.public_half();
        format!("v=DKIM1; k={kind}; p={public}")
    }

    /// The record as a zone file has it (RFC 1035 §5.1), with a line break at its end.
    #[must_use]
    pub fn zone_record(&self) -> String {
        let value = self.dns_record();
        let strings: Vec<String> = value
            .as_bytes()
            .chunks(LONGEST_STRING)
            .map(|octets| format!("\"{}\"", String::from_utf8_lossy(octets)))
            .collect();
        match strings.as_slice() {
            [one] => format!("{}. IN TXT {one}\n", self.dns_name()),
            several => format!("{}. IN TXT (\n  {}\n)\n", self.dns_name(), several.join("\n  ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{new_ed25519_key, new_rsa_key};
    use super::*;

    #[test]
    fn the_strings_of_a_zone_file_join_to_the_value() {
        for (pem, count) in [(new_rsa_key(), 2), (new_ed25519_key(), 1)] {
            let key = DkimKey::from_pem("example.org", "s", &pem).unwrap();
            let record = key.zone_record();
            assert!(record.starts_with("s._domainkey.example.org. IN TXT "), "{record}");
            let strings: Vec<&str> = record.split('"').skip(1).step_by(2).collect();
            assert_eq!(strings.len(), count, "{record}");
            assert!(strings.iter().all(|string| string.len() <= LONGEST_STRING));
            assert_eq!(strings.concat(), key.dns_record());
        }
    }
}
