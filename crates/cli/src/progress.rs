//! Progress on standard error while something long runs; nothing where nobody looks.

use std::io::Read;

use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

/// A bar that knows its end.
pub(crate) fn bar(what: &str, end: u64) -> ProgressBar {
    let bar = ProgressBar::new(end).with_message(what.to_owned());
    let look = "{msg:<32} {bar:30} {human_pos}/{human_len} {eta}";
    if let Ok(style) = ProgressStyle::with_template(look) {
        bar.set_style(style);
    }
    bar
}

/// A count that does not.
pub(crate) fn counter(what: &str) -> ProgressBar {
    let counter = ProgressBar::no_length().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{msg:<32} {human_pos} {elapsed}") {
        counter.set_style(style);
    }
    counter
}

/// Reads `source` of `size_bytes` and shows how far it is.
pub(crate) fn reading<R: Read>(what: &str, size_bytes: u64, source: R) -> ProgressBarIter<R> {
    let bar = ProgressBar::new(size_bytes).with_message(what.to_owned());
    let look = "{msg:<32} {bar:30} {binary_bytes}/{binary_total_bytes} {eta}";
    if let Ok(style) = ProgressStyle::with_template(look) {
        bar.set_style(style);
    }
    bar.wrap_read(source)
}
