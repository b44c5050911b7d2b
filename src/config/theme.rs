//! The theme: colours, fonts and logo of editions, pages and letters.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::diagnostic::{Diagnostic, Severity};
use crate::yaml::Node;

use super::layers::Given;
use super::reader::Reader;
use super::values::{self, Wrong, finding};

/// What text needs to be read with ease (WCAG 2.2, success criterion 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;
/// The column's width in CSS pixels.
const WIDEST_LOGO: usize = 552;

/// How everything looks that readers get.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Where the reader's device is set to light, and where it knows no other.
    pub light: Palette,
    /// Where it is set to dark.
    pub dark: Palette,
    /// Of running text.
    pub text_font: Font,
    /// Of headlines.
    pub heading_font: Font,
    /// In place of the publication's name on the masthead.
    pub logo: Option<Logo>,
}

/// A picture in place of the publication's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// A local picture.
    pub file: PathBuf,
    /// As it is shown, in CSS pixels.
    pub width: u32,
    /// What it says, for those who do not see it.
    pub alt: String,
    /// Where the configuration names it.
    pub place: NamedAt,
}

/// A finding without words at the place where the configuration names something. It says nothing of what is shown, so that all
/// are alike, and pages are not made anew when a line is put in above it.
#[derive(Clone)]
pub struct NamedAt(pub Option<Box<Diagnostic>>);

impl fmt::Debug for NamedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedAt")
    }
}

impl PartialEq for NamedAt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for NamedAt {}

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The page.
    Background,
    /// Running text and headlines.
    Text,
    /// What is of less weight: dates, captions, the footer.
    Muted,
    /// Links.
    Link,
    /// The masthead and what is set off.
    Accent,
    /// The ground of highlights and code.
    Box,
    /// Lines.
    Rule,
    /// The ground of buttons.
    Button,
    /// Their words.
    ButtonText,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 9] = [
        Role::Background,
        Role::Text,
        Role::Muted,
        Role::Link,
        Role::Accent,
        Role::Box,
        Role::Rule,
        Role::Button,
        Role::ButtonText,
    ];

    /// Its key in the configuration, and its name in templates.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Role::Background => "background",
            Role::Text => "text",
            Role::Muted => "muted",
            Role::Link => "link",
            Role::Accent => "accent",
            Role::Box => "box",
            Role::Rule => "rule",
            Role::Button => "button",
            Role::ButtonText => "button_text",
        }
    }

    /// Its name in style sheets: `var(--ground)`.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Role::Background => "ground",
            Role::ButtonText => "on-button",
            Role::Text | Role::Muted | Role::Link | Role::Accent | Role::Box | Role::Rule | Role::Button => {
                self.key()
            }
        }
    }
}

/// What is read upon what.
const READ_UPON: [(Role, Role); 9] = [
    (Role::Text, Role::Background),
    (Role::Muted, Role::Background),
    (Role::Link, Role::Background),
    (Role::Accent, Role::Background),
    (Role::Text, Role::Box),
    (Role::Muted, Role::Box),
    (Role::Link, Role::Box),
    (Role::ButtonText, Role::Button),
    (Role::Button, Role::Background),
];

/// A colour for each role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette([Colour; 9]);

impl Palette {
    /// The colour of `role`.
    #[must_use]
    pub fn of(&self, role: Role) -> Colour {
        self.0[role as usize]
    }
}

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Colour {
    /// Reads `#a8231b`, `#abc`, or either without its `#`.
    fn parse(text: &str) -> Option<Colour> {
        let digits = text.trim();
        let digits = digits.strip_prefix('#').unwrap_or(digits);
        let digits: Vec<u8> = digits
            .chars()
            .map(|c| Some(u8::try_from(c.to_digit(16)?).unwrap_or(0)))
            .collect::<Option<_>>()?;
        match digits[..] {
            [r, g, b] => Some(Colour([r * 17, g * 17, b * 17])),
            [r, rr, g, gg, b, bb] => Some(Colour([r * 16 + rr, g * 16 + gg, b * 16 + bb])),
            _ => None,
        }
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// How well this is read on `ground` (WCAG 2.2), 1 to 21.
    #[must_use]
    pub fn contrast(self, ground: Colour) -> f64 {
        let (a, b) = (self.luminance(), ground.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The same hue, as little darker or lighter as it must be to have each of these contrasts; none when no such colour has.
    fn readable_beside(self, others: &[(Colour, f64)]) -> Option<Colour> {
        let toward = |goal: f64, part: f64| {
            Colour(self.0.map(|channel| {
                let value = f64::from(channel);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 0 and 255"
                )]
                let value = (value + (goal - value) * part).round() as u8;
                value
            }))
        };
        let steps = (0..=100).map(|step| f64::from(step) / 100.0);
        let mut colours = steps.flat_map(|part| [toward(0.0, part), toward(255.0, part)]);
        colours.find(|colour| others.iter().all(|(other, least)| colour.contrast(*other) >= *least))
    }
}

/// Fonts that readers have: nothing is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Font {
    /// What the reader's device is set in.
    System,
    /// Arial or Helvetica.
    Arial,
    /// Georgia.
    Georgia,
    /// Palatino.
    Palatino,
    /// Tahoma.
    Tahoma,
    /// Times New Roman.
    Times,
    /// Trebuchet MS.
    Trebuchet,
    /// Verdana.
    Verdana,
}

