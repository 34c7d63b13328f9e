//! The languages that text messages and calls are written and spoken in (`N7`). The app and mail
//! stay English; a phone that wakes somebody should not need a second to be understood.

/// A language of text messages and calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
}

names!(Language { English = "en", German = "de", French = "fr", Spanish = "es" });

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Spanish];

    /// The voice that speaks it, as a tag of BCP 47.
    pub fn voice(self) -> &'static str {
        match self {
            Self::English => "en-GB",
            Self::German => "de-DE",
            Self::French => "fr-FR",
            Self::Spanish => "es-ES",
        }
    }

    /// Its own name, for lists to choose from.
    pub fn endonym(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
        }
    }
}
