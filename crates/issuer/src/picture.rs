//! Pictures of codes: QR, black on white, as SVG and PNG.
//!
//! Level M in alphanumeric mode, a quiet zone of four modules, every module a whole number of
//! pixels: what cheap readers and phone cameras take best (ISO/IEC 18004 sections 6.3 and 7).

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::render::svg;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The largest symbol made: a gate-bound presentation needs it, and readers are aimed for it.
pub const VERSION_MAX: i16 = 12;

/// White modules around the symbol (ISO/IEC 18004 section 6.3.8).
pub const QUIET_MODULES: u32 = 4;

/// Side of one module in pixels.
pub const MODULE_PIXELS: u32 = 8;

/// Why a text became no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A character that QR's alphanumeric mode does not have; no code text holds one.
    #[error("byte {at} of the text is not in QR's alphanumeric set")]
    NotAlphanumeric {
        /// Offset of the first such byte.
        at: usize,
    },
    /// The text fits no symbol.
    #[error("the text fits no QR symbol")]
    Symbol(#[source] QrError),
    /// The symbol would be larger than readers are aimed for.
    #[error("expected QR version {VERSION_MAX} at most, got {version}")]
    TooLarge {
        /// The version it would take.
        version: i16,
    },
    /// The PNG could not be written.
    #[error("the picture could not be encoded")]
    Encode(#[source] image::ImageError),
}

/// The picture of `text` as an SVG document.
///
/// # Errors
/// [`PictureError`].
pub fn svg(text: &str) -> Result<String, PictureError> {
    let code = symbol(text)?;
    Ok(code
        .render()
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .quiet_zone(true)
        .module_dimensions(MODULE_PIXELS, MODULE_PIXELS)
        .build())
}

/// The picture of `text` as a PNG of 8 bits grey, where black is 0 and white 255.
///
/// # Errors
/// [`PictureError`].
pub fn png(text: &str) -> Result<Vec<u8>, PictureError> {
    let code = symbol(text)?;
    let modules = u32::try_from(code.width()).unwrap_or(0);
    let side = modules
        .saturating_add(2 * QUIET_MODULES)
        .saturating_mul(MODULE_PIXELS);
    let colors = code.to_colors();
    let is_dark = |pixel: u32| (pixel / MODULE_PIXELS).checked_sub(QUIET_MODULES);
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let dark = match (is_dark(x), is_dark(y)) {
            (Some(column), Some(row)) if column < modules && row < modules => {
                let index = usize::try_from(row * modules + column).ok();
                index.and_then(|index| colors.get(index)) == Some(&Color::Dark)
            }
            _ => false,
        };
        Luma([if dark { 0 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(PictureError::Encode)?;
    Ok(bytes.into_inner())
}

/// The QR version that `text` takes at level M.
///
/// # Errors
/// [`PictureError`].
pub fn version(text: &str) -> Result<i16, PictureError> {
    symbol(text).map(|code| number(code.version()))
}

fn symbol(text: &str) -> Result<QrCode, PictureError> {
    let in_set = |byte: &u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" $%*+-./:".contains(byte)
    };
    if let Some(at) = text.as_bytes().iter().position(|byte| !in_set(byte)) {
        return Err(PictureError::NotAlphanumeric { at });
    }
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(PictureError::Symbol)?;
    let version = number(code.version());
    if version > VERSION_MAX {
        return Err(PictureError::TooLarge { version });
    }
    Ok(code)
}

fn number(version: Version) -> i16 {
    match version {
        Version::Normal(number) | Version::Micro(number) => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(png: &[u8]) -> (image::GrayImage, String) {
        let picture = image::load_from_memory(png).unwrap().to_luma8();
        let (width, height) = picture.dimensions();
        let pixel = |x: usize, y: usize| {
            picture
                .get_pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap())
                .0[0]
        };
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(
            usize::try_from(width).unwrap(),
            usize::try_from(height).unwrap(),
            pixel,
        );
        let text = prepared.detect_grids()[0].decode().unwrap().1;
        (picture, text)
    }

    #[test]
    fn sizes_are_those_of_the_standard() {
        // ISO/IEC 18004 table 7: alphanumeric capacity at level M.
        for (length, expected) in [(221, 8), (222, 9), (366, 11), (367, 12), (419, 12)] {
            assert_eq!(
                version(&"A".repeat(length)).unwrap(),
                expected,
                "{length} characters"
            );
        }
        let error = svg(&"A".repeat(420)).unwrap_err();
        insta::assert_snapshot!(error, @"expected QR version 12 at most, got 13");
        assert!(matches!(
            png("FG1:a"),
            Err(PictureError::NotAlphanumeric { at: 4 })
        ));
        assert!(matches!(
            png(&"A".repeat(9000)),
            Err(PictureError::Symbol(_))
        ));
    }

    #[test]
    fn a_png_is_black_on_white_with_a_quiet_zone_and_reads_back() {
        let text = format!("FG1:{}", "A1$ +-./:%*".repeat(20));
        let (picture, read_text) = read(&png(&text).unwrap());
        assert_eq!(read_text, text);
        // Version 9 has 17 + 4 * 9 = 53 modules a side.
        assert_eq!(version(&text).unwrap(), 9);
        assert_eq!(picture.dimensions(), ((53 + 8) * 8, (53 + 8) * 8));
        let quiet = QUIET_MODULES * MODULE_PIXELS;
        for (x, y, pixel) in picture.enumerate_pixels() {
            let inside = |at: u32| at >= quiet && at < (53 + 4) * 8;
            assert!(pixel.0[0] == 0 || pixel.0[0] == 255);
            assert!(
                (inside(x) && inside(y)) || pixel.0[0] == 255,
                "({x}, {y}) is not quiet"
            );
            let corner = picture.get_pixel(x / 8 * 8, y / 8 * 8);
            assert_eq!(pixel, corner, "modules are whole");
        }
        assert_eq!(
            picture.get_pixel(quiet, quiet).0[0],
            0,
            "a finder begins dark"
        );
    }

    #[test]
    fn an_svg_has_the_same_modules_as_the_png() {
        let text = "FG1:HELLO";
        let drawing = svg(text).unwrap();
        let (picture, _) = read(&png(text).unwrap());
        let side = picture.width();
        assert!(
            drawing.contains(&format!(r#"viewBox="0 0 {side} {side}""#)),
            "{drawing}"
        );
        assert!(drawing.contains(r##"fill="#ffffff""##) && drawing.contains(r##"fill="#000000""##));
        // Each dark module is one `M{x} {y}h8v8H{x}V{y}`.
        let dark = picture.enumerate_pixels().filter(|(x, y, pixel)| {
            x % MODULE_PIXELS == 0 && y % MODULE_PIXELS == 0 && pixel.0[0] == 0
        });
        let mut count = 0;
        for (x, y, _) in dark {
            assert!(
                drawing.contains(&format!("M{x} {y}h8v8H{x}V{y}")),
                "({x}, {y})"
            );
            count += 1;
        }
        assert_eq!(drawing.matches('M').count(), count);
    }
}
