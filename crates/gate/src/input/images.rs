//! A folder of pictures: a camera's program moves each picture in under its final name; the agent
//! reads it in a process of its own with a time limit, and takes it away.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wire::tap::TapKind;

use super::look::Look;
use super::picture::PICTURE_BYTES_MAX;
use super::{Line, Source};
use crate::frame::Framer;
use crate::machine::Stopwatch;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long one picture may take: the next rider's waits for it.
const PICTURE_TIME_MAX: Duration = Duration::from_secs(1);

/// Pictures that wait; of more, the oldest are of riders who have gone.
const PICTURES_MAX: usize = 4;

/// Most that a picture's process may say: four codes of the longest kind.
const OUTPUT_BYTES_MAX: u64 = 16 * 1024;

/// A watched folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kind: TapKind,
    /// This program.
    reader: PathBuf,
}

impl Folder {
    /// Makes the folder where there is none.
    pub(super) fn open(path: &Path, kind: TapKind) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
            kind,
            reader: std::env::current_exe()?,
        })
    }

    /// Reads pictures for ever.
    pub(super) fn serve(&self, line: &Line) {
        let source = Source::new(line, self.kind);
        let mut look = Look::default();
        loop {
            match self.waiting() {
                Ok(pictures) if pictures.is_empty() => std::thread::sleep(LOOK_EVERY),
                Ok(pictures) => {
                    for picture in pictures {
                        self.take(&picture, &mut look, &source);
                    }
                }
                Err(error) => {
                    tracing::warn!(path = %self.path.display(), %error, "no folder of pictures");
                    std::thread::sleep(LOOK_EVERY * 20);
                }
            }
        }
    }

    /// The newest pictures, oldest first; older ones are taken away.
    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            // No link, no pipe; a file may have gone meanwhile.
            let Ok(about) = fs::symlink_metadata(&path) else {
                continue;
            };
            if is_picture(&path) && about.is_file() {
                found.push((about.modified()?, path));
            }
        }
        found.sort();
        let too_many = found.len().saturating_sub(PICTURES_MAX);
        for (_, path) in found.drain(..too_many) {
            Self::remove(&path)?;
        }
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }

    fn remove(path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn take(&self, path: &Path, look: &mut Look, source: &Source<'_>) {
        let watch = Stopwatch::start();
        let outcome = File::open(path).and_then(|file| self.read(file));
        // Taken away first: a picture is never read twice, and a folder where nothing can be
        // taken away is not read in circles.
        if let Err(error) = Self::remove(path) {
            tracing::error!(path = %self.path.display(), %error, "a picture cannot be taken away");
            std::thread::sleep(LOOK_EVERY * 20);
            return;
        }
        match outcome {
            Ok(lines) => {
                let mut framer = Framer::default();
                framer.push(&lines, |text| look.hand_in(text, watch, source));
            }
            Err(error) => tracing::warn!(%error, "a picture is not read"),
        }
    }

    /// What the picture's process says, within its time.
    fn read(&self, picture: File) -> io::Result<Vec<u8>> {
        if picture.metadata()?.len() > PICTURE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut child = Command::new(&self.reader)
            .arg("read-picture")
            .env_clear()
            .stdin(picture)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = hear(&mut child);
        let _ = child.kill();
        let status = child.wait()?;
        let said = said?;
        if status.success() {
            Ok(said)
        } else {
            Err(io::Error::other("it is no picture within the limits"))
        }
    }
}

/// Whether the name is a picture's: other files are let lie (one that is still being written).
fn is_picture(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let kind = path.extension().and_then(|kind| kind.to_str());
    !hidden && kind.is_some_and(|kind| ["png", "jpg", "jpeg"].contains(&kind))
}

/// Everything until the process closes its output, which it must do in time.
fn hear(child: &mut Child) -> io::Result<Vec<u8>> {
    let Some(output) = child.stdout.take() else {
        return Ok(Vec::new());
    };
    let mut output = output.take(OUTPUT_BYTES_MAX);
    let begun = Stopwatch::start();
    let mut said = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = PICTURE_TIME_MAX.saturating_sub(begun.elapsed());
        if left.is_zero() || !super::wait_readable(output.get_ref(), Some(left))? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match output.read(&mut part)? {
            0 => return Ok(said),
            got => said.extend_from_slice(part.get(..got).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &Path, reader: &str) -> Folder {
        Folder {
            path: path.to_owned(),
            kind: TapKind::On,
            reader: reader.into(),
        }
    }

    #[test]
    fn only_whole_pictures_are_taken_and_only_the_newest() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str| fs::write(place.path().join(name), name).unwrap();
        for name in [".a.png", "b.png.part", "c.txt"] {
            write(name);
        }
        std::os::unix::fs::symlink("/dev/zero", place.path().join("link.png")).unwrap();
        for number in 0..6 {
            write(&format!("{number}.jpg"));
            std::thread::sleep(Duration::from_millis(10));
        }
        let waiting = folder(place.path(), "x").waiting().unwrap();
        let names: Vec<_> = waiting.iter().filter_map(|p| p.file_name()).collect();
        assert_eq!(names, ["2.jpg", "3.jpg", "4.jpg", "5.jpg"]);
        assert!(!place.path().join("0.jpg").exists());
        assert!(place.path().join("link.png").is_symlink());
    }

    #[test]
    fn a_reader_that_hangs_or_talks_without_end_is_ended_in_time() {
        let place = tempfile::tempdir().unwrap();
        let script = place.path().join("reader");
        let picture = place.path().join("p.png");
        fs::write(&picture, b"x").unwrap();
        for body in ["sleep 60", "exec yes", "kill -SEGV $$"] {
            fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(&script, mode).unwrap();
            let folder = folder(place.path(), script.to_str().unwrap());
            let watch = Stopwatch::start();
            let read = folder.read(File::open(&picture).unwrap());
            assert!(read.is_err(), "{body}");
            assert!(watch.elapsed() < PICTURE_TIME_MAX * 5, "{body}");
        }
    }
}
