//! Pages for paper: a title, headings, facts and what happened when, laid out on A4 pages and written
//! as a PDF. It knows fonts, lines and pages and nothing of incidents.
//!
//! Lines break where Unicode (UAX 14) allows it. One family of fonts stands for all scripts: what it
//! lacks (Han, emoji) is printed as a box.

mod page;
mod wrap;

use jiff::{Timestamp, tz};
use krilla::Document;
use krilla::metadata::{DateTime, Metadata};
use krilla::text::Font;
use thiserror::Error;
use ttf_parser::Face;

use page::{Line, Pages};

/// The width of a page (A4), in points.
const WIDTH: f32 = 595.0;
/// The height of a page (A4), in points.
const HEIGHT: f32 = 842.0;
/// What stays free around the text, in points.
const MARGIN: f32 = 54.0;
/// How wide the column of instants and names is, in points.
const LABEL: f32 = 128.0;

/// Why nothing was printed.
#[derive(Debug, Error)]
pub enum PrintError {
    /// The built-in fonts cannot be read.
    #[error("the fonts for printing cannot be read")]
    Fonts,
    /// The document could not be written.
    #[error("the document could not be written: {0}")]
    Document(String),
}

/// A piece of a document, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A section begins; it stands in the outline that readers navigate by.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Something with a name, or at an instant.
    Fact {
        /// What stands in the left column.
        name: String,
        /// What is said of it; its lines stay lines.
        value: String,
        /// What is said besides, in grey.
        notes: Vec<String>,
        /// An address to open.
        link: Option<String>,
    },
}

impl Block {
    /// A fact that nothing more is said of.
    pub fn fact(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Fact { name: name.into(), value: value.into(), notes: Vec::new(), link: None }
    }
}

/// A document to be printed.
#[derive(Debug, Clone)]
pub struct Paper {
    /// What it is called, at its head and in its properties.
    pub title: String,
    /// What stands at the foot of every page before its number.
    pub foot: String,
    /// As of when.
    pub at: Timestamp,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Style {
    /// In points.
    size: f32,
    is_bold: bool,
    is_muted: bool,
}

impl Style {
    const TITLE: Self = Self { size: 17.0, is_bold: true, is_muted: false };
    const HEADING: Self = Self { size: 11.5, is_bold: true, is_muted: false };
    const BODY: Self = Self { size: 9.0, is_bold: false, is_muted: false };
    const MUTED: Self = Self { size: 8.5, is_bold: false, is_muted: true };

    /// From one line to the next, in points.
    fn leading(self) -> f32 {
        self.size * 1.42
    }
}

/// The two faces of the family, to measure and to draw with.
struct Fonts {
    regular: (Face<'static>, Font),
    bold: (Face<'static>, Font),
}

impl Fonts {
    fn load() -> Option<Self> {
        let one =
            |data: &'static [u8]| Some((Face::parse(data, 0).ok()?, Font::new(data.into(), 0)?));
        Some(Self { regular: one(dejavu::sans::regular())?, bold: one(dejavu::sans::bold())? })
    }

    fn of(&self, style: Style) -> &(Face<'static>, Font) {
        if style.is_bold { &self.bold } else { &self.regular }
    }

    /// The lines of a text in a column of that width, in points.
    fn wrap(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let face = &self.of(style).0;
        let scale = style.size / f32::from(face.units_per_em());
        wrap::lines(text, width, |character| {
            let glyph = face.glyph_index(character).unwrap_or_default();
            f32::from(face.glyph_hor_advance(glyph).unwrap_or_default()) * scale
        })
    }
}

/// The document as a PDF.
///
/// # Errors
/// When the fonts cannot be read or the document cannot be written.
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, PrintError> {
    let fonts = Fonts::load().ok_or(PrintError::Fonts)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(paper.title.clone())
            .creator("Muster".to_owned())
            .language("en".to_owned())
            .creation_date(date(paper.at)),
    );
    let mut pages = Pages::new();
    set(&mut pages, &fonts, paper);
    pages.write(&mut document, &fonts, &paper.foot);
    document.finish().map_err(|error| PrintError::Document(error.to_string()))
}

fn set(pages: &mut Pages, fonts: &Fonts, paper: &Paper) {
    let full = WIDTH - 2.0 * MARGIN;
    let lines = |text: &str, style, x, width| -> Vec<Line> {
        let lines = fonts.wrap(text, style, width);
        lines.into_iter().map(|text| Line { text, style, x, link: None }).collect()
    };
    pages.column(lines(&paper.title, Style::TITLE, MARGIN, full));
    pages.space(6.0);
    for block in &paper.blocks {
        match block {
            Block::Heading(text) => {
                pages.section(text);
                pages.column(lines(text, Style::HEADING, MARGIN, full));
                pages.space(3.0);
            }
            Block::Text(text) => {
                pages.column(lines(text, Style::BODY, MARGIN, full));
                pages.space(4.0);
            }
            Block::Fact { name, value, notes, link } => {
                let (x, width) = (MARGIN + LABEL, full - LABEL);
                let mut right = lines(value, Style::BODY, x, width);
                for note in notes {
                    right.extend(lines(note, Style::MUTED, x, width));
                }
                for mut line in link.iter().flat_map(|to| lines(to, Style::MUTED, x, width)) {
                    line.link.clone_from(link);
                    right.push(line);
                }
                pages.columns(lines(name, Style::MUTED, MARGIN, LABEL - 10.0), right);
                pages.space(2.5);
            }
        }
    }
}

/// An instant as PDF writes it, in UTC.
fn date(at: Timestamp) -> DateTime {
    let at = at.to_zoned(tz::TimeZone::UTC).datetime();
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests;
