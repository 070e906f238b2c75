//! An unqualified call means a function of the file that it is written in, whatever other files define.

use crate::support::Files;

/// A module whose steps tell which `holds` ran.
fn module(name: &str) -> String {
    format!(
        "private fn holds(x) {{ \"{name} \" + x }}\n\
         fn begin() {{\n\
             for x in [\"1\", \"2\", \"3\"] {{ ssh::run(holds(x), \"true\"); }}\n\
             ssh::run(holds(\"4\"), \"true\");\n\
         }}"
    )
}

fn titles(files: &Files) -> Vec<String> {
    files.evaluated().steps.into_iter().map(|step| step.title).collect()
}

/// What `module` does each time.
fn all_of(names: &[&str]) -> Vec<String> {
    let of = |name: &&str| (1..=4).map(|x| format!("{name} {x}")).collect::<Vec<_>>();
    names.iter().flat_map(of).collect()
}

#[test]
fn two_modules_can_have_functions_of_the_same_name() {
    let files = Files::new(
        "import \"a\" as a;\nimport \"b\" as b;\n\
         a::begin(); b::begin(); a::begin(); a::begin(); b::begin();",
    )
    .beside("a.rhai", &module("a"))
    .beside("b.rhai", &module("b"));
    assert_eq!(titles(&files), all_of(&["a", "b", "a", "a", "b"]));
}

#[test]
fn a_module_that_calls_another_one_keeps_its_own_functions() {
    let outer = "import \"b\" as b;\n\
         private fn holds(x) { \"a \" + x }\n\
         fn begin() {\n\
             for x in 1..=4 { ssh::run(holds(`${x}`), \"true\"); }\n\
             b::begin();\n\
             for x in 1..=4 { ssh::run(holds(`${x}`), \"true\"); }\n\
         }";
    let files = Files::new("import \"a\" as a;\na::begin(); a::begin();")
        .beside("a.rhai", outer)
        .beside("b.rhai", &module("b"));
    assert_eq!(titles(&files), all_of(&["a", "b", "a", "a", "b", "a"]));
}

#[test]
fn a_recipe_and_its_module_can_have_functions_of_the_same_name() {
    let recipe = "import \"a\" as a;\n\
         fn holds(x) { \"recipe \" + x }\n\
         fn begin() { for x in 1..=4 { ssh::run(holds(`${x}`), \"true\"); } }\n\
         begin(); a::begin(); begin(); a::begin();\n\
         for x in 1..=4 { ssh::run(holds(`${x}`), \"true\"); }";
    let files = Files::new(recipe).beside("a.rhai", &module("a"));
    assert_eq!(titles(&files), all_of(&["recipe", "a", "recipe", "a", "recipe"]));
}

#[test]
fn a_function_hides_no_modifier_from_another_module() {
    let users = "import \"b\" as b;\n\
         fn user(name) { ssh::run(\"User \" + name, \"true\") }\n\
         fn begin() { user(\"x\"); user(\"y\"); user(\"z\"); b::begin(); user(\"x\"); }";
    let other = "fn begin() { for x in 1..=3 { ssh::run(\"Step\", \"true\").user(\"app\"); } }";
    let files = Files::new(
        "import \"a\" as a;\nimport \"b\" as b;\n\
         b::begin(); a::user(\"v\"); a::begin(); b::begin(); a::begin(); a::user(\"w\");",
    )
    .beside("a.rhai", users)
    .beside("b.rhai", other);
    let steps = files.evaluated().steps;
    let (theirs, own): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.title == "Step");
    assert_eq!((theirs.len(), own.len()), (12, 10));
    assert!(theirs.iter().all(|step| step.invocation.user.as_deref() == Some("app")));
    assert!(own.iter().all(|step| step.invocation.user.is_none()));
}

#[test]
fn a_closure_calls_functions_of_the_file_that_it_is_written_in() {
    let each = "private fn holds(x) { \"module \" + x }\n\
         fn each(list, what) { for x in list { ssh::run(holds(x), \"true\"); what.call(x); what.call(x); } }\n\
         fn own(list) { list.map(|x| holds(x)).for_each(|| ssh::run(this, \"true\")); }";
    let files = Files::new(
        "import \"a\" as a;\nimport \"b\" as b;\n\
         fn holds(x) { \"recipe \" + x }\n\
         let named = \"captured \";\n\
         a::each([\"1\", \"2\"], |x| ssh::run(named + holds(x), \"true\"));\n\
         a::own([\"3\", \"4\"]);\n\
         b::begin();",
    )
    .beside("a.rhai", each)
    .beside(
        "b.rhai",
        "import \"a\" as a;\nprivate fn holds(x) { \"b \" + x }\n\
         fn begin() { a::each([\"1\"], |x| ssh::run(holds(x), \"true\")); }",
    );
    let expected = [
        "module 1",
        "captured recipe 1",
        "captured recipe 1",
        "module 2",
        "captured recipe 2",
        "captured recipe 2",
        "module 3",
        "module 4",
        "module 1",
        "b 1",
        "b 1",
    ];
    assert_eq!(titles(&files), expected);
}

#[test]
fn a_function_that_is_passed_by_its_name_is_never_another_files() {
    let module = "private fn holds(x) { \"module \" + x }\n\
         fn each(list, what) { for x in list { ssh::run(what.call(x), \"true\"); } }";
    for value in ["holds", "Fn(\"holds\")"] {
        let recipe =
            format!("import \"a\" as a;\nfn holds(x) {{ \"recipe \" + x }}\na::each([\"1\", \"2\"], {value});\n");
        let error = Files::new(&recipe).beside("a.rhai", module).error();
        assert!(error.contains("`holds` is a function in two files"), "{error}");
        assert!(
            error.contains("a.rhai:1:12") && error.contains("|x| holds(x)"),
            "{error}"
        );
        // The module that defines it was imported before.
        let passes =
            format!("import \"a\" as a;\nprivate fn holds(x) {{ x }}\nfn begin() {{ a::each([\"1\"], {value}) }}");
        let error = Files::new("import \"a\" as a;\nimport \"b\" as b;\nb::begin();")
            .beside("a.rhai", module)
            .beside("b.rhai", &passes)
            .error();
        assert!(error.contains("`holds` is a function in two files"), "{error}");
        assert!(error.contains("b.rhai:3:"), "{error}");
        let alone = recipe.replace("holds", "of_recipe");
        assert_eq!(
            titles(&Files::new(&alone).beside("a.rhai", module)),
            ["recipe 1", "recipe 2"]
        );
    }
}
