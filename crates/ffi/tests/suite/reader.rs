//! The example reader in C: compiled against the C library and run over the kit.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::conformance::committed;
use crate::model::{Kit, Scan};
use crate::{files, library, run};

/// Compiles the reader, warnings being errors; or what the compiler says against it.
pub(crate) fn compile(folder: &TempDir, name: &str, options: &[&str]) -> Result<PathBuf, String> {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reader");
    let files = std::fs::read_dir(&parts).unwrap();
    let mut sources: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    sources.retain(|file| file.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    compile_sources(&sources, folder, name, options)
}

fn compile_sources(
    sources: &[PathBuf],
    folder: &TempDir,
    name: &str,
    options: &[&str],
) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.path().join(name);
    let output = Command::new("cc")
        .args(["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic"])
        .args(["-Wconversion", "-Wshadow", "-Werror"])
        .args(options)
        .arg("-I")
        .arg(root.join("include"))
        .args(sources)
        .arg(library::built())
        .arg("-o")
        .arg(&program)
        .output()
        .map_err(|error| format!("no C compiler `cc`: {error}"))?;
    if output.status.success() {
        Ok(program)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

pub(crate) fn run_over(script: &Path, command: &mut Command) -> Output {
    let script = std::fs::File::open(script).unwrap();
    command.stdin(Stdio::from(script)).output().unwrap()
}

fn kit_script() -> PathBuf {
    files::folder().join("kit.txt")
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the reader prints for a scan, by the kit and, for the sentence, by crate `validator`.
fn line(scan: &Scan, refused: &str) -> String {
    let Some(permit) = &scan.expected.permit else {
        return refused.to_owned();
    };
    format!(
        "permitted 0 permitted: {} {} {} category {} party {} product {} made {} issuer {} \
         riders {}{}",
        permit.kind,
        permit.id,
        permit.kid,
        permit.category,
        permit.party,
        permit.product,
        permit.issued_at_micros.unwrap_or(0),
        permit.issuer,
        permit.riders,
        if permit.again_micros.is_some() {
            " again"
        } else {
            ""
        }
    )
}

fn check_lines(kit: &Kit, output: &Output) {
    assert!(output.status.success(), "{}", said(output));
    let ours = run::run(kit).unwrap().lines;
    let scans = kit.cases.iter().flat_map(|case| &case.scans);
    let expected: Vec<_> = scans
        .zip(&ours)
        .map(|(scan, ours)| line(scan, ours))
        .collect();
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let printed: Vec<_> = printed.lines().collect();
    assert_eq!(printed, expected);
}

#[test]
fn the_reader_in_c_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let reader = compile(&folder, "reader", &[]).unwrap();
    let kit = committed();
    let output = run_over(&kit_script(), &mut Command::new(&reader));
    check_lines(&kit, &output);
    println!("C reader: {}", said(&output).trim_end());
    let output = run_over(&kit_script(), Command::new(&reader).arg("tables"));
    check_lines(&kit, &output);
    println!("C reader with tables: {}", said(&output).trim_end());
}

#[test]
fn the_reader_in_c_touches_no_memory_that_it_should_not() {
    let folder = tempfile::tempdir().unwrap();
    let kit = committed();
    match compile(&folder, "sanitized", &["-fsanitize=address,undefined"]) {
        Ok(reader) => {
            let mut command = Command::new(reader);
            command.env("UBSAN_OPTIONS", "halt_on_error=1");
            check_lines(&kit, &run_over(&kit_script(), &mut command));
            println!("run with the address and undefined-behaviour sanitizers");
        }
        Err(error) => println!("not run with sanitizers: {error}"),
    }
    if Command::new("valgrind").arg("--version").output().is_ok() {
        let reader = compile(&folder, "reader", &[]).unwrap();
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--error-exitcode=9"]);
        command.arg(reader).arg("tables");
        check_lines(&kit, &run_over(&kit_script(), &mut command));
        println!("run under valgrind");
    } else {
        println!("not run under valgrind: it is not installed");
    }
}

#[test]
fn the_reader_in_c_says_when_a_port_does_not_conform() {
    let folder = tempfile::tempdir().unwrap();
    let reader = compile(&folder, "reader", &[]).unwrap();
    let script = std::fs::read_to_string(kit_script()).unwrap();
    let wrong = script.replacen("@expect 0 permitted", "@expect 150 already_used", 1);
    let path = folder.path().join("wrong.txt");
    std::fs::write(&path, wrong).unwrap();
    let output = run_over(&path, &mut Command::new(&reader));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("expected 150 already_used, got 0 permitted"));
    for nonsense in [
        "@nothing\n",
        "@key 00\n",
        "@code 4\n",
        "@slots 100000\nFG1:\n",
    ] {
        std::fs::write(&path, nonsense).unwrap();
        let output = run_over(&path, &mut Command::new(&reader));
        assert_eq!(output.status.code(), Some(2), "{nonsense}");
    }
}

#[test]
fn the_reader_in_c_takes_a_code_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let reader = compile(&folder, "reader", &[]).unwrap();
    let path = folder.path().join("codes.txt");
    let lines = "https://example.org\nFG1:\n@language ko\nFG1:\n";
    std::fs::write(&path, lines).unwrap();
    let output = run_over(&path, &mut Command::new(&reader));
    let printed = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<_> = printed.lines().map(|line| &line[..11]).collect();
    assert_eq!(numbers, ["refused 101", "refused 102", "refused 102"]);
    assert!(printed.contains("코드"), "in Korean: {printed}");
}

/// The C in the guide, with a `main` that decides about one code, compiles and decides.
#[test]
fn the_guide_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = root.join("../../docs/guides/gate-integrator.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, rest) = guide.split_once("```c\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let main = "#include <stdio.h>
        int main(void)
        {
            char sentence[FG_SENTENCE_BYTES];
            int ready = start(NULL, 0), open = may_pass(\"FG1:\", 4, 0, sentence);
            printf(\"%d %d %s\", ready, open, sentence);
            return 0;
        }\n";
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("guide.c");
    std::fs::write(&source, [shown, main].concat()).unwrap();
    let program = compile_sources(&[source], &folder, "guide", &[]).unwrap();
    let output = Command::new(program).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("1 0 This code is damaged"), "{printed}");
}
