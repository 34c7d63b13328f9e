//! The bounds on a rule's text that must hold before a parser sees it: the parser, the evaluator
//! and the destructor of its syntax tree all recurse, and a stack that overflows cannot be caught.
//! It reads tokens only as far as nesting needs, and says nothing about grammar.

/// The longest rule, in bytes.
pub const TEXT_BYTES_MAX: usize = 8192;
/// How many brackets may be open at once.
pub const BRACKETS_DEEP_MAX: usize = 16;
/// How deep the syntax tree may become: open brackets, and the chains of operators and selections
/// around them, together.
pub const DEPTH_MAX: usize = 40;

/// What one conditional adds to the depth: evaluating it needs the stack of two other nodes.
const CONDITIONAL_DEPTH: usize = 2;

/// What is still open at one level of brackets.
#[derive(Default)]
struct Level {
    /// Operators and selections that nest into each other; logical operators end the chain, since
    /// the parser balances those.
    chain: usize,
    /// Conditionals nest to the right through logical operators; only a comma ends them.
    conditionals: usize,
}

/// Whether a parser may see `text`.
pub fn check(text: &str) -> Result<(), String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!(
            "the rule is {} bytes long; at most {TEXT_BYTES_MAX} are allowed",
            text.len()
        ));
    }
    if text.trim().is_empty() {
        return Err("the rule is empty; write `true` for one that always holds".to_owned());
    }
    let mut levels = vec![Level::default()];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string_length(rest, false)?,
            '`' => return Err("names in backticks are not supported".to_owned()),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_ascii_alphabetic() || c == '_' => word(rest, &mut levels)?,
            _ => symbol(rest, first, &mut levels)?,
        };
        rest = &rest[length..];
        let open = levels.len() - 1;
        let depth =
            open + levels.iter().map(|level| level.chain + level.conditionals).sum::<usize>();
        if open > BRACKETS_DEEP_MAX || depth > DEPTH_MAX {
            return Err(format!(
                "the rule is nested too deeply: at most {BRACKETS_DEEP_MAX} open brackets and \
                 {DEPTH_MAX} levels in all"
            ));
        }
    }
    Ok(())
}

/// The length of the word that `rest` begins with, or of the string that it is the prefix of.
fn word(rest: &str, levels: &mut [Level]) -> Result<usize, String> {
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at(length);
    let quoted = after.starts_with(['"', '\'']);
    match name {
        "r" | "R" | "br" | "bR" | "Br" | "BR" if quoted => {
            return Ok(length + string_length(after, true)?);
        }
        "b" | "B" if quoted => return Ok(length + string_length(after, false)?),
        "in" => {
            if let Some(level) = levels.last_mut() {
                level.chain += 1;
            }
        }
        _ => {}
    }
    Ok(length)
}

/// Counts the symbol that `rest` begins with and returns its length.
fn symbol(rest: &str, first: char, levels: &mut Vec<Level>) -> Result<usize, String> {
    if rest.starts_with("&&") || rest.starts_with("||") {
        if let Some(level) = levels.last_mut() {
            level.chain = 0;
        }
        return Ok(2);
    }
    match first {
        '(' | '[' | '{' => {
            // A call or an index extends the chain that it stands in.
            if let Some(level) = levels.last_mut() {
                level.chain += 1;
            }
            levels.push(Level::default());
        }
        ')' | ']' | '}' => {
            if levels.len() == 1 {
                return Err(format!("`{first}` closes a bracket that was never opened"));
            }
            levels.pop();
        }
        ',' => {
            if let Some(level) = levels.last_mut() {
                *level = Level::default();
            }
        }
        '?' => {
            if let Some(level) = levels.last_mut() {
                level.conditionals += CONDITIONAL_DEPTH;
                level.chain = 0;
            }
        }
        ':' => {
            if let Some(level) = levels.last_mut() {
                level.chain = 0;
            }
        }
        '.' | '!' | '-' | '+' | '*' | '/' | '%' | '<' | '>' | '=' => {
            if let Some(level) = levels.last_mut() {
                level.chain += 1;
            }
            // `==`, `!=`, `<=` and `>=` are one operator.
            if rest[1..].starts_with('=') {
                return Ok(2);
            }
        }
        _ => {}
    }
    Ok(first.len_utf8())
}

/// The length of the quoted string that `rest` begins with. What the parser would not read as one
/// string is refused, so that brackets inside of it cannot come to count.
fn string_length(rest: &str, raw: bool) -> Result<usize, String> {
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    let (fence, many_lines) =
        if rest.starts_with(&triple) { (triple.as_str(), true) } else { (quote, false) };
    let mut at = fence.len();
    loop {
        let here = &rest[at..];
        if here.starts_with(fence) {
            return Ok(at + fence.len());
        }
        match here.chars().next() {
            None => return Err("a text in quotes is not closed".to_owned()),
            Some('\n' | '\r') if !many_lines => {
                return Err("a text in quotes is not closed on its line".to_owned());
            }
            Some('\\') if !raw => at += escape_length(here)?,
            Some(other) => at += other.len_utf8(),
        }
    }
}

/// The length of the escape sequence that `rest` begins with.
fn escape_length(rest: &str) -> Result<usize, String> {
    let all = |from: usize, count: usize, fits: fn(&u8) -> bool| {
        rest.as_bytes().get(from..from + count).is_some_and(|digits| digits.iter().all(fits))
    };
    let hexadecimal = |count| all(2, count, u8::is_ascii_hexdigit).then_some(2 + count);
    let length = match rest.as_bytes().get(1) {
        Some(
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`',
        ) => Some(2),
        Some(b'x' | b'X') => hexadecimal(2),
        Some(b'u') => hexadecimal(4),
        Some(b'U') => hexadecimal(8),
        Some(b'0'..=b'3') => all(2, 2, |digit| (b'0'..=b'7').contains(digit)).then_some(4),
        _ => None,
    };
    length.ok_or_else(|| {
        let shown: String = rest.chars().take(2).collect();
        format!("`{shown}` is not an escape; write `\\\\` for a backslash, or r\"...\"")
    })
}
