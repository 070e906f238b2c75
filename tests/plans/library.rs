//! The library tells how it is used: every function is documented, and every example works.

use crate::support::{command, evaluate_text, shown};
use infrakt::recipe::Library;
use infrakt::recipe::reference::library;

#[test]
fn every_module_and_function_is_documented_and_every_example_works() {
    let mut seen = 0;
    for module in library() {
        assert!(
            module.description.len() > 10,
            "{} does not say what it is for",
            module.name
        );
        for function in module.functions {
            let name = function.name.split("::").last().unwrap_or_default();
            assert!(
                function.description.len() > 20,
                "{} has no description",
                function.signature
            );
            assert!(
                function.example.contains(name),
                "the example of {} does not show it",
                function.signature
            );
            evaluate_text(&function.example)
                .unwrap_or_else(|error| panic!("the example of {}:\n{}", function.signature, shown(&error)));
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
