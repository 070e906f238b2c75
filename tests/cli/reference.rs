//! `recipe docs` and `recipe show lib/…`: an author finds what there is.

use crate::support::infrakt::Infrakt;

#[test]
fn a_function_is_found_by_its_name_with_its_module_or_without() {
    let infrakt = Infrakt::new();
    for word in ["upload", "ssh::upload", "SSH::Upload", "upload()"] {
        let said = infrakt.ok(&["recipe", "docs", word]);
        assert!(
            said.contains("ssh::upload(title: string, path: string"),
            "{word}: {said}"
        );
        assert!(said.contains("    ssh::upload("), "{word} has an example: {said}");
    }
    let said = infrakt.ok(&["recipe", "docs", "facts.os.major"]);
    assert!(said.contains("24 for Ubuntu 24.04"), "{said}");
    let said = infrakt.ok(&["recipe", "docs", "print"]);
    assert!(said.contains("It is not a step"), "{said}");
}

#[test]
fn a_module_a_kind_of_value_and_a_section_of_the_manual_are_found() {
    let infrakt = Infrakt::new();
    for (word, expected) in [
        ("apt", "apt::install(packages)"),
        ("lib/apt", "apt::refresh(age)"),
        ("ssh", "ssh::destroy("),
        ("text", "split("),
        ("list", "filter("),
        ("map", "keys("),
        ("facts", "facts.memory_mb"),
        ("server", "server.tags"),
        ("step", "unless("),
        ("guards", "A guard is a command that decides"),
        ("Tests of your own", "shop.test.toml"),
    ] {
        let said = infrakt.ok(&["recipe", "docs", word]);
        assert!(said.contains(expected), "{word}: {said}");
    }
}

#[test]
fn words_are_searched_for_and_near_misses_are_suggested() {
    let infrakt = Infrakt::new();
    let said = infrakt.ok(&["recipe", "docs", "firewall", "ssh"]);
    assert!(said.contains("ufw::"), "{said}");
    let said = infrakt.refused(2, &["recipe", "docs", "uplod"]);
    assert!(said.contains("infrakt recipe docs upload"), "{said}");
    let said = infrakt.refused(2, &["recipe", "docs", "kubernetes"]);
    assert!(said.contains("nothing about 'kubernetes'"), "{said}");
}

#[test]
fn the_whole_reference_is_a_list_markdown_json_and_definitions() {
    let infrakt = Infrakt::new();
    let list = infrakt.ok(&["recipe", "docs"]);
    for expected in [
        "ssh::run",
        "apt::install",
        "facts.memory_mb",
        "sub_string",
        "The manual",
    ] {
        assert!(list.contains(expected), "{expected}: {list}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    let reference = infrakt.ok(&["recipe", "docs", "--markdown"]);
    assert!(
        reference.starts_with("# Recipe reference\n") && reference.contains("### `ssh::run("),
        "{reference}"
    );
    let functions = infrakt.json(&["recipe", "docs"]);
    let has = |name: &str, group: &str| {
        let mut functions = functions.as_array().unwrap().iter();
        functions.any(|function| function["name"] == name && function["group"] == group)
    };
    assert!(has("ssh::destroy", "ssh") && has("apt::install", "lib/apt") && has("len", "text"));
    let found = infrakt.json(&["recipe", "docs", "upload"]);
    assert_eq!(found[0]["name"], "ssh::upload");
    let definitions = infrakt.ok(&["recipe", "docs", "--definitions"]);
    assert!(definitions.starts_with("module static;"), "{definitions}");
    assert_eq!(
        definitions,
        infrakt.ok(&["recipe", "docs", "--definitions"]),
        "the same every time"
    );
}

#[test]
fn a_module_of_the_library_is_shown_with_its_functions_and_its_source() {
    let infrakt = Infrakt::new();
    let said = infrakt.ok(&["recipe", "show", "lib/apt"]);
    assert!(
        said.contains("import \"lib/apt\" as apt;") && said.contains("apt::install(packages)"),
        "{said}"
    );
    assert!(said.contains("fn install(packages, settings) {"), "{said}");
    let shown = infrakt.json(&["recipe", "show", "lib/apt"]);
    assert_eq!(shown["name"], "lib/apt");
    let said = infrakt.ok(&["recipe", "show", "examples/swap"]);
    assert!(said.contains("disks::swap("), "{said}");
    let said = infrakt.refused(2, &["recipe", "show", "examples/swp"]);
    assert!(said.contains("did you mean 'examples/swap'?"), "{said}");
}
