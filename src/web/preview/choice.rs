//! What the page was asked to show; it stands in the address, so that every view can be kept and shared.

use serde::Deserialize;
use url::form_urlencoded;

/// What the page was asked to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) view: View,
    pub(super) width: Width,
    pub(super) scheme: Scheme,
    pub(super) images: Shown,
    pub(super) styles: Shown,
    /// The number of the subscriber whose copy it is.
    pub(super) reader: Option<i64>,
    /// The slug of an article that does not go out and is looked at by itself.
    pub(super) article: Option<String>,
}

/// An enum whose words stand in addresses.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $variant:ident = $word:literal, $label:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
        pub(super) enum $name {
            $($(#[$meta])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            pub(super) const ALL: &[$name] = &[$($name::$variant),*];

            /// As it stands in addresses and class names.
            pub(super) fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// As the page calls it.
            pub(super) fn label(self) -> &'static str {
                match self { $($name::$variant => $label),* }
            }
        }
    };
}

words! {
    /// The tab.
    View {
        #[default] Message = "message", "Message";
        Text = "text", "Plain text";
        Inbox = "inbox", "Inbox";
        Headers = "headers", "Headers";
        Source = "source", "Source";
        Links = "links", "Links";
        Findings = "findings", "Findings";
    }
}

words! {
    /// How wide the mail program's window is, in CSS pixels.
    Width {
        Narrow = "320", "320";
        Small = "375", "375";
        Phone = "390", "390";
        #[default] Column = "600", "600";
        Desktop = "800", "800";
        Whole = "fit", "Fit";
    }
}

words! {
    /// In which colours, whatever this machine prefers.
    Scheme {
        #[default] Light = "light", "Light";
        Dark = "dark", "Dark";
        /// As clients do that know no dark style sheets and turn every colour over.
        Inverted = "inverted", "Inverted";
    }
}

words! {
    /// Whether something is shown.
    Shown {
        #[default] On = "on", "On";
        Off = "off", "Off";
    }
}

impl Choice {
    /// The address of `path` with this choice; what is usual is left out.
    pub(super) fn href(&self, path: &str) -> String {
        let usual = Choice::default();
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut say = |differs: bool, name: &str, value: &str| {
            if differs {
                query.append_pair(name, value);
            }
        };
        say(self.view != usual.view, "view", self.view.word());
        say(self.width != usual.width, "width", self.width.word());
        say(self.scheme != usual.scheme, "scheme", self.scheme.word());
        say(self.images != usual.images, "images", self.images.word());
        say(self.styles != usual.styles, "styles", self.styles.word());
        if let Some(reader) = self.reader {
            say(true, "reader", &reader.to_string());
        }
        if let Some(article) = &self.article {
            say(true, "article", article);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// This choice with one thing changed.
    pub(super) fn with(&self, change: impl FnOnce(&mut Choice)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_unusual() {
        let choice = Choice::default();
        assert_eq!(choice.href("/"), "/");
        let choice = choice.with(|choice| {
            choice.view = View::Links;
            choice.width = Width::Narrow;
            choice.images = Shown::Off;
            choice.reader = Some(7);
            choice.article = Some("a b".to_owned());
        });
        assert_eq!(choice.href("/"), "/?view=links&width=320&images=off&reader=7&article=a+b");
    }
}
