//! The C library as firmware gets it, and the proof that it holds neither std nor an allocator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::header::functions;

/// `libfaregate_reader.a`, built once for all tests in profile `firmware`.
pub(crate) fn built() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let status = Command::new(env!("CARGO"))
            .args(["rustc", "--quiet", "--package", "ffi", "--lib"])
            .args(["--profile", "firmware"])
            .args(["--crate-type", "staticlib,cdylib", "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            // Flags of a coverage or lint run do not belong into firmware.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .status()
            .unwrap();
        assert!(status.success(), "the C library does not build");
        target.join("firmware/libfaregate_reader.a")
    })
}

/// The symbols of an object file, archive or program.
#[derive(Default)]
struct Symbols {
    defined: BTreeSet<String>,
    undefined: BTreeSet<String>,
}

impl Symbols {
    fn read(file: &Path, options: &[&str]) -> Self {
        let listed = Command::new("nm").args(options).arg(file).output().unwrap();
        assert!(listed.status.success(), "nm {}", file.display());
        let mut symbols = Self::default();
        let mut in_runtime = false;
        for line in String::from_utf8(listed.stdout).unwrap().lines() {
            // "0000000000001234 T name", or "                 U name".
            // An archive is our one object and the compiler's runtime, from which a linker takes
            // only what our object wants: wants of the rest do not count.
            if line.ends_with(".o:") {
                in_runtime = !line.starts_with("faregate_reader.");
            }
            let Some(rest) = line.get(17..) else { continue };
            let Some((kind, name)) = rest.split_once(' ') else {
                continue;
            };
            let name = name.to_owned();
            match kind {
                "U" | "w" | "v" if in_runtime => false,
                "U" | "w" | "v" => symbols.undefined.insert(name),
                _ => symbols.defined.insert(name),
            };
        }
        symbols
    }

    /// What the linker has to find elsewhere.
    fn imported(&self) -> BTreeSet<&str> {
        let wanted = self.undefined.difference(&self.defined);
        wanted.map(String::as_str).collect()
    }

    /// Symbols of std, of crate alloc, of an allocator, or of unwinding.
    fn forbidden(&self) -> Vec<&str> {
        let all = self.defined.union(&self.undefined);
        all.map(String::as_str)
            .filter(|name| is_forbidden(name))
            .collect()
    }
}

fn is_forbidden(name: &str) -> bool {
    let allocators = [
        "malloc",
        "calloc",
        "realloc",
        "free",
        "posix_memalign",
        "mmap",
        "sbrk",
    ];
    let plain = name.split('@').next().unwrap_or(name);
    let in_crate = |krate: &str| {
        name.match_indices(krate).any(|(at, _)| {
            // `core::alloc::` is only a type; a path of crate `alloc` begins with it.
            !name[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before))
        })
    };
    allocators.contains(&plain)
        || [
            "__rust_alloc",
            "__rust_dealloc",
            "__rust_realloc",
            "__rdl_",
            "__rg_",
            "_Unwind_",
        ]
        .iter()
        .any(|part| name.contains(part))
        || name.contains("rust_eh_personality")
        || in_crate("std::")
        || in_crate("alloc::")
}

#[test]
fn no_std_and_no_allocator_are_linked() {
    let symbols = Symbols::read(built(), &["-C"]);
    let own = symbols
        .defined
        .iter()
        .filter(|name| name.contains("validator::") || name.contains("wire::"));
    assert!(own.count() > 10, "nm shows the validator's own functions");
    assert_eq!(symbols.forbidden(), Vec::<&str>::new());
    let imported = symbols.imported();
    let allowed = [
        "memcpy",
        "memset",
        "memcmp",
        "bcmp",
        "_GLOBAL_OFFSET_TABLE_",
    ];
    for name in &imported {
        assert!(allowed.contains(name), "the library wants {name}");
    }
    println!(
        "{}: {} symbols defined, none of std, alloc, an allocator or unwinding; wants {imported:?}",
        built().display(),
        symbols.defined.len()
    );
}

#[test]
fn the_check_finds_std_where_it_is() {
    let program = std::env::current_exe().unwrap();
    let symbols = Symbols::read(&program, &["-C"]);
    let found = symbols.forbidden();
    for part in ["std::", "alloc::", "__rust_alloc", "_Unwind_"] {
        assert!(found.iter().any(|name| name.contains(part)), "{part}");
    }
    assert!(found.iter().any(|name| name.starts_with("malloc")));
}

#[test]
fn the_libraries_export_what_the_header_says() {
    let archive = Symbols::read(built(), &["--extern-only", "--defined-only"]);
    let shared = built().with_extension("so");
    let shared = Symbols::read(&shared, &["--dynamic", "--defined-only"]);
    for symbols in [archive, shared] {
        let exported: BTreeSet<_> = symbols
            .defined
            .into_iter()
            .filter(|name| name.starts_with("fg_"))
            .collect();
        assert_eq!(exported, functions());
    }
}
