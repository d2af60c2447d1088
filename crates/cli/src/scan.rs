//! From a picture to the text of the code in it.

use std::io::Cursor;

use image::{ImageError, ImageReader, Limits, imageops::FilterType};

/// Pictures wider or higher than this are refused before they are decoded, in pixels.
const SIDE_PIXELS_MAX: u32 = 8_192;
/// Memory that decoding one picture may take, in bytes.
const DECODE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Photos are searched at this size as well, in pixels: finder patterns get lost in noise above.
const SEARCH_SIDE_PIXELS: u32 = 1_000;

/// Why a picture gave no text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ScanError {
    /// The bytes are no PNG or JPEG, or a broken or oversized one.
    #[error("cannot read the picture (PNG or JPEG, at most {SIDE_PIXELS_MAX} pixels a side)")]
    Picture(#[source] ImageError),
    /// No finder patterns anywhere.
    #[error("there is no QR code in the picture")]
    NoCode,
    /// A code was found and too much of it is damaged.
    #[error("there is a QR code in the picture, but too little of it can be read")]
    Damaged,
}

/// The text of the QR code in a PNG or JPEG; of several codes the first that can be read.
///
/// # Errors
/// [`ScanError`] says whether the picture, the search or the reading failed.
pub(crate) fn read_picture(bytes: &[u8]) -> Result<String, ScanError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| ScanError::Picture(ImageError::IoError(error)))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PIXELS_MAX);
    limits.max_image_height = Some(SIDE_PIXELS_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(ScanError::Picture)?;
    let first = read_grey(&picture.to_luma8());
    if first.is_ok() || picture.width().max(picture.height()) <= SEARCH_SIDE_PIXELS {
        return first;
    }
    let smaller = picture.resize(SEARCH_SIDE_PIXELS, SEARCH_SIDE_PIXELS, FilterType::Triangle);
    read_grey(&smaller.to_luma8()).or(first)
}

fn read_grey(grey: &image::GrayImage) -> Result<String, ScanError> {
    let (width, height) = grey.dimensions();
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or(0);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(side(width), side(height), |x, y| {
            let pixel = |side: usize| u32::try_from(side).unwrap_or(0);
            grey.get_pixel(pixel(x), pixel(y)).0[0]
        });
    let grids = prepared.detect_grids();
    if grids.is_empty() {
        return Err(ScanError::NoCode);
    }
    grids
        .iter()
        .find_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .ok_or(ScanError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        assert!(matches!(read_picture(b""), Err(ScanError::Picture(_))));
        assert!(matches!(
            read_picture(b"\x89PNG\r\n\x1a\nxx"),
            Err(ScanError::Picture(_))
        ));
        let mut white = Cursor::new(Vec::new());
        image::GrayImage::from_pixel(80, 80, image::Luma([255]))
            .write_to(&mut white, image::ImageFormat::Png)
            .unwrap();
        assert!(matches!(
            read_picture(white.get_ref()),
            Err(ScanError::NoCode)
        ));
    }
}
