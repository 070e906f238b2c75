//! Which module an import means, and that a plan tells whose it is.

use crate::support::{Files, planned};
use infrakt::plan::{Keeper, Plan, render};
use infrakt::recipe::shipped_library;

const OWN: &str = "fn install(packages) { ssh::run(\"Mine\", \"true\") }";

/// The file and the keeper of every step.
fn origins(plan: &Plan) -> Vec<(&str, Keeper)> {
    let origins = plan.steps.iter().map(|step| &step.origin);
    origins.map(|origin| (origin.file.as_str(), origin.kept_by)).collect()
}

#[test]
fn a_shipped_module_is_never_replaced_by_a_file_of_the_same_name() {
    for module in shipped_library() {
        let own = "ssh::run(\"Mine\", \"true\");";
        let files = Files::new(&format!("import \"{module}\" as m;"))
            .beside(&format!("{module}.rhai"), own)
            .at_home(&format!("{module}.rhai"), own);
        let evaluated = files.evaluated();
        assert!(evaluated.steps.is_empty(), "{module}");
        let said = evaluated.printed.join("\n");
        let told = format!("\"{module}\" is infrakt's own module, not ");
        assert!(
            said.contains(&told) && said.contains(&format!("import \"./{module}\"")),
            "{said}"
        );
        let plan = planned(evaluated);
        assert!(plan.own_modules().next().is_none());
    }
    let files = Files::new("import \"lib/apt\" as apt; apt::install([\"nginx\"]);").at_home("lib/apt.rhai", OWN);
    let evaluated = files.evaluated();
    assert!(evaluated.printed.join("\n").contains("import \"home:lib/apt\""));
    assert_eq!(origins(&planned(evaluated))[0], ("lib/apt.rhai", Keeper::Shipped));
}

#[test]
fn own_modules_are_imported_by_an_explicit_path_and_named_in_the_plan() {
    let call = |path: &str| format!("import \"{path}\" as apt; apt::install([\"nginx\"]);");
    for (path, name, kept_by, place) in [
        ("./lib/apt", "./lib/apt.rhai", Keeper::Path, "the recipe's folder"),
        ("home:lib/apt", "home:lib/apt.rhai", Keeper::User, "your home"),
    ] {
        let files = Files::new(&call(path))
            .beside("lib/apt.rhai", OWN)
            .at_home("lib/apt.rhai", OWN);
        let plan = planned(files.evaluated());
        assert_eq!(origins(&plan), [(name, kept_by)]);
        assert_eq!(plan.recipe.sources[name].kept_by, kept_by);
        let shown = render::plain(&render::plan(&plan, None, None));
        assert!(
            shown.contains(&format!("imports {name}, from ")) && shown.contains(place),
            "{shown}"
        );
    }
}

#[test]
fn plans_with_modules_of_different_origin_have_different_digests() {
    let shipped =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/recipes/lib/ufw.rhai")).expect("a module");
    let mut digests = Vec::new();
    for path in ["lib/ufw", "./lib/ufw", "home:lib/ufw"] {
        let files = Files::new(&format!("import \"{path}\" as ufw; ufw::allow(8080);"))
            .beside("lib/ufw.rhai", &shipped)
            .at_home("lib/ufw.rhai", &shipped);
        let mut plan = planned(files.evaluated());
        // The recipes differ in their import too.
        plan.recipe.sources.remove("test.rhai");
        digests.push(plan.compute_digest());
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 3);
}

#[test]
fn a_plain_path_is_searched_in_the_recipes_folder_and_then_in_the_users_library() {
    let own = |title: &str| format!("fn begin() {{ ssh::run(\"{title}\", \"true\") }}");
    let text = "import \"lib/app\" as app; app::begin();";
    let both = Files::new(text)
        .beside("lib/app.rhai", &own("Beside"))
        .at_home("lib/app.rhai", &own("Home"));
    assert_eq!(origins(&planned(both.evaluated())), [("./lib/app.rhai", Keeper::Path)]);
    let home = Files::new(text).at_home("lib/app.rhai", &own("Home"));
    assert_eq!(
        origins(&planned(home.evaluated())),
        [("home:lib/app.rhai", Keeper::User)]
    );
}