impl Font {
    /// Every font, by its name in the configuration.
    const NAMES: [(&'static str, Font); 8] = [
        ("system", Font::System),
        ("arial", Font::Arial),
        ("georgia", Font::Georgia),
        ("palatino", Font::Palatino),
        ("tahoma", Font::Tahoma),
        ("times", Font::Times),
        ("trebuchet", Font::Trebuchet),
        ("verdana", Font::Verdana),
    ];

    /// The value of `font-family`.
    #[must_use]
    pub fn stack(self) -> &'static str {
        match self {
            Font::System => "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
            Font::Arial => "Arial,Helvetica,sans-serif",
            Font::Georgia => "Georgia,serif",
            Font::Palatino => "Palatino,'Palatino Linotype','Book Antiqua',Georgia,serif",
            Font::Tahoma => "Tahoma,Verdana,sans-serif",
            Font::Times => "'Times New Roman',Times,serif",
            Font::Trebuchet => "'Trebuchet MS',Tahoma,sans-serif",
            Font::Verdana => "Verdana,Geneva,sans-serif",
        }
    }

    /// The same for Outlook on Windows, which takes the first name it reads whether it has the font or not.
    #[must_use]
    pub fn outlook(self) -> &'static str {
        match self {
            Font::System | Font::Arial => "Arial,sans-serif",
            Font::Georgia => "Georgia,serif",
            Font::Palatino => "'Palatino Linotype',Georgia,serif",
            Font::Tahoma => "Tahoma,sans-serif",
            Font::Times => "'Times New Roman',serif",
            Font::Trebuchet => "'Trebuchet MS',sans-serif",
            Font::Verdana => "Verdana,sans-serif",
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        super::Config::default().publication.theme
    }
}

impl Theme {
    /// As templates see it, with where the logo is found.
    #[must_use]
    pub fn variable(&self, logo: Option<&str>) -> serde_json::Value {
        let colours = |palette: &Palette| -> serde_json::Map<String, serde_json::Value> {
            Role::ALL
                .iter()
                .map(|role| (role.key().to_owned(), palette.of(*role).to_string().into()))
                .collect()
        };
        let font = |font: Font| json!({ "stack": font.stack(), "outlook": font.outlook() });
        let logo = self.logo.as_ref().zip(logo);
        json!({
            "light": colours(&self.light),
            "dark": colours(&self.dark),
            "fonts": { "text": font(self.text_font), "headings": font(self.heading_font) },
            "logo": logo.map(|(logo, src)| json!({ "src": src, "width": logo.width, "alt": logo.alt })),
        })
    }

    /// The value of a style sheet's variable, as in `var(--link)`, by one of the two palettes.
    #[must_use]
    pub fn style_value(&self, variable: &str, palette: &Palette) -> Option<String> {
        match variable {
            "serif" => Some(self.heading_font.stack().to_owned()),
            "sans" => Some(self.text_font.stack().to_owned()),
            _ => {
                let role = Role::ALL.into_iter().find(|role| role.variable() == variable)?;
                Some(palette.of(role).to_string())
            }
        }
    }

    /// The names of a style sheet's variables.
    pub fn style_names() -> impl Iterator<Item = &'static str> {
        Role::ALL.into_iter().map(Role::variable).chain(["serif", "sans"])
    }

    /// The variables of a style sheet: those of the light palette, and those of the dark one where that is wanted.
    #[must_use]
    pub fn style_variables(&self) -> String {
        let colours = |palette: &Palette| -> String {
            Role::ALL.iter().map(|role| format!("--{}:{};", role.variable(), palette.of(*role))).collect()
        };
        format!(
            ":root{{{}--serif:{};--sans:{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            colours(&self.light),
            self.heading_font.stack(),
            self.text_font.stack(),
            colours(&self.dark)
        )
    }
}

