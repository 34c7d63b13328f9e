//! Contact methods as people manage them (`O8`): codes that show that messages arrive, and rules
//! that a night can rely on (`O9`, `N7`).

use jiff::{SignedDuration, Timestamp};

use crate::org::user::{ContactMethod, NotificationRule, User};

/// The digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How long a code is good for.
pub const CODE_GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// How many wrong codes end it: with six digits a guesser has five chances in a million.
pub const CODE_ATTEMPTS_MAX: i64 = 5;
/// How long it takes before another code is sent to the same method.
pub const CODE_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How many codes are sent to a method before somebody has to add it anew.
pub const CODES_MAX: i64 = 5;
/// The most methods that a person manages.
pub const METHODS_MAX: usize = 20;
/// The most rules of one urgency.
pub const RULES_MAX: usize = 20;
/// The longest delay of a rule.
pub const RULE_AFTER_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A code that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Wrong codes so far.
    pub attempts: i64,
    /// Codes sent so far.
    pub sent: i64,
}

/// What is wrong with a code, or with asking for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongCode {
    /// None was sent.
    #[error("no code was sent; ask for one")]
    NotSent,
    /// It is not the code.
    #[error("that is not the code; {left} more tries")]
    Wrong {
        /// Tries that are left.
        left: i64,
    },
    /// Too many were wrong.
    #[error("too many wrong codes; ask for a new one")]
    TooManyTries,
    /// It came too late.
    #[error("the code is too old; ask for a new one")]
    Expired,
    /// One was sent a moment ago.
    #[error("a code was sent a moment ago; wait {seconds} s")]
    TooSoon {
        /// Until another one may be sent.
        seconds: i64,
    },
    /// Too many were sent.
    #[error("{CODES_MAX} codes were sent and none came back; remove the method and add it anew")]
    TooManySent,
}

/// Decides whether a code verifies its method; `is_right` says whether the digits are the same.
///
/// # Errors
/// Says what is wrong; a wrong code is to be counted.
pub fn check_code(code: Option<Code>, is_right: bool, now: Timestamp) -> Result<(), WrongCode> {
    let code = code.ok_or(WrongCode::NotSent)?;
    if code.attempts >= CODE_ATTEMPTS_MAX {
        return Err(WrongCode::TooManyTries);
    }
    if now >= code.expires_at {
        return Err(WrongCode::Expired);
    }
    if is_right {
        return Ok(());
    }
    match CODE_ATTEMPTS_MAX - code.attempts - 1 {
        0 => Err(WrongCode::TooManyTries),
        left => Err(WrongCode::Wrong { left }),
    }
}

/// Decides whether another code may be sent.
///
/// # Errors
/// Says why not.
pub fn may_send_code(code: Option<Code>, now: Timestamp) -> Result<(), WrongCode> {
    let Some(code) = code else { return Ok(()) };
    if code.sent >= CODES_MAX {
        return Err(WrongCode::TooManySent);
    }
    let wait = CODE_AGAIN_AFTER - now.duration_since(code.sent_at);
    if wait.is_positive() {
        return Err(WrongCode::TooSoon { seconds: wait.as_secs().max(1) });
    }
    Ok(())
}

/// Why rules cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongRules {
    /// There are too many.
    #[error("at most {RULES_MAX} rules")]
    TooMany,
    /// A delay is negative or too long.
    #[error("a rule waits for at most 24h")]
    Delay,
    /// A method is not usable.
    #[error("`{0}` gets nothing yet: verify it first, or enable it")]
    Unusable(String),
    /// Nothing among the methods wakes anybody (`O9`).
    #[error(
        "urgent pages would reach you by {names} alone, and that is refused: {why}. Add a text \
         message, a call, or an app that breaks through do-not-disturb"
    )]
    NothingWakes {
        /// The channels.
        names: String,
        /// What they cannot do at night.
        why: String,
    },
}

/// Checks the rules that a person wants for urgent pages, or for those that can wait.
///
/// # Errors
/// Says what is wrong with them, and what would be right.
pub fn check_rules(
    user: &User,
    rules: &[NotificationRule],
    is_urgent: bool,
) -> Result<(), WrongRules> {
    if rules.len() > RULES_MAX {
        return Err(WrongRules::TooMany);
    }
    let mut methods: Vec<&ContactMethod> = Vec::new();
    for rule in rules {
        if rule.after.is_negative() || rule.after > RULE_AFTER_MAX {
            return Err(WrongRules::Delay);
        }
        let Some(method) = user.contact_method(rule.method) else { continue };
        if !method.is_usable() {
            return Err(WrongRules::Unusable(method.name.clone()));
        }
        methods.push(method);
    }
    if !is_urgent || methods.is_empty() || methods.iter().any(|method| method.address.is_critical())
    {
        return Ok(());
    }
    let mut channels: Vec<_> = methods.iter().map(|method| method.address.kind()).collect();
    channels.sort_unstable();
    channels.dedup();
    let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
    let why: Vec<_> = channels
        .iter()
        .map(|channel| format!("{} {}", channel.name(), channel.at_night()))
        .collect();
    Err(WrongRules::NothingWakes { names: names.join(" and "), why: why.join("; ") })
}

/// The digits of a code, from chance or from a key.
pub fn digits(chance: u64) -> String {
    let range = 10_u64.pow(u32::try_from(CODE_DIGITS).unwrap_or(6));
    format!("{:0width$}", chance % range, width = CODE_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn code(attempts: i64, sent: i64) -> Option<Code> {
        let expires_at = t(0) + CODE_GOOD_FOR;
        Some(Code { sent_at: t(0), expires_at, attempts, sent })
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_five_tries() {
        assert_eq!(check_code(code(0, 1), true, t(599)), Ok(()));
        assert_eq!(check_code(code(0, 1), true, t(600)), Err(WrongCode::Expired));
        assert_eq!(check_code(code(0, 1), false, t(1)), Err(WrongCode::Wrong { left: 4 }));
        assert_eq!(check_code(code(4, 1), false, t(1)), Err(WrongCode::TooManyTries));
        assert_eq!(check_code(code(5, 1), true, t(1)), Err(WrongCode::TooManyTries));
        assert_eq!(check_code(None, true, t(1)), Err(WrongCode::NotSent));
    }

    #[test]
    fn codes_are_sent_with_pauses_and_not_for_ever() {
        assert_eq!(may_send_code(None, t(0)), Ok(()));
        assert_eq!(may_send_code(code(0, 1), t(10)), Err(WrongCode::TooSoon { seconds: 20 }));
        assert_eq!(may_send_code(code(0, 1), t(30)), Ok(()));
        assert_eq!(may_send_code(code(0, CODES_MAX), t(30)), Err(WrongCode::TooManySent));
    }

    #[test]
    fn digits_keep_their_zeros() {
        assert_eq!(digits(42), "000042");
        assert_eq!(digits(u64::MAX).len(), CODE_DIGITS);
    }
}
