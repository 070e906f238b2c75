//! Files beside the recipe: read, filled in and copied, and never from anywhere else.

use crate::support::{Files, planned};
use infrakt::plan::digest::sha256;
use infrakt::plan::{Action, Content, Effect, LocalFile, Piece, Plan, render};
use std::os::unix::fs::{PermissionsExt, symlink};

fn uploads(files: &Files) -> Vec<(String, Content, String)> {
    let steps = files.evaluated().steps.into_iter();
    steps
        .filter_map(|step| match step.action {
            Action::Upload {
                path, content, mode, ..
            } => Some((path, content, mode)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_text_beside_the_recipe_is_read_to_the_byte_and_its_hash_is_in_the_plan() {
    let files = Files::new("ssh::upload(\"Write\", \"/etc/app.toml\", local::text(\"conf/app.toml\"));")
        .beside("conf/app.toml", "a = 'ä'\r\nb = 1");
    let evaluated = files.evaluated();
    let identity = &evaluated.recipe.files["conf/app.toml"];
    assert_eq!(identity.sha256, sha256("a = 'ä'\r\nb = 1".as_bytes()));
    assert_eq!(identity.bytes, 15);
    assert_eq!(uploads(&files)[0].1, Content::text("a = 'ä'\r\nb = 1"));
    let before = planned(evaluated).digest;
    std::fs::write(files.path("recipe/conf/app.toml"), "other").expect("the file");
    assert_ne!(planned(files.evaluated()).digest, before);
}

#[test]
fn modules_use_the_files_of_the_recipe_s_folder() {
    let files = Files::new("import \"lib/app\" as app; app::configure(\"app.conf\");")
        .beside(
            "lib/app.rhai",
            "fn configure(file) { ssh::upload(\"Write\", \"/etc/app.conf\", local::text(file)); }",
        )
        .beside("app.conf", "x\n");
    assert_eq!(uploads(&files)[0].1, Content::text("x\n"));
}

#[test]
fn nothing_outside_of_the_recipe_s_folder_is_read() {
    for call in [
        "local::text(FILE)",
        "local::template(FILE, #{})",
        "ssh::copy(\"Copy\", FILE, \"/etc/x\")",
        "ssh::copy_folder(\"Copy\", FILE, \"/etc/x\", #{})",
    ] {
        for (file, what) in [
            ("../secret", "is not a path beside the recipe"),
            ("a/../../secret", "is not a path beside the recipe"),
            ("/etc/passwd", "is not a path beside the recipe"),
            ("./a", "is not a path beside the recipe"),
            ("", "is not a path beside the recipe"),
            ("a\\nb", "is not a path beside the recipe"),
            ("out", "is a link out of the recipe's folder"),
            ("out/x", "is a link out of the recipe's folder"),
            ("missing", "does not exist beside the recipe"),
        ] {
            let files = Files::new(&call.replace("FILE", &format!("\"{file}\""))).at_home("x", "secret");
            std::fs::write(files.path("secret"), "secret").expect("a file");
            symlink(files.path("home"), files.path("recipe/out")).expect("a link");
            let error = files.error();
            assert!(error.contains(what), "{call} {file}: {error}");
            assert!(error.contains("test.rhai:1:"), "{call} {file}: {error}");
        }
    }
}

#[test]
fn a_file_that_other_users_can_change_is_refused() {
    for call in ["local::text(\"a/b\")", "ssh::copy(\"Copy\", \"a/b\", \"/etc/x\")"] {
        for place in ["recipe/a/b", "recipe/a"] {
            let files = Files::new(call).beside("a/b", "x");
            let mode = if place.ends_with('b') { 0o666 } else { 0o777 };
            std::fs::set_permissions(files.path(place), PermissionsExt::from_mode(mode)).expect("the mode");
            let error = files.error();
            assert!(
                error.contains("other users can change") && error.contains("chmod o-w"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_link_inside_of_the_folder_is_followed() {
    let files = Files::new("ssh::upload(\"Write\", \"/etc/x\", local::text(\"now\"));").beside("v2/x", "two");
    symlink("v2/x", files.path("recipe/now")).expect("a link");
    assert_eq!(uploads(&files)[0].1, Content::text("two"));
}

#[test]
fn bytes_that_are_not_text_are_refused_with_the_call_that_copies_them() {
    let files = Files::new("local::text(\"logo.png\")").beside("logo.png", "");
    std::fs::write(files.path("recipe/logo.png"), b"\x89PNG\xff").expect("the file");
    let error = files.error();
    assert!(
        error.contains("byte 1 of logo.png is not UTF-8") && error.contains("ssh::copy"),
        "{error}"
    );
    let error = Files::new("local::text(\"lib\")").beside("lib/x", "").error();
    assert!(
        error.contains("lib is a folder") && error.contains("ssh::copy_folder"),
        "{error}"
    );
}

fn filled(template: &str, values: &str) -> Content {
    let recipe = format!("ssh::upload(\"Write\", \"/etc/x\", local::template(\"x.j2\", {values}));");
    uploads(&Files::new(&recipe).beside("x.j2", template)).remove(0).1
}

fn refused(template: &str, values: &str) -> String {
    Files::new(&format!("local::template(\"x.j2\", {values});"))
        .beside("x.j2", template)
        .error()
}

#[test]
fn a_template_is_filled_in_with_the_values_of_a_map() {
    let template = "# {{ name }}\n{% for port in ports %}\nlisten {{ port }};\n{% endfor %}\n{% if tls.on %}\nssl on; # {{ tls.days * 2 }}\n{% endif %}\nroot {{ path|quote }};\n";
    assert_eq!(
        filled(
            template,
            "#{ name: \"a < b & 'c'\", ports: [80, 443], tls: #{ on: true, days: 30 }, path: \"/srv/it's\" }"
        ),
        Content::text("# a < b & 'c'\nlisten 80;\nlisten 443;\nssl on; # 60\nroot '/srv/it'\\''s';\n")
    );
    assert_eq!(filled("no line break", "#{}"), Content::text("no line break"));
    assert_eq!(filled("{{ a|default(\"x\") }}", "#{}"), Content::text("x"));
}

#[test]
fn secrets_stand_in_a_template_by_their_names() {
    let secret = |name: &str| Piece::Secret {
        secret: name.to_owned(),
    };
    let text = |text: &str| Piece::Text(text.to_owned());
    let content = filled(
        "KEY={{ key }}\n{% for each in all %}\n{{ each.name }}={{ each.value }}\n{% endfor %}\n",
        "#{ key: secret(\"KEY\"), all: [#{ name: \"A\", value: secret(\"A\") }, #{ name: \"B\", value: 2 }] }",
    );
    assert_eq!(
        content,
        Content::of([text("KEY="), secret("KEY"), text("\nA="), secret("A"), text("\nB=2\n")])
    );
}

#[test]
fn a_secret_in_a_template_is_used_as_a_whole_or_not_at_all() {
    for template in [
        "{{ key|upper }}",
        "{{ key ~ 'x' }}",
        "{{ key|replace('a', 'b') }}",
        "{{ [key]|join(',') }}",
        "{{ [key] }}",
        "{{ key|quote }}",
        "{% set copy %}{{ key }}{% endset %}{{ copy }}",
    ] {
        let error = refused(template, "#{ key: secret(\"KEY\") }");
        assert!(error.contains("secret"), "{template}: {error}");
        assert!(error.contains("x.j2"), "{template}: {error}");
    }
}

#[test]
fn what_is_wrong_in_a_template_is_shown_with_its_line() {
    for (template, values, what) in [
        (
            "a\n{{ domian }}\n",
            "#{ domain: \"x\" }",
            "x.j2, line 2: 'domian' has no value",
        ),
        ("{{ a.b }}", "#{ a: #{} }", "x.j2, line 1: 'a.b' has no value"),
        ("a\nb\n{% if x %}\n", "#{ x: 1 }", "x.j2, line"),
        ("{{ a|nonsense }}", "#{ a: 1 }", "nonsense"),
        ("{{ a }}", "#{ a: () }", "this value is ()"),
        (
            "{{ a }}",
            "#{ a: ssh::check(\"x\", \"true\") }",
            "a step can't be a value of a template",
        ),
        (
            "{% for i in range(9000) %}{% for j in range(9000) %}x{% endfor %}{% endfor %}",
            "#{}",
            "x.j2, line 1",
        ),
    ] {
        let error = refused(template, values);
        assert!(error.contains(what), "{template}: {error}");
    }
}

#[test]
fn a_copied_file_is_in_the_plan_by_hash_and_size() {
    let files = Files::new("ssh::copy(\"Copy the logo\", \"img/logo.png\", \"/srv/logo.png\").owner(\"www-data\");")
        .beside("img/logo.png", "");
    let content = b"\x89PNG\0\xff".repeat(1000);
    std::fs::write(files.path("recipe/img/logo.png"), &content).expect("the file");
    let plan = files
        .recipe()
        .expect("the recipe")
        .with_files(planned(files.evaluated()));
    let file = LocalFile {
        file: "img/logo.png".to_owned(),
        sha256: sha256(&content),
        bytes: 6000,
    };
    let shown = render::plain(&render::plan(&plan, None, None));
    assert!(
        shown.contains(&format!("(the file img/logo.png, 6.0 kB, sha256 {})", file.sha256)),
        "{shown}"
    );
    let json = serde_json::to_value(&plan).expect("JSON");
    assert_eq!(
        json["steps"][0]["action"]["content"],
        serde_json::to_value(&file).expect("JSON")
    );
    assert_eq!(
        plan.files_from.as_deref(),
        Some(
            files
                .path("recipe")
                .canonicalize()
                .expect("a path")
                .to_str()
                .expect("UTF-8")
        )
    );
    let again = Plan::parse(&json.to_string(), "it").expect("a plan");
    assert_eq!(again, plan);
    // Where the files are on this computer makes no other plan of it.
    let elsewhere = Plan {
        files_from: Some("/elsewhere".to_owned()),
        ..plan.clone()
    };
    assert_eq!(elsewhere.compute_digest(), plan.digest);
    std::fs::write(files.path("recipe/img/logo.png"), b"other").expect("the file");
    assert_ne!(planned(files.evaluated()).digest, plan.digest);
}

#[test]
fn a_program_is_copied_with_the_mode_of_one() {
    let files = Files::new("ssh::copy(\"Copy\", \"run\", \"/usr/local/bin/run\");").beside("run", "\u{7f}ELF");
    assert_eq!(uploads(&files)[0].2, "0644");
    std::fs::set_permissions(files.path("recipe/run"), PermissionsExt::from_mode(0o755)).expect("the mode");
    assert_eq!(uploads(&files)[0].2, "0755");
}

#[test]
fn a_copied_script_is_linted_with_its_own_line() {
    let script = "#!/bin/sh\nset -e\nrm -rf /srv/data\n";
    let recipe = "ssh::copy(\"Copy the script\", \"bin/clean.sh\", \"/usr/local/bin/clean\")";
    let error = Files::new(&format!("{recipe};")).beside("bin/clean.sh", script).error();
    assert!(
        error.contains("line 3 of bin/clean.sh destroys data: `rm -r`"),
        "{error}"
    );
    Files::new(&format!("{recipe}.allow_destroying(\"removes old data\");"))
        .beside("bin/clean.sh", script)
        .evaluated();
}

const COPY: &str = "ssh::copy_folder(\"Copy the site\", \"site\", \"/srv/www\", #{ OPTIONS });";

fn site(options: &str) -> Files {
    Files::new(&COPY.replace("OPTIONS", options))
        .beside("site/index.html", "<p>")
        .beside("site/css/a.css", "a {}")
        .beside("site/css/a.css.map", "{}")
        .beside("site/.git/config", "x")
        .beside("site/cgi/run", "#!/bin/sh\necho\n")
}

#[test]
fn a_folder_becomes_a_step_for_each_of_its_files() {
    let paths = |options: &str| -> Vec<(String, String)> {
        let uploads = uploads(&site(options)).into_iter();
        uploads.map(|(path, _, mode)| (path, mode)).collect()
    };
    let of = |paths: &[(&str, &str)]| -> Vec<(String, String)> {
        let paths = paths.iter();
        paths
            .map(|(path, mode)| ((*path).to_owned(), (*mode).to_owned()))
            .collect()
    };
    assert_eq!(
        paths("excludes: [\".git\", \"*.map\"], modes: #{ \"cgi/*\": \"755\" }"),
        of(&[
            ("/srv/www/cgi/run", "0755"),
            ("/srv/www/css/a.css", "0644"),
            ("/srv/www/index.html", "0644"),
        ])
    );
    assert_eq!(paths("").len(), 5);
    let steps = site("owner: \"www-data\"").evaluated().steps;
    assert_eq!(steps[0].title, "Copy the site: directories");
    assert!(!steps.iter().any(|step| step.effect == Effect::Destroy));
}

#[test]
fn options_of_a_folder_are_checked() {
    for (options, what) in [
        ("exclude: []", "did you mean excludes?"),
        ("excludes: \"x\"", "the option 'excludes' is a list of texts"),
        (
            "modes: #{ \"*\": 755 }",
            "the option 'modes' is a text, and this is a number",
        ),
        ("modes: #{ \"*\": \"rwx\" }", "is not a valid mode"),
        ("owner: \"a b\"", "is not a valid owner"),
        ("remove_others: 1", "the option 'remove_others' is true or false"),
    ] {
        let error = site(options).error();
        assert!(error.contains(what), "{options}: {error}");
    }
}

#[test]
fn a_name_that_is_not_text_matters_only_if_its_file_is_copied_or_removed() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"a\xff.map");
    let files = site("excludes: [\"*.map\", \".git\"], remove_others: true");
    std::fs::write(files.path("recipe/site").join(odd), "x").expect("a file");
    files.evaluated();
    let files = site("");
    std::fs::write(files.path("recipe/site").join(odd), "x").expect("a file");
    let error = files.error();
    assert!(error.contains("is not text of one line"), "{error}");
    let error = site("remove_others: true").error();
    assert!(error.contains("a name that is not UTF-8: \".git/"), "{error}");
}

#[test]
fn others_are_removed_in_a_step_that_destroys_and_lists_each_of_them() {
    let files = site("remove_others: true, excludes: [\".git\"]");
    let evaluated = files.evaluated();
    assert_eq!(evaluated.queries.len(), 1, "the plan shows what it asked");
    let step = evaluated.steps.last().expect("a step");
    assert_eq!(
        (step.title.as_str(), step.effect),
        ("Copy the site: remove others", Effect::Destroy)
    );
    let Action::Run { command } = &step.action else {
        panic!("{step:?}")
    };
    let removed: Vec<&str> = command.lines().filter(|line| line.starts_with("remove ")).collect();
    assert_eq!(
        removed,
        ["remove 'old dir' 'it'\\''s'", "remove '' old.html 'old dir' link"]
    );
    assert!(
        command.starts_with("root=/disk/www\n"),
        "where it was listed: {command}"
    );
    let plan = planned(files.evaluated());
    assert!(plan.needs_consent() && !plan.losses_complete);
}
