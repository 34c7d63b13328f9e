//! Values that documents hold as text: durations, civil times, zones, roles and urgencies. Each has
//! one written form, so that equal values are equal documents, and reading it back gives the value.
//! A text that is no such value is refused with a sentence for the person who wrote it.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{self, Weekday};
use jiff::tz::TimeZone;
use muster_core::incident::severity::Urgency;
use muster_core::oncall::schedule::{self, HandoffDay, TurnLength};
use muster_core::org::channel::Channel;
use muster_core::org::language::Language;
use muster_core::org::provider::ProviderKind;
use muster_core::org::user::Role;
use muster_core::time::{format_duration, parse_duration};

/// Why a text is not the value that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Serialises through the text form, both ways.
macro_rules! as_text {
    ($($kind:ty),* $(,)?) => {$(
        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(
    Length,
    Turn,
    Handoff,
    LocalTime,
    LocalDate,
    LocalDateTime,
    Day,
    Zone,
    RoleName,
    UrgencyName,
    ChannelName,
    ProviderKindName,
    LanguageName
);

/// A length of time: `45s`, `5m`, `2h`, `1d`, `1w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Length(pub SignedDuration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.0))
    }
}

impl FromStr for Length {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        parse_duration(text).map(Self).map_err(|invalid| Unreadable(invalid.to_string()))
    }
}

/// The length of a turn: calendar months (`1mo`), weeks (`1w`), days (`3d`), hours (`12h`) or
/// minutes (`90m`). `hourly`, `daily`, `weekly` and `monthly` are understood too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(pub TurnLength);

/// The longest turn, in days.
pub const TURN_DAYS_MAX: u32 = 366;
/// The longest turn of months.
pub const TURN_MONTHS_MAX: u32 = 12;
/// The shortest turn, in minutes.
pub const TURN_MINUTES_MIN: u32 = 15;

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            TurnLength::Minutes(count) => write!(f, "{count}m"),
            TurnLength::Hours(count) => write!(f, "{count}h"),
            TurnLength::Days(count) => write!(f, "{count}d"),
            TurnLength::Weeks(count) => write!(f, "{count}w"),
            TurnLength::Months(count) => write!(f, "{count}mo"),
        }
    }
}

impl FromStr for Turn {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        match text.trim() {
            "hourly" => return Ok(Self(TurnLength::Hours(1))),
            "daily" => return Ok(Self(TurnLength::Days(1))),
            "weekly" => return Ok(Self(TurnLength::Weeks(1))),
            "monthly" => return Ok(Self(TurnLength::Months(1))),
            _ => {}
        }
        if let Some(months) = text.trim().strip_suffix("mo") {
            let months = months.parse().ok().filter(|count| (1..=TURN_MONTHS_MAX).contains(count));
            return months.map(|count| Self(TurnLength::Months(count))).ok_or_else(|| {
                Unreadable(format!(
                    "`{}` is not a number of months from 1 to {TURN_MONTHS_MAX}; write for example `1mo`",
                    short(text)
                ))
            });
        }
        let seconds = Length::from_str(text)?.0.as_secs();
        if seconds == 0 {
            return Err(Unreadable(
                "a turn of no length never ends; write for example `1w`".into(),
            ));
        }
        if seconds > i64::from(TURN_DAYS_MAX) * 86_400 {
            return Err(Unreadable(format!("a turn is at most {TURN_DAYS_MAX} days long")));
        }
        let units: Vec<char> = text.chars().filter(char::is_ascii_alphabetic).collect();
        let whole = |unit_seconds: i64| u32::try_from(seconds / unit_seconds).unwrap_or(u32::MAX);
        if units.iter().all(|unit| *unit == 'w') {
            return Ok(Self(TurnLength::Weeks(whole(604_800))));
        }
        if units.iter().all(|unit| matches!(unit, 'w' | 'd')) {
            return Ok(Self(TurnLength::Days(whole(86_400))));
        }
        if seconds < i64::from(TURN_MINUTES_MIN) * 60 {
            return Err(Unreadable(format!(
                "a turn is at least {TURN_MINUTES_MIN} minutes long; for a month write `1mo`"
            )));
        }
        if seconds % 60 != 0 {
            return Err(Unreadable(format!(
                "a turn is made of whole months, weeks, days, hours or minutes, and `{text}` is not; write for example `1w`, `1d` or `12h`"
            )));
        }
        if seconds % 3_600 != 0 {
            return Ok(Self(TurnLength::Minutes(whole(60))));
        }
        Ok(Self(TurnLength::Hours(whole(3_600))))
    }
}

/// When turns change: `09:00` where the day follows from the rest, `Mon 09:00` for turns of weeks,
/// `15 09:00`, `first Mon 09:00` or `last 09:00` for turns of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handoff(pub schedule::Handoff);

/// The words for the first to the last such weekday of a month, with their numbers in core.
const ORDINALS: [(&str, i8); 5] =
    [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("last", 5)];
/// The day of the month that is the last one in every month.
const LAST_DAY: i8 = 31;

