//! What is shown of a plan by default, and right above the name that a person types, fits a terminal of 80 columns and 24
//! lines.

use crate::support::server;
use infrakt::plan::summary::{consent_block, summary};
use infrakt::plan::{Action, Doubt, Effect, Finding, Keeper, Loss, Mark, Plan, Preview, Step, doubts, render};

fn fits(text: &str, lines: usize) {
    assert!(text.lines().count() <= lines, "{} lines:\n{text}", text.lines().count());
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// As a server would answer that has none of it yet.
fn preview(plan: &Plan) -> Preview {
    let mark = |effect| match effect {
        Effect::Check => Mark::Check,
        Effect::Change | Effect::Destroy => Mark::WouldChange,
    };
    Preview {
        marks: plan.steps.iter().map(|step| mark(step.effect)).collect(),
        findings: Vec::new(),
        changes: Vec::new(),
        doubts: Vec::new(),
    }
}

#[test]
fn the_summary_of_provisioning_fits_a_screen_and_names_what_is_deleted() {
    let plan = server("debian-13").used().plan("provision");
    let shown = render::plain(&summary(&plan, Some(&preview(&plan)), None));
    // Two lines say how to see more and what to type next, and one is the shell's.
    fits(&shown, 21);
    for part in [
        "Will be deleted: 3 containers, 2 images, 2 volumes, 1 network, /opt/infrakt",
        "-  6 destroy        Leave the swarm; Stop all containers;",
        "Firewall         6 would change",
        "53 steps: 6 destroy, 22 change, 25 checks. 28 steps would change something.",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

#[test]
fn a_step_that_would_fail_is_named_with_what_its_check_says() {
    let plan = server("debian-13").plan("provision");
    let mut preview = preview(&plan);
    preview.marks[7] = Mark::WouldFail;
    preview.findings = vec![Finding {
        step: 8,
        message: "nginx listens on :80".to_owned(),
    }];
    let shown = render::plain(&summary(&plan, Some(&preview), None));
    assert!(shown.contains("!  1 would fail     The web ports are free"), "{shown}");
    assert!(shown.contains("! step 8: nginx listens on :80"), "{shown}");
}

/// A restart because a file is newer looks unnecessary as long as the file is not written.
#[test]
fn a_guard_that_names_a_file_which_an_earlier_step_changes_is_in_doubt() {
    let mut plan = server("debian-13").plan("provision");
    let upload = |step: &Step| matches!(step.action, Action::Upload { .. });
    plan.steps.retain(upload);
    plan.steps.truncate(2);
    let Some(Action::Upload { path, .. }) = plan.steps.first().map(|step| step.action.clone()) else {
        panic!("provisioning uploads nothing");
    };
    plan.steps[1].unless = vec![format!("test {path} -ot /run/started")];
    let marks = vec![Mark::WouldChange, Mark::NoChange];
    let doubts = doubts(&plan.steps, &marks);
    assert_eq!(
        doubts,
        [Doubt {
            step: 2,
            after: vec![1]
        }]
    );
    let preview = Preview {
        marks,
        findings: Vec::new(),
        changes: Vec::new(),
        doubts,
    };
    let shown = render::plain(&summary(&plan, Some(&preview), None));
    assert!(
        shown.contains("no change") && shown.contains(", unless 1 changes that"),
        "{shown}"
    );
    let shown = render::plain(&render::plan(&plan, Some(&preview), None));
    assert!(
        shown.contains("in doubt step 1 changes a file that its guards name"),
        "{shown}"
    );
    let settled = [Mark::NoChange, Mark::NoChange];
    assert_eq!(infrakt::plan::doubts(&plan.steps, &settled), []);
}

#[test]
fn what_infrakt_can_not_list_is_said_with_its_command() {
    let mut plan = server("debian-13").used().plan("wipe");
    let held = plan.losses.clone();
    plan.steps.retain(|step| step.title == "Remove /opt/infrakt");
    let mut shown = |command: &str| {
        let step = plan.steps.first_mut().expect("the step");
        step.origin.kept_by = Keeper::Path;
        step.origin.file = "mine.rhai".to_owned();
        step.action = Action::Run {
            command: command.to_owned(),
        };
        plan.losses = plan.within_reach(held.clone());
        plan.losses_complete = plan.unlisted().is_empty();
        assert!(!plan.losses_complete);
        let all = [
            summary(&plan, None, None),
            consent_block(&plan, &[]),
            render::plan(&plan, None, None),
        ];
        all.map(|text| render::plain(&text))
    };
    let [summary, block, whole] = shown("rm -rf /srv/data");
    for text in [&summary, &block] {
        assert!(
            text.contains("infrakt can't list what this command deletes: 1. rm -rf /srv/data"),
            "{text}"
        );
    }
    assert!(
        whole.contains("infrakt can't list what step 1 deletes: read its command."),
        "{whole}"
    );
    for text in [summary, block, whole] {
        assert!(!text.contains("container") && !text.contains("Docker"), "{text}");
    }
    // A command that may reach it all is never said to reach less.
    for command in ["docker volume prune -f", "/usr/local/bin/clean", "rm -rf /opt"] {
        let [summary, _, whole] = shown(command);
        assert!(
            summary.contains("May be deleted: 3 containers, 2 images, 2 volumes"),
            "{summary}"
        );
        assert!(
            whole.contains("May be deleted from prod-2") && whole.contains("pgdata"),
            "{whole}"
        );
    }
}

#[test]
fn what_stands_above_the_typed_name_fits_a_small_terminal_whatever_is_lost_and_left_out() {
    let mut plan = server("debian-13").used().plan("wipe");
    let many = |kind: &str| {
        (0..300)
            .map(|number| Loss::named(format!("{kind}-{number}")))
            .collect::<Vec<_>>()
    };
    plan.losses.containers = many("container");
    plan.losses.paths = many("path");
    plan.losses.env_files = many("env");
    plan.losses.secrets = many("secret");
    let step = plan
        .steps
        .iter_mut()
        .find(|step| step.destroys())
        .expect("a step that destroys");
    step.origin.altered_by = Some("mine.rhai".to_owned());
    plan.losses_complete = false;
    plan.server.host = "a-very-long-name-of-a-host.".repeat(8);
    let left_out: Vec<(String, String)> = (0..40)
        .map(|number| {
            (
                format!("web-{number}"),
                "cannot reach it at 192.0.2.9:22: no answer within 10 s ".repeat(3),
            )
        })
        .collect();
    let block = render::plain(&consent_block(&plan, &left_out));
    // The prompt itself takes two lines of 80 columns.
    fits(&block, 20);
    for part in [
        "prod-2  root@",
        "Will be deleted: 300 containers, 2 images",
        "6. case $(docker info",
        "steps of wipe.rhai delete data",
        "left out: web-0: cannot reach it",
        "left out: 35 more",
    ] {
        assert!(block.contains(part), "{part}:\n{block}");
    }
}
