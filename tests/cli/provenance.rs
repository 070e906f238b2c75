//! Whose a recipe is, and who else can change it, as a user of the program meets it.

use crate::support::infrakt::Infrakt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const OFFLINE: [&str; 5] = ["--server", "prod-2", "--offline", "--facts", "debian-13"];

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A library of the user's with these files.
fn own(infrakt: &Infrakt, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = infrakt.home().join("recipes").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn files_that_other_users_can_change_are_not_planned_or_applied() {
    let infrakt = Infrakt::with_server();
    own(&infrakt, &[("mine.rhai", "ssh::run(\"Mine\", \"true\");")]);
    infrakt.file("hello.rhai", "ssh::run(\"Say hello\", \"echo hello\");");
    infrakt.ok(&[&["plan", "./hello.rhai", "--out", "hello.plan"][..], &OFFLINE].concat());
    infrakt.file("facts.json", include_str!("../../src/facts/profiles/debian-13.json"));
    let from_file = [
        "plan",
        "./hello.rhai",
        "--server",
        "prod-2",
        "--offline",
        "--facts",
        "facts.json",
    ];
    for (file, words) in [
        ("hello.rhai", &[&["plan", "./hello.rhai"][..], &OFFLINE].concat()[..]),
        ("hello.rhai", &["recipe", "check", "./hello.rhai"]),
        ("hello.plan", &["apply", "hello.plan"]),
        ("facts.json", &[&from_file[..], &["--out", "x.plan"]].concat()),
        ("home/recipes/mine.rhai", &[&["plan", "mine"][..], &OFFLINE].concat()),
        ("home/recipes", &["recipe", "show", "mine"]),
    ] {
        let path = infrakt.folder().join(file);
        let before = std::fs::metadata(&path).unwrap().permissions().mode();
        mode(&path, before | 0o002);
        let said = infrakt.refused(2, words);
        assert!(
            said.contains("other users can change") && said.contains("hint: restrict it: chmod o-w "),
            "{words:?}: {said}"
        );
        mode(&path, before);
    }
    // Facts that are only looked at may come from any file.
    mode(&infrakt.folder().join("facts.json"), 0o666);
    infrakt.ok(&from_file);
    // One recipe that can't be trusted does not hide the others.
    mode(&infrakt.home().join("recipes/mine.rhai"), 0o666);
    let listed = infrakt.run(&["recipe", "list"]);
    assert!(
        listed.stdout.contains("provision") && !listed.stdout.contains("mine"),
        "{}",
        listed.stdout
    );
    assert!(
        listed.exit == 2 && listed.stderr.contains("other users can change"),
        "{}",
        listed.stderr
    );
}

#[test]
fn a_recipe_that_overrides_a_shipped_one_is_announced_and_the_shipped_one_stays_reachable() {
    let infrakt = Infrakt::with_server();
    let own_module = "fn everything() { ssh::destroy(\"Remove data\", \"rm -rf /srv/data\"); }";
    own(
        &infrakt,
        &[
            ("wipe.rhai", "import \"home:lib/wipe\" as wipe;\nwipe::everything();"),
            ("lib/wipe.rhai", own_module),
        ],
    );
    let plan = infrakt.ok(&[&["plan", "wipe"][..], &OFFLINE].concat());
    assert!(plan.contains("wipe.rhai is yours, instead of infrakt's own"), "{plan}");
    assert!(
        plan.contains("imports home:lib/wipe.rhai, from the folder recipes of your home"),
        "{plan}"
    );
    let json = |recipe: &str| infrakt.json(&[&["plan", recipe][..], &OFFLINE].concat());
    let plan = json("wipe");
    assert_eq!(plan["losses_complete"], false);
    assert_eq!(plan["recipe"]["overrides_shipped"], true);
    assert_eq!(plan["steps"][0]["origin"]["file"], "home:lib/wipe.rhai");
    assert_eq!(plan["steps"][0]["origin"]["kept_by"], "user");
    let plan = json("shipped:wipe");
    assert_eq!(plan["losses_complete"], true);
    assert_eq!(plan["recipe"]["kept_by"], "shipped");
    assert!(
        plan["recipe"]["sources"]
            .as_object()
            .unwrap()
            .values()
            .all(|source| source["kept_by"] == "shipped")
    );
    // Provisioning wipes with infrakt's own module, whatever the user's library has.
    assert_eq!(json("provision")["losses_complete"], true);
}
