//! How long a text message is: telephone networks carry it in segments, of 160 characters where the
//! GSM alphabet (3GPP TS 23.038) has them all and of 70 where it does not, a few less each once
//! there are several. One typographic quote would more than double the price and the delay, so what
//! has a plain equivalent is written plainly.

/// Characters that take one place.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
                     ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters that take two.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

const GSM_SINGLE: usize = 160;
const GSM_PART: usize = 153;
const UCS2_SINGLE: usize = 70;
const UCS2_PART: usize = 67;

/// How many segments a text takes; none for an empty one.
pub fn segments(text: &str) -> usize {
    let (length, single, part) = match septets(text) {
        Some(septets) => (septets, GSM_SINGLE, GSM_PART),
        None => (text.encode_utf16().count(), UCS2_SINGLE, UCS2_PART),
    };
    if length <= single { length.min(1) } else { length.div_ceil(part) }
}

/// The places that a text takes in the GSM alphabet, if it can be written in it.
fn septets(text: &str) -> Option<usize> {
    text.chars().try_fold(0, |sum, c| {
        if BASIC.contains(c) {
            Some(sum + 1)
        } else if EXTENSION.contains(c) {
            Some(sum + 2)
        } else {
            None
        }
    })
}

/// The text with plain quotes, dashes, blanks and dots, and without control characters.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2039}' | '\u{203a}' | '`' | '´' => {
                out.push('\'');
            }
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '»' => out.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '…' => out.push_str("..."),
            '→' => out.push_str("->"),
            '•' | '·' => out.push('*'),
            '\n' => out.push('\n'),
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The longest beginning of `text` with which the message that `around` makes of it stays within
/// `segments_max`; what is cut ends in dots.
pub fn fitting(text: &str, segments_max: usize, around: impl Fn(&str) -> String) -> String {
    let whole = around(text);
    if segments(&whole) <= segments_max {
        return whole;
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let message = |count: usize| {
        let end = ends.get(count).copied().unwrap_or(text.len());
        around(&format!("{}...", text[..end].trim_end()))
    };
    // A longer beginning never takes fewer segments.
    let count = (0..ends.len()).collect::<Vec<_>>();
    let fits = count.partition_point(|count| segments(&message(*count)) <= segments_max);
    message(fits.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_the_networks_do() {
        for (text, count) in [
            (String::new(), 0),
            ("x".repeat(160), 1),
            ("x".repeat(161), 2),
            ("x".repeat(306), 2),
            ("x".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ж".repeat(70), 1),
            ("ж".repeat(71), 2),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            ("Störung in Größe".to_owned(), 1),
        ] {
            assert_eq!(segments(&text), count, "{text}");
        }
    }

    #[test]
    fn a_typographic_quote_costs_nothing() {
        let text = plain("“Disk full” – it’s bad…\u{202e}");
        assert_eq!(text, "\"Disk full\" - it's bad...");
        assert!(septets(&text).is_some());
    }

    #[test]
    fn what_does_not_fit_is_cut_and_says_so() {
        let fit = |text: &str| fitting(text, 1, |text| format!("#42 {text} Reply 1"));
        assert_eq!(fit("short"), "#42 short Reply 1");
        for text in ["x".repeat(1000), "ж".repeat(1000), "😀".repeat(1000)] {
            let cut = fit(&text);
            assert_eq!(segments(&cut), 1);
            assert!(cut.ends_with("... Reply 1"), "{cut}");
            assert!(cut.encode_utf16().count() >= 66, "{cut}");
        }
    }
}
