//! Tables that fit the screen: the columns that may give way are cut, the others are not.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Screen, Style, clean};

/// Between two columns.
const GAP: &str = "  ";
/// The narrowest that a column is cut to.
const WIDTH_MIN: usize = 8;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    is_number: bool,
    gives_way: bool,
}

impl Column {
    /// A column that is shown whole.
    pub const fn new(title: &'static str) -> Self {
        Self { title, is_number: false, gives_way: false }
    }

    /// A column of numbers, which stand at its right.
    pub const fn number(title: &'static str) -> Self {
        Self { title, is_number: true, gives_way: false }
    }

    /// A column that is cut where there is too little room.
    pub const fn text(title: &'static str) -> Self {
        Self { title, is_number: false, gives_way: true }
    }
}

/// A cell.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell that stands out.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: one_line(&text.into()), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::Plain)
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The table as text; every line ends with a line feed.
    pub fn render(&self, screen: Screen) -> String {
        let widths = self.widths(screen.width);
        let titles =
            self.columns.iter().map(|column| Cell::styled(column.title, Style::Muted)).collect();
        let mut text = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            text += &self.line(row, &widths, screen);
            text.push('\n');
        }
        text
    }

    fn line(&self, row: &[Cell], widths: &[usize], screen: Screen) -> String {
        let mut line = String::new();
        // Nothing is gained by blanks at the end of a line, so they wait for what comes after them.
        let mut blank = 0;
        for ((cell, width), column) in row.iter().zip(widths).zip(&self.columns) {
            let text = cut(&cell.text, *width);
            let room = width.saturating_sub(text.width());
            let (before, after) = if column.is_number { (room, 0) } else { (0, room) };
            blank += before;
            if !text.is_empty() {
                line += &" ".repeat(blank);
                blank = 0;
                line += &screen.paint.apply(cell.style, &text);
            } else {
                blank += text.width();
            }
            blank += after + GAP.len();
        }
        line
    }

    fn widths(&self, screen: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|cell| cell.text.width()).max().unwrap_or(0);
                widest.max(self.columns[at].title.width())
            })
            .collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(screen);
        // The widest gives way first, a column of text before any other.
        for gives_way in [true, false] {
            while excess > 0 {
                let widest = (0..widths.len())
                    .filter(|at| self.columns[*at].gives_way == gives_way)
                    .filter(|at| gives_way || !self.columns[*at].is_number)
                    .filter(|at| widths[*at] > WIDTH_MIN)
                    .max_by_key(|at| widths[*at]);
                let Some(widest) = widest else { break };
                widths[widest] -= 1;
                excess -= 1;
            }
        }
        widths
    }
}

/// A text in at most `width` columns; what is cut away is marked.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::Paint;

    fn screen(width: usize) -> Screen {
        Screen { width, paint: Paint::new(false) }
    }

    #[test]
    fn a_table_fits_the_screen_by_cutting_text_and_nothing_else() {
        let mut table =
            Table::new([Column::number("#"), Column::new("STATUS"), Column::text("TITLE")]);
        table.row(["7".into(), "triggered".into(), "short".into()]);
        table.row(["1042".into(), "acknowledged".into(), "latency of checkout ".repeat(9).into()]);
        let text = table.render(screen(80));
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.contains("   7  triggered     short\n"), "{text}");
        assert!(text.contains("1042  acknowledged  latency"), "{text}");
        assert!(text.lines().last().is_some_and(|line| line.ends_with('…')), "{text}");
    }

    #[test]
    fn wide_characters_count_for_what_they_are() {
        assert_eq!(cut("障害発生中", 10), "障害発生中");
        assert_eq!(cut("障害発生中", 9).width(), 9);
        assert_eq!(cut("障害発生中", 8).width(), 7);
    }

    #[test]
    fn colour_is_only_used_where_it_is_welcome() {
        let mut table = Table::new([Column::new("SEV")]);
        table.row([Cell::styled("1", Style::Severity(1))]);
        assert!(!table.render(screen(80)).contains('\u{1b}'));
        let painted = Screen { width: 80, paint: Paint::new(true) };
        assert!(table.render(painted).contains("\u{1b}[1;31m1\u{1b}[0m"));
    }
}
