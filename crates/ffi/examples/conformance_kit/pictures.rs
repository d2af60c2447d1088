//! QR pictures: level M, four pixels a module, four modules of quiet zone, black on white.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, GrayImage, ImageEncoder as _, Luma};
use qrcode::{Color, EcLevel, QrCode};

const MODULE_PIXELS: u32 = 4;
const QUIET_MODULES: u32 = 4;

/// The pixels of the picture of `text`.
pub(crate) fn pixels(text: &str) -> GrayImage {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
    let modules = u32::try_from(code.width()).unwrap();
    let side = (modules + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let module = |pixel: u32| {
        let module = (pixel / MODULE_PIXELS).checked_sub(QUIET_MODULES)?;
        (module < modules).then(|| usize::try_from(module).unwrap())
    };
    GrayImage::from_fn(side, side, |x, y| match (module(x), module(y)) {
        (Some(column), Some(row)) if code[(column, row)] == Color::Dark => Luma([0]),
        _ => Luma([255]),
    })
}

/// The picture as a PNG.
pub(crate) fn png(text: &str) -> Vec<u8> {
    let picture = pixels(text);
    let mut png = Vec::new();
    // Rows repeat four times: `Up` makes three of four all zero.
    PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Up)
        .write_image(
            picture.as_raw(),
            picture.width(),
            picture.height(),
            ExtendedColorType::L8,
        )
        .unwrap();
    png
}