/// Reads `theme`; `name` is what a logo says when nothing else is given.
pub(super) fn theme(reader: &mut Reader<'_>, name: &str) -> Theme {
    let light = palette(reader, "light");
    let dark = palette(reader, "dark");
    let font = values::choice(&Font::NAMES);
    let file = reader.optional("theme.logo.file", values::line);
    let file = file.and_then(|_| existing(reader, "theme.logo.file"));
    let width = reader.value("theme.logo.width", values::number(16, WIDEST_LOGO));
    let alt = reader.optional("theme.logo.alt", values::line).unwrap_or_else(|| name.to_owned());
    let width = u32::try_from(width).expect("a logo's width is at most 552");
    Theme {
        light,
        dark,
        text_font: reader.value("theme.fonts.text", &font),
        heading_font: reader.value("theme.fonts.headings", &font),
        logo: file.map(|file| Logo { file, width, alt, place: NamedAt(logo_place(reader)) }),
    }
}

fn logo_place(reader: &Reader<'_>) -> Option<Box<Diagnostic>> {
    let key = "theme.logo.file";
    let nothing = Wrong::new(String::new(), String::new());
    let place = |given: Given<'_>| finding(given.origin, Some(&given.node.place), key, "logo", &nothing);
    reader.given(key).map(place).map(Box::new)
}

fn existing(reader: &mut Reader<'_>, key: &'static str) -> Option<PathBuf> {
    let path = reader.path(key)?;
    if path.is_file() {
        return Some(path);
    }
    let given = reader.given(key)?;
    let wrong = Wrong::new(
        format!("there is no file `{}`", path.display()),
        "write the path of a PNG, JPEG, GIF or WebP picture",
    );
    reader.note(given, key, "bad-value", &wrong);
    None
}

fn palette(reader: &mut Reader<'_>, name: &'static str) -> Palette {
    let key = |role: Role| format!("theme.{name}.{}", role.key());
    let read = |reader: &mut Reader<'_>, role: Role| {
        reader.value(&key(role), |text| {
            Colour::parse(text).ok_or_else(|| {
                let message = format!("`{}` is no colour", values::shown(text));
                Wrong::new(message, "write it with three or six hex digits in quotes, as in \"#0b5cad\"")
            })
        })
    };
    let mut palette = Palette(Role::ALL.map(|role| read(reader, role)));
    // Who changes the colour of links means buttons too.
    let is_given = |reader: &Reader<'_>, role| {
        reader.given(&key(role)).is_some_and(|given| *given.origin != super::Origin::Default)
    };
    if is_given(reader, Role::Link) && !is_given(reader, Role::Button) {
        palette.0[Role::Button as usize] = palette.of(Role::Link);
        if !is_given(reader, Role::ButtonText) {
            palette.0[Role::ButtonText as usize] = palette.of(Role::Background);
        }
    }
    for (blamed, worst) in faint(&palette, |role| is_given(reader, role)) {
        let (colour, behind) = (palette.of(blamed), palette.of(worst.other));
        let wrong = Wrong::new(
            format!(
                "{colour} has a contrast of {} with `theme.{name}.{}` ({behind}), and needs {:.1}",
                two_places(worst.ratio),
                worst.other.key(),
                worst.least,
            ),
            match colour.readable_beside(&beside(&palette, blamed).map(|(_, pair)| pair).collect::<Vec<_>>())
            {
                Some(readable) => format!("take {readable}, or one that differs more"),
                None => {
                    let faint = beside(&palette, blamed)
                        .filter(|(_, (other, least))| colour.contrast(*other) < *least)
                        .map(|(role, _)| format!("`theme.{name}.{}`", role.key()));
                    let faint = faint.collect::<Vec<_>>().join(", ");
                    format!("no colour does beside all that it meets: change {faint} to go with it")
                }
            },
        );
        let key = key(blamed);
        if let Some(given) = reader.given(&key) {
            reader.note(given, &key, "contrast", &wrong);
        }
    }
    palette
}

/// A pair that is hard to read.
struct Faint {
    other: Role,
    ratio: f64,
    least: f64,
}

/// The contrast that is asked of what stands on a ground.
fn least(upper: Role) -> f64 {
    // A button is known by its words; its ground need only be told from the page (WCAG 2.2, 1.4.11).
    if upper == Role::Button { 3.0 } else { LEAST_CONTRAST }
}

