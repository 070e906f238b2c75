//! What a plan rests on, told before it is made.

use crate::support::recipe;

#[test]
fn only_a_recipe_that_speaks_of_nothing_but_steps_needs_no_facts() {
    let needs_none = |text: &str| recipe(text).1.needs_no_facts().expect("its imports can be read");
    assert!(needs_none(r#"ssh::run("One", "true");"#));
    assert!(needs_none(r#"import "lib/files" as files; files::directory("/srv");"#));
    for text in [
        r#"ssh::run("One", `echo ${facts.os.id}`);"#,
        "if server.is_protected { }",
        r#"ssh::destroy("One", "rm -rf /srv");"#,
        r#"import "lib/wipe" as wipe; wipe::everything();"#,
        r#"let name = "lib/wipe"; import name as wipe; wipe::everything();"#,
    ] {
        assert!(!needs_none(text), "{text}");
    }
}
