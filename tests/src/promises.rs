//! The README's page on privacy against docs/PROMISES.md: no sentence is left out, and every test that is named exists.

use std::path::{Path, PathBuf};

/// A row of the table: a sentence, and the tests as (file, name).
type Row = (String, Vec<(String, String)>);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Words alone: no marks of Markdown, one space between two.
fn plain(text: &str) -> String {
    let text = text.replace("\n- ", " ").replace('*', "");
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// What stands in the README under *What is private, and what is not*.
fn promised() -> String {
    let readme = read("README.md");
    let (_, section) = readme
        .split_once("## What is private, and what is not\n")
        .unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    plain(section)
}

fn rows() -> Vec<Row> {
    let table = read("docs/PROMISES.md");
    let lines = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    lines
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ");
            let sentence = plain(cells.next().unwrap());
            (sentence, tests_in(cells.next().unwrap().trim()))
        })
        .collect()
}

/// `file`: `name`, `name`; `file`: `name`
fn tests_in(cell: &str) -> Vec<(String, String)> {
    if cell == "–" {
        return Vec::new();
    }
    let mut tests = Vec::new();
    for of_a_file in cell.split("; `") {
        let (file, names) = of_a_file.split_once("`: `").unwrap();
        let file = file.trim_matches('`');
        let file = file.strip_prefix("stories/").map_or_else(
            || file.to_owned(),
            |story| format!("crates/engine/tests/stories/{story}"),
        );
        for name in names.trim_matches('`').split("`, `") {
            tests.push((file.clone(), name.to_owned()));
        }
    }
    tests
}

#[test]
fn no_sentence_is_left_out() {
    let sentences: Vec<_> = rows().into_iter().map(|(sentence, _)| sentence).collect();
    assert_eq!(sentences.join(" "), promised());
}

#[test]
fn every_test_that_is_named_exists() {
    let mut seen = 0;
    for (file, name) in rows().into_iter().flat_map(|(_, tests)| tests) {
        let text = read(&file);
        let forms = [format!("fn {name}("), format!("\"{name}\"")];
        assert!(
            forms.iter().any(|form| text.contains(form)),
            "{file}: {name}"
        );
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}
