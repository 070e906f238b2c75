//! What a recipe calls its own can't take the place of what infrakt, its library or Rhai has.

use crate::support::{Files, error_of, evaluated, planned};
use infrakt::recipe::{engine, shipped_library};
use insta::assert_snapshot;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn a_function_that_would_replace_a_primitive_is_refused_at_its_name() {
    assert_snapshot!(error_of(
        "section(\"One\");\nfn quote(x) { x }\nssh::run(\"Make it\", `mkdir ${quote(\"a b\")}`);"
    ));
    assert_snapshot!(error_of("fn print(x) { }"));
}

#[test]
fn names_of_primitives_are_reserved_for_any_number_of_arguments() {
    for name in [
        "quote",
        "dedent",
        "sha256",
        "section",
        "fail",
        "invalid",
        "param",
        "secret",
        "unless",
        "only_if",
        "timeout",
        "undo_if_locked_out",
        "env",
        "idempotent",
        "mode",
        "owner",
    ] {
        for parameters in ["", "a", "a, b", "a, b, c"] {
            for definition in [
                format!("fn {name}({parameters}) {{ }}"),
                format!("private fn {name}({parameters}) {{ }}"),
            ] {
                let error = error_of(&definition);
                assert!(error.contains("this name is taken"), "{definition}: {error}");
            }
        }
        let method = error_of(&format!("fn string.{name}() {{ }}"));
        assert!(method.contains("this name is taken"), "{method}");
    }
}

/// The names and the numbers of parameters of everything that Rhai can call without a module's name.
fn natives() -> BTreeSet<(String, usize)> {
    let signatures = engine().gen_fn_signatures(true);
    let natives = signatures.iter().filter_map(|signature| {
        let (name, rest) = signature.split_once('(')?;
        let parameters = rest.split_once(')')?.0;
        let count = if parameters.is_empty() {
            0
        } else {
            parameters.split(',').count()
        };
        let callable = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // The library calls no function of function pointers, and `name` is a word for many things.
        let taken = callable && !["name", "is_anonymous"].contains(&name);
        taken.then(|| (name.to_owned(), count))
    });
    natives.collect()
}

#[test]
fn no_function_of_rhai_is_replaced_neither_as_a_function_nor_as_a_method() {
    let natives = natives();
    assert!(natives.len() > 150, "{natives:?}");
    for (name, count) in natives {
        for parameters in [count, count.saturating_sub(1)] {
            let parameters: Vec<String> = (0..parameters).map(|number| format!("p{number}")).collect();
            error_of(&format!("fn {name}({}) {{ \"mine\" }}", parameters.join(", ")));
        }
    }
}

#[test]
fn names_are_also_reserved_in_modules() {
    let module = "\n/// Mine.\nfn quote(x) { x }\n";
    for files in [
        Files::new("import \"./lib/mine\" as mine;").beside("lib/mine.rhai", module),
        Files::new("import \"lib/mine\" as mine;").at_home("lib/mine.rhai", module),
    ] {
        let error = files.error();
        assert!(
            error.contains("lib/mine.rhai:3:4") && error.contains("can't be replaced"),
            "{error}"
        );
    }
}

#[test]
fn a_module_can_have_functions_named_like_modifiers_of_steps_unless_it_uses_those() {
    let defines = "fn user(name) { ssh::run(`Make ${name}`, `useradd ${quote(name)}`) }\n";
    let files = |module: &str| {
        Files::new("import \"./users\" as users; users::user(\"app\").user(\"root\");").beside("users.rhai", module)
    };
    let evaluated = files(defines).evaluated();
    assert_eq!(evaluated.steps[0].invocation.user.as_deref(), Some("root"));
    let error = files(&format!(
        "{defines}fn other() {{ ssh::run(\"A\", \"true\").user(\"app\") }}"
    ))
    .error();
    assert!(error.contains("users.rhai:1:4"), "{error}");
    // Every module can call the functions of the recipe.
    error_of(defines);
}

#[test]
fn a_module_can_not_have_the_name_of_a_primitive_module_or_another_module() {
    let files = |text: &str| Files::new(text).beside("mine.rhai", "fn run(a, b) { }");
    for (text, place) in [
        ("import \"./mine\" as ssh;\nssh::run(\"a\", \"b\");", "test.rhai:1:20"),
        ("fn f() {\n    import \"./mine\" as db;\n}", "test.rhai:2:24"),
        ("if true { import \"./mine\" as confirm; }", "test.rhai:1:30"),
        (
            "import \"lib/apt\" as apt;\nimport \"./mine\" as apt;",
            "test.rhai:2:20",
        ),
    ] {
        let error = files(text).error();
        assert!(
            error.contains("this name is taken") && error.contains(place),
            "{text}: {error}"
        );
    }
    let twice = files("import \"./mine\" as mine;\nimport \"./mine\" as mine;\nmine::run(1, 2);");
    assert!(twice.evaluated().steps.is_empty());
}

/// A variable has a place of its own: what is called is still the primitive.
#[test]
fn a_variable_does_not_replace_a_primitive_of_the_same_name() {
    for text in [
        "let quote = |x| x; print(quote(\"a b\"));",
        "const quote = |x| x; print(quote(\"a b\"));",
        "fn f(quote) { print(quote(\"a b\")); } f(|x| x);",
        "let map = #{ quote: |x| x }; print(quote(\"a b\"));",
        "let q = Fn(\"quote\"); print(q.call(\"a b\"));",
    ] {
        assert_eq!(evaluated(text).printed, ["'a b'"], "{text}");
    }
}

/// Rhai lets a module's functions see those of its caller, behind its own.
#[test]
fn what_a_recipe_defines_changes_nothing_in_the_library() {
    let call = "import \"lib/wipe\" as wipe;\nwipe::everything();\n";
    let mut names = BTreeMap::new();
    for module in shipped_library() {
        let path = format!("{}/recipes/{module}.rhai", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).expect("a module");
        for line in source.lines() {
            let head = line.strip_prefix("private ").unwrap_or(line).strip_prefix("fn ");
            if let Some((name, rest)) = head.and_then(|head| head.split_once('(')) {
                let parameters = rest.split_once(')').expect("its end").0;
                let count = parameters.split(',').filter(|parameter| !parameter.is_empty()).count();
                names.insert((name.to_owned(), count), parameters.to_owned());
            }
        }
    }
    let commands = |text: &str| {
        let plan = planned(Files::new(text).evaluated());
        plan.steps
            .into_iter()
            .map(|step| (step.title, step.action, step.unless, step.only_if, step.env))
            .collect::<Vec<_>>()
    };
    let expected = commands(call);
    let mut defined = String::new();
    for ((name, _), parameters) in names {
        let definition = format!("fn {name}({parameters}) {{ \"mine\" }}\n");
        // Those that Rhai has too are refused.
        if Files::new(&definition).evaluate().is_ok() {
            defined.push_str(&definition);
        }
    }
    assert!(defined.lines().count() > 30, "{defined}");
    assert_eq!(commands(&format!("{call}{defined}")), expected);
}