#[test]
fn a_module_of_the_library_does_not_import_from_the_recipes_folder() {
    let files = Files::new("import \"app\" as app; app::begin();")
        .beside("helper.rhai", "fn title() { \"from the recipe's folder\" }")
        .at_home("helper.rhai", "fn title() { \"from the library\" }")
        .at_home(
            "app.rhai",
            "import \"helper\" as helper;\nfn begin() { ssh::run(helper::title(), \"true\") }",
        );
    assert_eq!(files.evaluated().steps[0].title, "from the library");
}

#[test]
fn a_path_that_begins_with_a_dot_is_in_the_folder_of_the_file_that_imports_it() {
    let files = Files::new("import \"./lib/app\" as app; app::begin();")
        .beside(
            "lib/app.rhai",
            "import \"./apt\" as apt;\nfn begin() { apt::install([]) }",
        )
        .beside("lib/apt.rhai", OWN)
        .beside("apt.rhai", "fn install(packages) { fail(\"the wrong one\") }");
    assert_eq!(origins(&planned(files.evaluated())), [("./lib/apt.rhai", Keeper::Path)]);
}

#[test]
fn what_infrakt_ships_imports_only_what_infrakt_ships() {
    for recipe in ["wipe", "provision", "shipped:wipe"] {
        let own = "fail(\"this is not infrakt's\");";
        let mut files = Files::new("print(1);");
        for module in shipped_library() {
            let file = format!("{module}.rhai");
            files = files.at_home(&file, own).beside(&file, own);
        }
        let recipe = files.library().find_named(recipe).expect("a shipped recipe");
        let evaluated = crate::support::evaluate_recipe(&recipe, &[]).expect("a plan");
        let keepers: Vec<Keeper> = evaluated.recipe.sources.values().map(|source| source.kept_by).collect();
        assert!(keepers.iter().all(|keeper| *keeper == Keeper::Shipped));
    }
}

#[test]
fn the_shipped_recipe_is_found_even_if_the_user_has_one_of_the_same_name() {
    let files = Files::new("print(1);").at_home("wipe.rhai", "ssh::run(\"Mine\", \"true\");");
    let find = |name: &str| files.library().find(name).expect("a recipe");
    let own = find("wipe");
    assert!(own.keeper == Keeper::User && own.overrides_shipped());
    let plan = planned(crate::support::evaluate_recipe(&own, &[]).expect("a plan"));
    assert!(plan.recipe.overrides_shipped && plan.recipe.kept_by == Keeper::User);
    assert!(render::plan(&plan, None, None).contains("wipe.rhai is yours, instead of infrakt's own"));
    for name in ["shipped:wipe", "shipped:wipe.rhai"] {
        let shipped = find(name);
        assert_eq!(shipped.keeper, Keeper::Shipped);
        // A retry finds the same one again.
        assert_eq!(find(&shipped.reference()).keeper, Keeper::Shipped);
    }
    for name in ["shipped:mine", "shipped:../wipe", "shipped:", "home:wipe"] {
        assert!(files.library().find(name).is_err(), "{name}");
    }
}

#[test]
fn imports_stay_inside_with_every_prefix() {
    for path in [
        "./../x",
        "home:../x",
        "home:/etc/x",
        ".//x",
        "home:",
        "./",
        "home:./x",
        "shipped:lib/apt",
        "./home:x",
    ] {
        let error = Files::new(&format!("import \"{path}\" as x;")).error();
        assert!(error.contains("import"), "{path}: {error}");
    }
}

