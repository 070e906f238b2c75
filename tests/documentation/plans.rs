//! Plans that a page quotes have the numbers that the shipped recipes give them. The snapshots of `tests/plans` hold these.

use crate::markdown::{pages, root};

/// A plan of a recipe for a server with data.
fn plan(recipe: &str) -> String {
    let case = match recipe {
        "wipe" => "debian-12_root_other_used",
        "provision" => "debian-13_root_other_used",
        other => panic!("{other} is not shipped"),
    };
    let path = root().join(format!("tests/plans/snapshots/{recipe}/{case}.snap"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `15 steps: 6 destroy, 1 change, 8 checks.`: how many of how many steps destroy.
fn counts(plan: &str) -> (&str, &str) {
    let line = plan
        .lines()
        .rfind(|line| line.contains(" steps: "))
        .expect("a last line");
    let (all, rest) = line.split_once(" steps: ").expect("all steps");
    let (destroy, _) = rest.split_once(" destroy").expect("destructive steps");
    (destroy, all)
}

/// Quoted lines with numbers, and what is wrong with them. `recipe` is the one that the block last named.
fn wrong_lines(text: &str, found: &mut usize) -> Vec<String> {
    let mut recipe = "";
    let mut wrong = Vec::new();
    for line in text.lines() {
        if let Some((name, _)) = line
            .strip_prefix("These steps of ")
            .and_then(|rest| rest.split_once(".rhai"))
        {
            recipe = name;
        }
        if line.contains(" - destroy  ") {
            *found += 1;
            if !plan(recipe).lines().any(|step| step == line) {
                wrong.push(format!("{recipe} has no step '{}'", line.trim()));
            }
        }
        if let Some((numbers, rest)) = line.trim().split_once(" steps of ")
            && let Some((name, _)) = rest.split_once(".rhai delete data")
            && numbers.contains(" of ")
        {
            *found += 1;
            let plan = plan(name);
            let (destroy, all) = counts(&plan);
            if numbers != format!("{destroy} of {all}") {
                wrong.push(format!("{destroy} of {all} steps of {name} destroy, not {numbers}"));
            }
        }
    }
    wrong
}

#[test]
fn quoted_plans_have_the_numbers_of_the_shipped_recipes() {
    let mut found = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for block in page.blocks() {
            let lines = wrong_lines(&block.text, &mut found);
            wrong.extend(lines.into_iter().map(|line| format!("{}: {line}", block.place)));
        }
    }
    assert!(found >= 3, "only {found} numbers were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
