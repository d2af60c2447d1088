//! A picture to the codes in it. Runs in a process of its own (`faregate-gate read-picture`), which
//! takes nothing but the picture's bytes and gives nothing but lines: whatever a picture does to
//! the decoder, it does to that process.

use std::io::{Cursor, Read, Write};

use image::{ImageReader, Limits};

/// Most bytes of a picture's file.
pub const PICTURE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Longest side of a picture in pixels: a camera of 12 megapixels.
const SIDE_MAX: u32 = 4096;

/// Most memory of the decoder, in bytes: four such pictures at one byte per pixel.
const DECODER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most codes taken of one picture: riders beside each other, or a poster behind one.
const CODES_MAX: usize = 4;

/// Most places in a picture that are tried as codes.
const PLACES_MAX: usize = 16;

/// The largest QR code that a code of ours fits (12-M, `docs/WIRE.md`), and one size for a poor
/// encoder: version 15 has 77 modules a side.
const VERSION_MAX: usize = 15;

/// Memory of the whole process and seconds of its work, set before the first byte is read.
const PROCESS_BYTES_MAX: u64 = 512 * 1024 * 1024;
const PROCESS_SECONDS_MAX: u64 = 2;

/// Reads a picture and writes a line for every code in it.
///
/// # Errors
/// When the bytes are no picture within the limits.
pub fn run(from: impl Read, mut to: impl Write) -> anyhow::Result<()> {
    limit()?;
    let mut bytes = Vec::new();
    from.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    for code in codes(&bytes)? {
        to.write_all(&code)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

fn limit() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::As, most(PROCESS_BYTES_MAX))?;
    setrlimit(Resource::Cpu, most(PROCESS_SECONDS_MAX))?;
    setrlimit(Resource::Core, most(0))?;
    Ok(())
}

/// The codes in a picture, without blanks around them.
///
/// # Errors
/// When the bytes are no picture within the limits.
pub fn codes(bytes: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    anyhow::ensure!(
        u64::try_from(bytes.len())? <= PICTURE_BYTES_MAX,
        "expected at most {PICTURE_BYTES_MAX} bytes"
    );
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let grey = reader.decode()?.into_luma8();
    let (width, height) = grey.dimensions();
    let side = |length: u32| usize::try_from(length).unwrap_or(0);
    let raw = grey.as_raw();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(side(width), side(height), |x, y| {
            raw.get(y * side(width) + x).copied().unwrap_or(u8::MAX)
        });
    let mut found = Vec::new();
    for grid in prepared.detect_grids().into_iter().take(PLACES_MAX) {
        let mut code = Vec::new();
        let Ok(meta) = grid.decode_to(&mut code) else {
            continue;
        };
        let code = code.trim_ascii();
        // A line end inside would be two codes of one.
        let line = !code.contains(&b'\n') && !code.contains(&b'\r');
        if meta.version.0 <= VERSION_MAX && !code.is_empty() && line {
            found.push(code.to_vec());
        }
        if found.len() == CODES_MAX {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageFormat, Luma};
    use qrcode::{EcLevel, QrCode, Version};

    use super::*;

    fn encoded(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn drawn(code: &QrCode) -> GrayImage {
        code.render::<Luma<u8>>().module_dimensions(4, 4).build()
    }

    #[test]
    fn png_and_jpeg_are_read() {
        let picture = drawn(&QrCode::new(b"FG1:ABC $%*+-./:").unwrap());
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let bytes = encoded(&picture, format);
            assert_eq!(codes(&bytes).unwrap(), [b"FG1:ABC $%*+-./:"]);
        }
    }

    #[test]
    fn larger_codes_and_codes_of_two_lines_are_left_out() {
        let large = QrCode::with_version(b"FG1:ABC", Version::Normal(16), EcLevel::M).unwrap();
        let bytes = encoded(&drawn(&large), ImageFormat::Png);
        assert!(codes(&bytes).unwrap().is_empty());
        let fits = QrCode::with_version(b"FG1:ABC", Version::Normal(15), EcLevel::M).unwrap();
        let bytes = encoded(&drawn(&fits), ImageFormat::Png);
        assert_eq!(codes(&bytes).unwrap(), [b"FG1:ABC"]);
        let two = encoded(&drawn(&QrCode::new(b"A\nB").unwrap()), ImageFormat::Png);
        assert!(codes(&two).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        let wide = encoded(&GrayImage::new(SIDE_MAX + 1, 1), ImageFormat::Png);
        let full = encoded(&GrayImage::new(16, 16), ImageFormat::Png);
        assert!(codes(&wide).is_err());
        assert!(codes(&full).unwrap().is_empty());
        for cut in 0..full.len() - 12 {
            assert!(codes(&full[..cut]).is_err(), "cut at {cut}");
        }
        let too_long = vec![0; usize::try_from(PICTURE_BYTES_MAX).unwrap() + 1];
        assert!(codes(&too_long).is_err());
    }
}
