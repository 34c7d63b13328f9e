//! The load survey (`O12`): how heavy a shift was, in the words of whoever had it. Asked once per
//! shift, answered with one tap, changed for a while; nobody's pages depend on it.

use jiff::{SignedDuration, Timestamp};

use crate::id::{ScheduleId, SurveyId, UserId};

/// How long after a shift what was said of it can be said or changed.
pub const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The longest comment, in characters.
pub const COMMENT_CHARS_MAX: usize = 1_000;

/// How heavy a shift was: from 1, light, to 5, too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(u8);

impl Score {
    /// From the lightest to the heaviest.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The score of that number, from 1 to 5.
    pub fn new(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|score| score.0 == number)
    }

    /// From 1 to 5.
    pub fn number(self) -> u8 {
        self.0
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self.0 {
            1 => "light",
            2 => "fine",
            3 => "busy",
            4 => "hard",
            _ => "too much",
        }
    }
}

/// A question about one shift, and what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Stays the same.
    pub id: SurveyId,
    /// Where.
    pub schedule: ScheduleId,
    /// Who had the shift.
    pub user: UserId,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// What was said.
    pub answer: Option<Answer>,
}

/// What was said of a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How heavy it was.
    pub score: Score,
    /// In words, if any.
    pub comment: String,
    /// When.
    pub at: Timestamp,
}

/// It is too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is too late to say something of this shift: two weeks have passed")]
pub struct TooLate;

/// Somebody says how heavy their shift was; the last word counts. Without a comment, the one before
/// stays.
///
/// # Errors
/// [`TooLate`] once [`ANSWER_WITHIN`] has passed.
pub fn answer(
    mut survey: Survey,
    score: Score,
    comment: Option<String>,
    now: Timestamp,
) -> Result<Survey, TooLate> {
    if now.duration_since(survey.to) > ANSWER_WITHIN {
        return Err(TooLate);
    }
    let before = survey.answer.take().map(|answer| answer.comment);
    let comment = comment.or(before).unwrap_or_default();
    survey.answer = Some(Answer { score, comment, at: now });
    Ok(survey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_last_word_counts_for_two_weeks_and_a_comment_stays() {
        let to: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let asked = Survey {
            id: SurveyId(Uuid::nil()),
            schedule: ScheduleId(Uuid::nil()),
            user: UserId(Uuid::nil()),
            from: to - SignedDuration::from_hours(24),
            to,
            asked_at: to,
            answer: None,
        };
        let [light, .., heavy] = Score::ALL;
        let once = answer(asked, light, Some("quiet".into()), to).unwrap();
        let twice = answer(once, heavy, None, to + SignedDuration::from_hours(1)).unwrap();
        let said = twice.answer.clone().unwrap();
        assert_eq!((said.score.number(), said.comment.as_str()), (5, "quiet"));
        let late = to + ANSWER_WITHIN + SignedDuration::from_secs(1);
        assert_eq!(answer(twice, light, None, late), Err(TooLate));
        assert_eq!((Score::new(0), Score::new(6)), (None, None));
    }
}
