//! Writing subscribers, one after the other.

use std::io::{self, Write};

use chrono::SecondsFormat;

use super::Format;
use super::csv::guarded;
use super::fields::Field;
use crate::subscriber::{Status, Subscriber};

/// Writes subscribers in a [`Format`]; what it writes, [`read`](super::read) reads.
pub struct Writer<W: Write> {
    form: Form<W>,
    begun: bool,
}

enum Form<W: Write> {
    Yaml(W),
    Csv(Box<::csv::Writer<W>>),
    Text(W),
}

impl<W: Write> Writer<W> {
    /// Writes to `out`; as text, the addresses of the active ones alone.
    pub fn new(out: W, format: Format) -> Self {
        let form = match format {
            Format::Yaml => Form::Yaml(out),
            Format::Csv => Form::Csv(Box::new(::csv::Writer::from_writer(out))),
            Format::Text => Form::Text(out),
        };
        Writer { form, begun: false }
    }

    /// Writes one; whether it is in the list: as text, who is not active is left out.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn write(&mut self, subscriber: &Subscriber) -> io::Result<bool> {
        self.begin()?;
        let since = subscriber.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        match &mut self.form {
            Form::Yaml(out) => {
                writeln!(out, "  - email: {}", quoted(subscriber.email.as_str()))?;
                if let Some(name) = &subscriber.name {
                    writeln!(out, "    name: {}", quoted(name))?;
                }
                if let Some(zone) = subscriber.timezone {
                    writeln!(out, "    timezone: {zone}")?;
                }
                writeln!(out, "    status: {}\n    since: {since}", subscriber.status)?;
            }
            Form::Csv(csv) => {
                let name = subscriber.name.as_deref().map(guarded).unwrap_or_default();
                let zone = subscriber.timezone.map(|zone| zone.name()).unwrap_or_default();
                let email = guarded(subscriber.email.as_str());
                csv.write_record([&email, &name, zone, subscriber.status.as_str(), &since])?;
            }
            Form::Text(out) if subscriber.status == Status::Active => writeln!(out, "{}", subscriber.email)?,
            Form::Text(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Ends the list, which may be empty, and writes out what is left.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn finish(mut self) -> io::Result<()> {
        self.begin()?;
        match self.form {
            Form::Yaml(mut out) | Form::Text(mut out) => out.flush(),
            Form::Csv(mut csv) => csv.flush(),
        }
    }

    /// Writes what stands before the first one.
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        match &mut self.form {
            Form::Yaml(out) => out.write_all(b"subscribers:\n"),
            Form::Csv(csv) => Ok(csv.write_record(Field::NAMES)?),
            Form::Text(_) => Ok(()),
        }
    }
}

/// A text in double quotes, as JSON and YAML both read it.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
