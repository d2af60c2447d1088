//! Pages to print (PDF): a head, and lines of cells below it on as many pages as they need.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str};

/// A4 in points.
const PAGE: Rect = Rect {
    x1: 0.0,
    y1: 0.0,
    x2: 595.0,
    y2: 842.0,
};
/// Points from the edges.
const MARGIN: f32 = 56.0;
/// Points from line to line.
const LEADING: f32 = 16.0;
/// Lines of one page below its head.
const LINES_PER_PAGE: usize = 40;

/// Letters of one line at the size of the table, where they are Latin; others are twice as wide.
const LETTERS_PER_LINE: usize = 92;

/// A line of the table: what stands how many points right of the margin.
pub(crate) type Line = Vec<(f32, String)>;

/// The objects of a document that is being written.
struct Paper {
    pdf: Pdf,
    last: i32,
    fonts: [(Name<'static>, Ref); 3],
}

impl Paper {
    fn next(&mut self) -> Ref {
        self.last = self.last.saturating_add(1);
        Ref::new(self.last)
    }
}

/// The document with this head (its first line a title) on each page, and these lines.
pub(crate) fn document(head: &[String], lines: &[Line]) -> Vec<u8> {
    let mut paper = Paper {
        pdf: Pdf::new(),
        last: 0,
        fonts: [LATIN, CHINESE, KOREAN].map(|name| (name, Ref::new(1))),
    };
    let (catalog, tree) = (paper.next(), paper.next());
    fonts(&mut paper);
    let mut chunks: Vec<&[Line]> = lines.chunks(LINES_PER_PAGE).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let mut kids = Vec::with_capacity(chunks.len());
    for (number, chunk) in (1..).zip(&chunks) {
        let mut content = Content::new();
        let mut y = PAGE.y2 - MARGIN;
        for (place, text) in head.iter().enumerate() {
            let size = if place == 0 { 16.0 } else { 11.0 };
            write(&mut content, MARGIN, y, size, text);
            y -= LEADING * 1.3;
        }
        y -= LEADING;
        for line in *chunk {
            for (right, text) in line {
                write(&mut content, MARGIN + right, y, 10.0, text);
            }
            y -= LEADING;
        }
        let foot = format!("Page {number} of {}", chunks.len());
        write(&mut content, MARGIN, MARGIN, 9.0, &foot);
        kids.push(add_page(&mut paper, tree, content));
    }
    paper.pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    paper.pdf.pages(tree).kids(kids).count(count);
    paper.pdf.finish()
}

/// Text in lines that fit the page, `right` points from the margin.
pub(crate) fn paragraph(right: f32, text: &str) -> Vec<Line> {
    let mut lines: Vec<String> = vec![String::new()];
    let width = |text: &str| -> usize {
        let wide = text.chars().filter(|letter| !letter.is_ascii()).count();
        text.chars().count().saturating_add(wide)
    };
    for word in text.split_inclusive(' ') {
        let line = lines.last_mut();
        let fits = |line: &String| width(line).saturating_add(width(word)) <= LETTERS_PER_LINE;
        match line.filter(|line| line.is_empty() || fits(line)) {
            Some(line) => line.push_str(word),
            None => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| vec![(right, line)]).collect()
}

fn add_page(paper: &mut Paper, tree: Ref, content: Content) -> Ref {
    let (page, stream) = (paper.next(), paper.next());
    let mut writer = paper.pdf.page(page);
    writer.media_box(PAGE).parent(tree).contents(stream);
    let mut resources = writer.resources();
    let mut dictionary = resources.fonts();
    for (name, font) in paper.fonts {
        dictionary.pair(name, font);
    }
    dictionary.finish();
    resources.finish();
    writer.finish();
    paper.pdf.stream(stream, &content.finish());
    page
}

const LATIN: Name<'static> = Name(b"L");
const CHINESE: Name<'static> = Name(b"C");
const KOREAN: Name<'static> = Name(b"K");

/// Fonts that every reader of PDF has or stands something in for (ISO 32000-2 sections 9.6.2.2 and
/// 9.7.5.2), so that no font is part of a statement.
fn fonts(paper: &mut Paper) {
    let latin = paper.next();
    let mut font = paper.pdf.type1_font(latin);
    font.base_font(Name(b"Helvetica"));
    font.encoding_predefined(Name(b"WinAnsiEncoding"));
    font.finish();
    let chinese = (&b"STSong-Light"[..], &b"UniGB-UTF16-H"[..], &b"GB1"[..], 4);
    let korean = (
        &b"HYSMyeongJo-Medium"[..],
        &b"UniKS-UTF16-H"[..],
        &b"Korea1"[..],
        2,
    );
    let chinese = east_asian(paper, chinese);
    let korean = east_asian(paper, korean);
    paper.fonts = [(LATIN, latin), (CHINESE, chinese), (KOREAN, korean)];
}

fn east_asian(
    paper: &mut Paper,
    (base, encoding, ordering, supplement): (&[u8], &[u8], &[u8], i32),
) -> Ref {
    let (font, descendant, descriptor) = (paper.next(), paper.next(), paper.next());
    let mut writer = paper.pdf.type0_font(font);
    writer
        .base_font(Name(base))
        .encoding_predefined(Name(encoding));
    writer.descendant_font(descendant);
    writer.finish();
    let mut writer = paper.pdf.cid_font(descendant);
    writer
        .subtype(CidFontType::Type0)
        .base_font(Name(base))
        .font_descriptor(descriptor);
    writer.system_info(SystemInfo {
        registry: Str(b"Adobe"),
        ordering: Str(ordering),
        supplement,
    });
    writer.finish();
    let mut writer = paper.pdf.font_descriptor(descriptor);
    writer.name(Name(base)).flags(FontFlags::SYMBOLIC);
    writer
        .bbox(Rect::new(0.0, -120.0, 1000.0, 880.0))
        .italic_angle(0.0);
    writer
        .ascent(880.0)
        .descent(-120.0)
        .cap_height(880.0)
        .stem_v(80.0);
    writer.finish();
    font
}

/// Writes `text` in the font that has its letters.
fn write(content: &mut Content, x: f32, y: f32, size: f32, text: &str) {
    let is_latin = |letter: char| matches!(letter, ' '..='~' | '\u{a0}'..='\u{ff}');
    let is_hangul =
        |letter: char| matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}');
    let (font, bytes): (Name<'_>, Vec<u8>) = if text.chars().all(is_latin) {
        // The upper half of WinAnsi from A0 on is that of Unicode.
        let bytes = text
            .chars()
            .filter_map(|letter| u8::try_from(u32::from(letter)).ok());
        (LATIN, bytes.collect())
    } else {
        let font = if text.chars().any(is_hangul) {
            KOREAN
        } else {
            CHINESE
        };
        (
            font,
            text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        )
    };
    content.begin_text().set_font(font, size).next_line(x, y);
    content.show(Str(&bytes)).end_text();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_goes_on_in_the_next_line() {
        let text = "word ".repeat(40);
        let lines = paragraph(20.0, text.trim_end());
        // 92 letters hold 18 words of five.
        let words: Vec<usize> = lines
            .iter()
            .map(|line| line[0].1.split_whitespace().count())
            .collect();
        assert_eq!(words, [18, 18, 4]);
        assert_eq!(paragraph(0.0, "").len(), 1);
    }
}
