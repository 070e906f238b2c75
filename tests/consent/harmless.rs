//! What a person reads before consenting can't be bent by what a server or a plan file says.

use crate::fixture::{leaves, plan};
use infrakt::plan::{Plan, render};

#[test]
fn texts_of_a_plan_are_escaped_on_a_terminal() {
    let evil = "x\u{1b}[8m\u{1b}]0;t\u{7}\r\u{9b}2J\u{202e}y";
    let (json, pointers) = leaves(&plan());
    let mut tried = 0;
    for pointer in pointers {
        let mut json = json.clone();
        let value = json.pointer_mut(&pointer).expect("a leaf");
        if !value.is_string() {
            continue;
        }
        *value = evil.into();
        let Ok(bent) = serde_json::from_value::<Plan>(json) else {
            continue;
        };
        for text in [
            render::plan(&bent, None, None),
            render::queries(&bent),
            render::losses(&bent),
            render::command_of(0, &bent.steps[0]),
        ] {
            // Our own colours are `ESC [ digits m`; `plain` would take out more than those.
            let bad = text.split('\u{1b}').skip(1).find(|rest| {
                !rest
                    .trim_start_matches(|c: char| c == '[' || c.is_ascii_digit() || c == ';')
                    .starts_with('m')
            });
            assert_eq!(bad, None, "{pointer}");
            assert!(!text.contains("\u{1b}[8m"), "{pointer}: {text:?}");
            let others = |c: char| (c.is_control() && c != '\n' && c != '\u{1b}') || c == '\u{202e}';
            assert!(!text.contains(others), "{pointer}: {text:?}");
        }
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
}

/// A name with a line break could draw a line of its own: another loss, or an end of the list.
#[test]
fn a_name_stays_on_its_line() {
    let mut plan = plan();
    let lines = render::losses(&plan).lines().count();
    plan.losses.volumes[0].name = "pgdata\n  0 containers\n".to_owned();
    plan.losses.volumes[0].detail = Some("1\n2".to_owned());
    assert_eq!(render::losses(&plan).lines().count(), lines);
}
