//! The picture as pixels.

use anyhow::{Context as _, Result, bail};
use resvg::{tiny_skia, usvg};

/// Pixels to a unit of the picture.
const SCALE: f32 = 2.0;

/// PNG of an SVG, with the fonts of this machine.
///
/// # Errors
/// When the machine has no font, or the picture is too large.
pub(super) fn png(svg: &str) -> Result<Vec<u8>> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    if options.fontdb.is_empty() {
        bail!("this machine has no fonts to write the legend with; .svg needs none");
    }
    options.fontdb_mut().set_sans_serif_family("DejaVu Sans");
    let tree = usvg::Tree::from_str(svg, &options).context("the picture cannot be drawn")?;
    let size = tree.size().to_int_size();
    let size = size.scale_by(SCALE).context("the picture is too large")?;
    let mut pixels =
        tiny_skia::Pixmap::new(size.width(), size.height()).context("the picture is too large")?;
    let scale = tiny_skia::Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels.encode_png().context("the picture cannot be encoded")
}