/// What `role` is seen beside, and the contrast that it needs with that.
fn beside(palette: &Palette, role: Role) -> impl Iterator<Item = (Role, (Colour, f64))> {
    READ_UPON.into_iter().filter_map(move |(upper, ground)| {
        let other = match role {
            _ if role == upper => ground,
            _ if role == ground => upper,
            _ => return None,
        };
        Some((other, (palette.of(other), least(upper))))
    })
}

/// The user's own colours that are hard to read, each with the other of its worst pair.
fn faint(palette: &Palette, is_given: impl Fn(Role) -> bool) -> Vec<(Role, Faint)> {
    let mut found: Vec<(Role, Faint)> = Vec::new();
    for (upper, ground) in READ_UPON {
        let ratio = palette.of(upper).contrast(palette.of(ground));
        let least = least(upper);
        let (blamed, other) = match (is_given(upper), is_given(ground)) {
            (true, _) => (upper, ground),
            (false, true) => (ground, upper),
            // The defaults are readable, and a button's that are made of them are told of as what they are made of.
            (false, false) => continue,
        };
        let known = found.iter_mut().find(|(role, _)| *role == blamed);
        match known {
            _ if ratio >= least => {}
            Some((_, worst)) if worst.ratio <= ratio => {}
            Some((_, worst)) => *worst = Faint { other, ratio, least },
            None => found.push((blamed, Faint { other, ratio, least })),
        }
    }
    found
}

/// Rounded down, lest 4.496 be told as the 4.5 that it misses.
fn two_places(ratio: f64) -> String {
    format!("{:.2}", (ratio * 100.0).floor() / 100.0)
}

/// Colours that YAML takes for comments, because they stand without quotes.
pub(super) fn unquoted(tree: &Node, text: &str, path: &Path, findings: &mut Vec<Diagnostic>) {
    let palettes = ["light", "dark"].into_iter().filter_map(|name| tree.get("theme")?.get(name)?.as_map());
    let lines: Vec<usize> =
        palettes.flatten().filter(|entry| entry.value.is_null()).map(|entry| entry.place.line).collect();
    let found = |line: &usize| comment_for_a_colour(text, path, |at, _| at == *line);
    findings.extend(lines.iter().filter_map(found));
}

/// The same where it comments out a bracket's end, so that nothing can be read.
pub(super) fn unquoted_in_brackets(text: &str, path: &Path) -> Option<Diagnostic> {
    comment_for_a_colour(text, path, |_, line| line.contains('{'))
}

/// The first `#` of a colour behind a space, in the lines that are `wanted` (by their number, from 1, and text).
fn comment_for_a_colour(text: &str, path: &Path, wanted: impl Fn(usize, &str) -> bool) -> Option<Diagnostic> {
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let colours = line.match_indices(" #").map(|(at, _)| {
            let digits = line[at + 2..].chars().take_while(char::is_ascii_hexdigit).count();
            (at + 1, digits)
        });
        let colour = colours.filter(|_| wanted(number, line)).find(|(_, digits)| [3, 6].contains(digits));
        if let Some((at, digits)) = colour {
            let span = start + at..start + at + 1 + digits;
            let colour = &text[span.clone()];
            let message = format!("`{colour}` is a comment here, because it stands without quotes");
            let found = Diagnostic::of_file(Severity::Error, "bad-value", path, message)
                .with_remedy(format!("write \"{colour}\""));
            let column = line[..at].chars().count() + 1;
            return Some(Diagnostic { line: number, column, span: Some(span), ..found });
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_measured_as_wcag_has_it() {
        let colour = |text| Colour::parse(text).unwrap();
        assert_eq!(two_places(colour("#000").contrast(colour("fff"))), "21.00");
        assert_eq!(two_places(colour("#777777").contrast(colour("#ffffff"))), "4.47");
        assert_eq!(two_places(colour("#0b5cad").contrast(colour("#ffffff"))), "6.66");
        assert_eq!(Colour::parse("#12345"), None);
        assert_eq!(Colour::parse("red"), None);
        assert_eq!(colour("#aB3").to_string(), "#aabb33");
    }

    #[test]
    fn a_better_colour_is_readable_and_near() {
        for (colour, ground) in [("#777777", "#ffffff"), ("#ff9900", "#ffffff"), ("#333399", "#14171a")] {
            let (colour, ground) = (Colour::parse(colour).unwrap(), Colour::parse(ground).unwrap());
            let better = colour.readable_beside(&[(ground, LEAST_CONTRAST)]).unwrap();
            assert!(better.contrast(ground) >= LEAST_CONTRAST && better.contrast(ground) < 5.2, "{better}");
        }
    }
}