impl fmt::Display for Handoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.on {
            HandoffDay::OfStart => {}
            HandoffDay::Weekday(weekday) => write!(f, "{} ", Day(weekday).capital_name())?,
            HandoffDay::OfMonth(LAST_DAY) => f.write_str("last ")?,
            HandoffDay::OfMonth(day) => write!(f, "{day} ")?,
            HandoffDay::Nth(number, weekday) => {
                let known = ORDINALS.iter().find(|(_, known)| *known == number.clamp(1, 5));
                let word = known.map_or("last", |(word, _)| word);
                write!(f, "{word} {} ", Day(weekday).capital_name())?;
            }
        }
        LocalTime(self.0.at).fmt(f)
    }
}

impl FromStr for Handoff {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let invalid = || {
            Unreadable(format!(
                "`{}` is not a handoff; write for example `Mon 09:00` or `09:00`, or for months `1 09:00`, `last 09:00` or `first Mon 09:00`",
                short(text)
            ))
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let Some((time, day)) = words.split_last() else { return Err(invalid()) };
        let weekday = |word: &str| word.parse::<Day>().map(|day| day.0).map_err(|_| invalid());
        let on = match day {
            [] => HandoffDay::OfStart,
            ["last"] => HandoffDay::OfMonth(LAST_DAY),
            [day] if day.starts_with(|c: char| c.is_ascii_digit()) => {
                let day = day.parse().ok().filter(|day| (1..=LAST_DAY).contains(day));
                HandoffDay::OfMonth(day.ok_or_else(invalid)?)
            }
            [day] => HandoffDay::Weekday(weekday(day)?),
            [ordinal, day] => {
                let word = ordinal.to_ascii_lowercase();
                let known = ORDINALS.iter().find(|(known, _)| *known == word);
                let (_, number) = known.ok_or_else(invalid)?;
                HandoffDay::Nth(*number, weekday(day)?)
            }
            _ => return Err(invalid()),
        };
        let at = time.parse::<LocalTime>().map_err(|_| invalid())?.0;
        Ok(Self(schedule::Handoff { on, at }))
    }
}

/// A local time of day: `09:00`, or `09:00:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime(pub civil::Time);

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())?;
        match self.0.second() {
            0 => Ok(()),
            second => write!(f, ":{second:02}"),
        }
    }
}

impl FromStr for LocalTime {
    type Err = Unreadable;

    /// `24:00` is midnight, because that is how people write the end of a day.
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let invalid = || {
            Unreadable(format!("`{}` is not a time of day; write for example `09:00`", short(text)))
        };
        let parts: Vec<&str> = text.trim().split(':').collect();
        if !(2..=3).contains(&parts.len())
            || parts.iter().any(|part| {
                !(1..=2).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_digit())
            })
        {
            return Err(invalid());
        }
        let mut numbers = [0_i8; 3];
        for (number, part) in numbers.iter_mut().zip(&parts) {
            *number = part.parse().map_err(|_| invalid())?;
        }
        if numbers == [24, 0, 0] {
            numbers[0] = 0;
        }
        civil::Time::new(numbers[0], numbers[1], numbers[2], 0).map(Self).map_err(|_| invalid())
    }
}

/// A local date: `2026-01-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDate(pub civil::Date);

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LocalDate {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let invalid = || {
            Unreadable(format!("`{}` is not a date; write for example `2026-01-05`", short(text)))
        };
        let text = text.trim();
        if text.len() != 10 {
            return Err(invalid());
        }
        text.parse().map(Self).map_err(|_| invalid())
    }
}

/// A local date with a time of day: `2026-12-24T09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDateTime(pub civil::DateTime);

impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.0.date(), LocalTime(self.0.time()))
    }
}

impl FromStr for LocalDateTime {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let invalid = || {
            Unreadable(format!(
                "`{}` is not a local date and time; write for example `2026-12-24T09:00`",
                short(text)
            ))
        };
        let (date, time) = text.trim().split_once(['T', ' ']).ok_or_else(invalid)?;
        let date = date.parse::<LocalDate>().map_err(|_| invalid())?.0;
        let time = time.parse::<LocalTime>().map_err(|_| invalid())?.0;
        Ok(Self(date.to_datetime(time)))
    }
}

/// A day of the week: `mon` to `sun`; the full English name is understood too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Weekday);

impl Day {
    const NAMES: [(Weekday, &'static str); 7] = [
        (Weekday::Monday, "monday"),
        (Weekday::Tuesday, "tuesday"),
        (Weekday::Wednesday, "wednesday"),
        (Weekday::Thursday, "thursday"),
        (Weekday::Friday, "friday"),
        (Weekday::Saturday, "saturday"),
        (Weekday::Sunday, "sunday"),
    ];

    /// The short name, as documents write it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(day, _)| *day == self.0).map_or("mon", |(_, name)| &name[..3])
    }
}

