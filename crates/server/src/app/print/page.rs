//! Lines on pages: what does not fit goes to the next page, a heading never stands alone at the foot
//! of one, and every page says which of how many it is.

use krilla::Document;
use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{Point, Rect};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::TextDirection;

use super::{Fonts, HEIGHT, MARGIN, Style, WIDTH};

/// What a heading needs below it on its page, in points.
const KEEP: f32 = 56.0;

/// One line of text.
#[derive(Debug, Clone)]
pub struct Line {
    pub text: String,
    pub style: Style,
    /// From the left edge of the page, in points.
    pub x: f32,
    pub link: Option<String>,
}

/// A line where it stands.
struct Placed {
    line: Line,
    /// Its base line, from the upper edge of the page, in points.
    y: f32,
}

/// The pages so far.
pub struct Pages {
    pages: Vec<Vec<Placed>>,
    sections: Vec<(String, usize, f32)>,
    /// Where the next line begins, from the upper edge, in points.
    y: f32,
}

impl Pages {
    /// One empty page.
    pub fn new() -> Self {
        Self { pages: vec![Vec::new()], sections: Vec::new(), y: MARGIN }
    }

    /// Leaves room, but not at the head of a page.
    pub fn space(&mut self, points: f32) {
        if self.y > MARGIN {
            self.y += points;
        }
    }

    /// Begins a section.
    pub fn section(&mut self, name: &str) {
        self.space(12.0);
        if self.y + KEEP > bottom() {
            self.turn();
        }
        self.sections.push((name.to_owned(), self.pages.len() - 1, self.y));
    }

    /// Lines below each other.
    pub fn column(&mut self, lines: Vec<Line>) {
        self.columns(Vec::new(), lines);
    }

    /// Lines beside each other; what follows begins below the longer column.
    pub fn columns(&mut self, left: Vec<Line>, right: Vec<Line>) {
        let (mut left, mut right) = (left.into_iter(), right.into_iter());
        loop {
            let row: Vec<Line> = [left.next(), right.next()].into_iter().flatten().collect();
            let leading = row.iter().map(|line| line.style.leading()).fold(0.0, f32::max);
            if row.is_empty() {
                return;
            }
            if self.y + leading > bottom() {
                self.turn();
            }
            self.y += leading;
            let y = self.y - leading * 0.28;
            if let Some(page) = self.pages.last_mut() {
                page.extend(row.into_iter().map(|line| Placed { line, y }));
            }
        }
    }

    /// How many pages there are.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    /// Draws the pages.
    pub fn write(self, document: &mut Document, fonts: &Fonts, foot: &str) {
        let mut outline = Outline::new();
        for (name, page, y) in self.sections {
            let to = XyzDestination::new(page, Point::from_xy(MARGIN, y));
            outline.push_child(OutlineNode::new(name, to));
        }
        document.set_outline(outline);
        let count = self.pages.len();
        for (at, lines) in self.pages.iter().enumerate() {
            let Some(settings) = PageSettings::from_wh(WIDTH, HEIGHT) else { continue };
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for placed in lines {
                draw(&mut surface, fonts, placed);
            }
            let text = format!("{foot} \u{b7} page {} of {count}", at + 1);
            let line = Line { text, style: Style::MUTED, x: MARGIN, link: None };
            draw(&mut surface, fonts, &Placed { line, y: HEIGHT - MARGIN * 0.55 });
            surface.finish();
            for placed in lines {
                if let Some(link) = link(placed) {
                    page.add_annotation(link);
                }
            }
            page.finish();
        }
    }
}

/// Where the text of a page ends, in points.
fn bottom() -> f32 {
    HEIGHT - MARGIN
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, placed: &Placed) {
    let Line { text, style, x, .. } = &placed.line;
    let ink =
        if style.is_muted { rgb::Color::new(81, 91, 104) } else { rgb::Color::new(18, 22, 28) };
    surface.set_fill(Some(Fill { paint: ink.into(), ..Fill::default() }));
    let font = fonts.of(*style).1.clone();
    let start = Point::from_xy(*x, placed.y);
    surface.draw_text(start, font, style.size, text, false, TextDirection::Auto);
}

/// What opens when the line is touched.
fn link(placed: &Placed) -> Option<Annotation> {
    let Line { style, x, link, .. } = &placed.line;
    let to = link.clone()?;
    let top = placed.y - style.size;
    let area = Rect::from_ltrb(*x, top, WIDTH - MARGIN, top + style.leading())?;
    let target = Target::Action(LinkAction::new(to).into());
    Some(Annotation::new_link(LinkAnnotation::new(area, target), None))
}
