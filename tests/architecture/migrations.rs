//! Databases of users are brought up to date by the numbers of the migrations.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn migrations_are_numbered_from_one_without_a_gap() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names: BTreeSet<String> = fs::read_dir(&root)
        .expect("migrations can be read")
        .map(|entry| {
            entry
                .expect("migrations can be read")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    let numbers: Vec<usize> = names
        .iter()
        .map(|name| {
            let number = name.split('-').next().and_then(|digits| digits.parse().ok());
            number.unwrap_or_else(|| panic!("migrations/{name} does not begin with its number"))
        })
        .collect();
    let expected: Vec<usize> = (1..=names.len()).collect();
    assert_eq!(numbers, expected, "there is a gap, or a number twice, among {names:?}");
    for name in &names {
        assert!(
            root.join(name).join("up.sql").is_file(),
            "migrations/{name} has no up.sql"
        );
    }
}