/// The list of losses knows what the shipped wipe takes away, and nothing else.
#[test]
fn losses_are_complete_only_if_all_destructive_steps_are_shipped_and_unmodified() {
    let wipe =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/recipes/lib/wipe.rhai")).expect("a module");
    let complete = |text: &str| {
        let files = Files::new(text)
            .beside("lib/wipe.rhai", &wipe)
            .at_home("lib/wipe.rhai", &wipe);
        let plan = planned(files.evaluated());
        assert!(plan.destroys(), "{text}");
        plan.check_form().expect("it holds together");
        plan.losses_complete
    };
    for text in [
        "import \"lib/wipe\" as wipe; wipe::everything();",
        "import \"lib/wipe\" as wipe; wipe::remove_volumes(); ssh::run(\"Look\", \"true\");",
        "import \"./mine\" as mine;",
        "db::forget_apps(server);",
    ] {
        let files = Files::new(text).beside("mine.rhai", "import \"lib/wipe\" as wipe; wipe::everything();");
        let plan = planned(files.evaluated());
        assert!(plan.destroys() && plan.losses_complete, "{text}");
    }
    for text in [
        "import \"./lib/wipe\" as wipe; wipe::everything();",
        "import \"home:lib/wipe\" as wipe; wipe::everything();",
        "import \"lib/wipe\" as wipe; wipe::everything(); ssh::destroy(\"More\", \"rm -rf /srv/data\");",
        // The shipped step, made to do something else.
        "import \"lib/wipe\" as wipe; wipe::remove_volumes().env(\"DOCKER_HOST\", \"tcp://192.0.2.9\");",
        "import \"lib/wipe\" as wipe; let step = wipe::remove_volumes(); step.env(\"PATH\", \"/srv/bin\");",
        "import \"lib/wipe\" as wipe; wipe::remove_directory().unless(\"true\");",
        "import \"lib/docker\" as docker; docker::here(ssh::destroy(\"More\", \"rm -rf /srv/data\"));",
        "[1].for_each(|i| ssh::destroy(\"More\", \"rm -rf /srv/data\"));",
        "import \"lib/wipe\" as wipe; fn more() { ssh::destroy(\"More\", \"rm -rf /srv/data\") } wipe::everything(); more();",
    ] {
        assert!(!complete(text), "{text}");
    }
}

#[test]
fn a_shipped_step_that_a_recipe_modifies_says_so() {
    let files = Files::new("import \"lib/wipe\" as wipe;\nwipe::remove_directory().unless(\"true\");");
    let plan = planned(files.evaluated());
    let origin = &plan.steps[0].origin;
    assert_eq!(
        (origin.file.as_str(), origin.altered_by.as_deref()),
        ("lib/wipe.rhai", Some("test.rhai"))
    );
    assert!(render::plain(&render::plan(&plan, None, None)).contains("altered  by test.rhai"));
}

/// What a caller can choose is no longer what the list of losses names.
#[test]
fn the_destructive_functions_of_the_wipe_take_no_arguments() {
    let mut seen = 0;
    let source = include_str!("../../recipes/lib/wipe.rhai");
    for function in source.split("\nfn ").skip(1) {
        let body = function.split("\n}").next().unwrap_or(function);
        if body.contains("ssh::destroy(") {
            seen += 1;
            let head = function.lines().next().unwrap_or_default();
            assert!(head.contains("() {"), "fn {head}");
        }
    }
    assert!(seen >= 5);
}

#[test]
fn losses_are_not_complete_where_a_function_of_the_library_destroys_what_its_caller_names() {
    for call in [
        "import \"lib/files\" as files; files::absent(\"/srv/data\");",
        "import \"lib/users\" as users; users::absent(\"deploy\");",
        "import \"lib/postgres\" as postgres; postgres::absent(\"shop\");",
        "import \"lib/wipe\" as wipe; import \"lib/files\" as files; wipe::everything(); files::absent(\"/srv/data\");",
    ] {
        let plan = planned(Files::new(call).evaluated());
        assert!(plan.destroys() && !plan.losses_complete, "{call}");
    }
    let wipe = planned(Files::new("import \"lib/wipe\" as wipe; wipe::everything();").evaluated());
    assert!(wipe.losses_complete);
}