impl Day {
    fn capital_name(self) -> String {
        let name = self.name();
        format!("{}{}", name[..1].to_ascii_uppercase(), &name[1..])
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Day {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let lower = text.trim().to_ascii_lowercase();
        Self::NAMES
            .iter()
            .find(|(_, name)| lower == *name || lower == name[..3])
            .map(|(day, _)| Self(*day))
            .ok_or_else(|| {
                Unreadable(format!(
                    "`{}` is not a weekday; write mon, tue, wed, thu, fri, sat or sun",
                    short(text)
                ))
            })
    }
}

/// A time zone by its name in the IANA database: `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(String);

impl Zone {
    /// The zone's rules; UTC if this build's database has lost it.
    pub fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Zone {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let unknown = || {
            Unreadable(format!(
                "`{}` is not a time zone of the IANA database; write for example `Europe/Berlin`",
                short(text)
            ))
        };
        let zone = TimeZone::get(text).map_err(|_| unknown())?;
        // The database ignores case; documents hold the name as the database writes it.
        Ok(Self(zone.iana_name().ok_or_else(unknown)?.to_owned()))
    }
}

/// A role by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleName(pub Role);

impl Default for RoleName {
    fn default() -> Self {
        Self(Role::Responder)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for RoleName {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Role::from_name(text).map(Self).ok_or_else(|| {
            Unreadable(format!(
                "`{}` is not a role; write admin, manager, responder or stakeholder",
                short(text)
            ))
        })
    }
}

/// A channel by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelName(pub Channel);

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for ChannelName {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let known = || Channel::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        Channel::from_name(text).map(Self).ok_or_else(|| {
            Unreadable(format!(
                "`{}` is not a type of contact method; known are {}",
                short(text),
                known()
            ))
        })
    }
}

/// A kind of provider by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderKindName(pub ProviderKind);

impl fmt::Display for ProviderKindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for ProviderKindName {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let known =
            || ProviderKind::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        ProviderKind::from_name(text).map(Self).ok_or_else(|| {
            Unreadable(format!(
                "`{}` is not a type of provider; known are {}",
                short(text),
                known()
            ))
        })
    }
}

/// A language by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageName(pub Language);

impl fmt::Display for LanguageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for LanguageName {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let known = || Language::NAMES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        Language::from_name(text).map(Self).ok_or_else(|| {
            Unreadable(format!("`{}` is not a language; known are {}", short(text), known()))
        })
    }
}

/// An urgency by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrgencyName(pub Urgency);

impl fmt::Display for UrgencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for UrgencyName {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        Urgency::from_name(text).map(Self).ok_or_else(|| {
            Unreadable(format!("`{}` is not an urgency; write high, low or none", short(text)))
        })
    }
}

/// The beginning of a text, for messages.
pub fn short(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten<T: FromStr + fmt::Display>(text: &str) -> Option<String> {
        text.parse::<T>().ok().map(|value| value.to_string())
    }

    #[test]
    fn every_value_has_one_written_form() {
        for (written, kept) in
            [("Mon 09:00", "Mon 09:00"), ("monday 9:00", "Mon 09:00"), ("09:00", "09:00")]
        {
            assert_eq!(rewritten::<Handoff>(written).as_deref(), Some(kept));
        }
        for (written, kept) in
            [("1w", "1w"), ("14d", "14d"), ("1w1d", "8d"), ("24h", "24h"), ("7200s", "2h")]
        {
            assert_eq!(rewritten::<Turn>(written).as_deref(), Some(kept));
        }
        for (written, kept) in [("9:05", "09:05"), ("24:00", "00:00"), ("09:00:30", "09:00:30")] {
            assert_eq!(rewritten::<LocalTime>(written).as_deref(), Some(kept));
        }
        assert_eq!(
            rewritten::<LocalDateTime>("2026-12-24 09:00").as_deref(),
            Some("2026-12-24T09:00")
        );
        assert_eq!(rewritten::<Zone>("europe/berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(rewritten::<Zone>("utc").as_deref(), Some("UTC"));
        assert_eq!(rewritten::<Day>("Thu").as_deref(), Some("thu"));
    }

    #[test]
    fn what_is_no_such_value_is_refused() {
        for wrong in ["", "Mon", "Moo 09:00", "09:60", "Mon 09:00 CET", "9"] {
            assert!(wrong.parse::<Handoff>().is_err(), "{wrong:?} was taken as a handoff");
        }
        for wrong in ["0w", "0s", "30s", "53w", "-1w"] {
            assert!(wrong.parse::<Turn>().is_err(), "{wrong:?} was taken as a turn");
        }
        for wrong in ["25:00", "24:01", "9", "009:00", "+9:00", "09:00Z"] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong:?} was taken as a time");
        }
        for wrong in ["2026-13-01", "2026-02-29", "20260105", "2026-01-05T09:00"] {
            assert!(wrong.parse::<LocalDate>().is_err(), "{wrong:?} was taken as a date");
        }
        for wrong in ["Europe/Berln", "", "CEST+2"] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong:?} was taken as a zone");
        }
    }
}
