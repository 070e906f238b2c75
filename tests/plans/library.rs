//! The library tells how it is used: every function is documented, and every example works.

use crate::support::{command, evaluate_text, shown};
use infrakt::recipe::{Library, shipped_library};
use std::path::Path;

/// The name of each function that recipes can call, with the comment above it.
fn functions(source: &str) -> Vec<(String, String)> {
    let mut comment = String::new();
    let mut functions = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment.push_str(text.strip_prefix(' ').unwrap_or(text));
            comment.push('\n');
        } else {
            if let Some((name, _)) = line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
                functions.push((name.to_owned(), comment.clone()));
            }
            comment.clear();
        }
    }
    functions
}

#[test]
fn every_module_and_function_is_documented_and_every_example_works() {
    let mut seen = 0;
    for module in shipped_library() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("recipes")
            .join(format!("{module}.rhai"));
        let source = std::fs::read_to_string(path).expect("the module is read");
        assert!(source.starts_with("//! "), "{module} does not say what it is for");
        for (name, comment) in functions(&source) {
            let (description, example) = comment.split_once("# Example\n").unwrap_or((&comment, ""));
            assert!(description.trim().len() > 20, "{module}::{name} has no description");
            let example: String = example
                .lines()
                .filter(|line| !line.starts_with("```"))
                .map(|line| format!("{line}\n"))
                .collect();
            assert!(
                example.contains(&name),
                "the example of {module}::{name} does not show it"
            );
            evaluate_text(&example)
                .unwrap_or_else(|error| panic!("the example of {module}::{name}:\n{}", shown(&error)));
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} functions were seen");
}

#[test]
fn a_recipe_says_in_its_first_line_what_it_does() {
    for name in ["wipe", "provision"] {
        let recipe = Library::new("/nonexistent").find_named(name).expect("a shipped recipe");
        assert!(recipe.text.starts_with("//! "), "{name}");
    }
}

#[test]
fn arguments_that_would_harm_the_server_are_refused() {
    for (module, call) in [
        ("disks", r#"unmount("")"#),
        ("disks", r#"unmount("/")"#),
        ("disks", r#"unmount("/usr/")"#),
        ("disks", r#"unmount("/srv/../var")"#),
        ("disks", r#"unmount("srv/data")"#),
        ("postgres", r#"dump("shop", "/var/backups", "daily", 0)"#),
    ] {
        let error = evaluate_text(&format!("import \"lib/{module}\" as it;\nit::{call};\n"));
        assert!(error.is_err(), "{module}::{call}");
    }
}

#[test]
fn rights_to_one_database_or_of_one_user_are_no_others() {
    let evaluated = evaluate_text(
        r#"
        import "lib/mariadb" as mariadb;
        import "lib/users" as users;
        mariadb::user("shop", secret("PASSWORD"), "shop_1");
        users::sudo("a.b", ["ALL"]);
        users::sudo("a_b", ["ALL"]);
        "#,
    )
    .unwrap_or_else(|error| panic!("{}", shown(&error)));
    let commands: Vec<&str> = evaluated.steps.iter().map(command).collect();
    let all = commands.join("\n");
    assert!(all.contains(r"`shop\_1`.*"), "{all}");
    assert!(all.contains("infrakt-a%2eb") && all.contains("infrakt-a_b"), "{all}");
}

#[test]
fn compose_services_whose_images_are_pulled_have_no_guard() {
    let steps = |options: &str| {
        evaluate_text(&format!(
            "import \"lib/compose\" as compose;\ncompose::up(\"/srv/shop\", {options});\n"
        ))
        .unwrap_or_else(|error| panic!("{}", shown(&error)))
        .steps
    };
    assert!(steps("#{ pull: true }").iter().all(|step| step.unless.is_empty()));
    let guarded = steps("#{ remove_orphans: true }");
    let guards: Vec<&str> = guarded
        .iter()
        .flat_map(|step| &step.unless)
        .map(String::as_str)
        .collect();
    assert!(
        guards
            .iter()
            .any(|guard| guard.contains("com.docker.compose.project=$project")),
        "{guards:?}"
    );
}
