//! Plays: files that name recipes and their servers. What they do on servers is in tests/fleet.

use crate::support::infrakt::Infrakt;

const STAGE: &str = "[[stage]]\nname = \"One\"\nrecipe = \"./one.rhai\"\nservers = [\"prod-2\"]\n";

fn with_a_recipe() -> Infrakt {
    let infrakt = Infrakt::with_server();
    infrakt.file(
        "one.rhai",
        "//! One.\nlet word = param(\"word\", \"none\");\nssh::run(\"Work\", `echo ${word}`);\n",
    );
    infrakt
}

#[test]
fn what_is_wrong_with_a_play_is_said_before_any_server_is_asked() {
    let infrakt = with_a_recipe();
    let two = format!("{STAGE}{}", STAGE.replace("One", "Two"));
    let with = |line: &str| format!("{STAGE}{line}\n");
    for (text, said, next) in [
        ("", "missing field `stage`", "[[stage]]"),
        ("stage = []", "it has no stage", "[[stage]]"),
        (
            &with("tga = [\"db\"]"),
            "line 5: unknown field `tga`",
            "expected one of",
        ),
        (&with("parallel = 0"), "line 5", ""),
        (
            &STAGE.replace("servers", "# servers"),
            "'One' has neither servers nor tags",
            "",
        ),
        (&format!("{STAGE}{STAGE}"), "two stages have the name 'One'", ""),
        (&two, "'prod-2' is in two stages, 'One' and 'Two'", "one recipe"),
        (
            &STAGE.replace("prod-2", "prod-3"),
            "there is no server 'prod-3'",
            "did you mean 'prod-2'?",
        ),
        (
            &with("tags = [\"wbe\"]"),
            "no server has the tag 'wbe'",
            "infrakt server list",
        ),
        (&STAGE.replace("one.rhai", "two.rhai"), "two.rhai", ""),
    ] {
        infrakt.file("play.toml", text);
        for command in ["plan", "run"] {
            let refused = infrakt.refused(2, &[command, "./play.toml"]);
            assert!(refused.contains(said) && refused.contains(next), "{text}: {refused}");
        }
    }
    infrakt.file("play.toml", STAGE);
    let refused = infrakt.refused(2, &["run", "play.toml", "--server", "prod-2"]);
    assert!(
        refused.contains("play.toml is a play") && refused.contains("leave out --server"),
        "{refused}"
    );
    let refused = infrakt.refused(2, &["run", "gone.toml"]);
    assert!(refused.contains("there is no play gone.toml"), "{refused}");
}

#[test]
fn a_play_is_planned_with_its_parameters_and_those_of_the_command_count_before() {
    let infrakt = with_a_recipe();
    infrakt.file("play.toml", format!("{STAGE}set = {{ word = \"from the play\" }}\n"));
    let plan = |more: &[&str]| {
        let words = [&["plan", "play.toml", "--offline", "--facts", "debian-13"], more].concat();
        infrakt.json(&words)[0].clone()
    };
    let planned = plan(&[]);
    assert_eq!(
        (&planned["stage"], &planned["parameters"]["word"]),
        (&"One".into(), &"from the play".into())
    );
    assert_eq!(plan(&["--set", "word=from here"])["parameters"]["word"], "from here");
    let shown = infrakt.ok(&["plan", "play.toml", "--offline", "--facts", "debian-13"]);
    assert!(shown.contains("Stage 1 of 1: One  one.rhai"), "{shown}");
}
