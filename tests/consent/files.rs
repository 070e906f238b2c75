//! Plans from files: nothing of them is believed before it was checked.

use crate::fixture::{harmless, plan, run, sealed};
use infrakt::error::{Error, Exit};
use infrakt::plan::{Action, Content, Effect, Keeper, Piece, Plan, Source, StateChange, lint};
use infrakt::reason::ProtectionReason;
use infrakt::runtime::Runtime;
use infrakt::store::Home;
use jiff::{SignedDuration, Timestamp};

fn examine(plan: &Plan) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(Some(folder.path().join("home"))).unwrap();
    Runtime::open(home).unwrap().examine(plan)
}

fn parse(plan: &Plan) -> Result<Plan, Error> {
    Plan::parse(&serde_json::to_string(plan).unwrap(), "the plan x.plan")
}

#[test]
fn an_unmodified_plan_passes() {
    for plan in [plan(), harmless()] {
        examine(&parse(&plan).unwrap()).unwrap();
    }
}

#[test]
fn a_modified_plan_is_stale() {
    let mut plan = harmless();
    plan.steps[0].title = "Say nothing".to_owned();
    let error = examine(&plan).unwrap_err();
    assert_eq!((error.code(), error.exit()), ("stale_plan", Exit::Refused));
    assert!(error.to_string().contains("modified after it was made"), "{error}");
}

/// Such a file would show a list of losses that infrakt did not verify.
#[test]
fn a_plan_with_a_false_shipped_text_is_stale() {
    for (name, sha256) in [("lib/wipe.rhai", "00ff"), ("lib/mine.rhai", "00ff")] {
        let mut plan = harmless();
        let source = Source {
            kept_by: Keeper::Shipped,
            sha256: sha256.to_owned(),
        };
        plan.recipe.sources.insert(name.to_owned(), source);
        let error = examine(&sealed(plan)).unwrap_err();
        assert_eq!(error.code(), "stale_plan");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn protected_servers_are_refused_before_any_server_is_contacted() {
    let mut offline = plan();
    offline.offline = true;
    let error = examine(&sealed(offline)).unwrap_err();
    assert!(error.to_string().contains("made offline"), "{error}");
    let mut protected = plan();
    protected.server.protected = vec![ProtectionReason::Marker];
    assert_eq!(examine(&sealed(protected)).unwrap_err().code(), "protected");
    let mut unidentified = plan();
    unidentified.server.machine_id = None;
    assert_eq!(examine(&sealed(unidentified)).unwrap_err().code(), "no_identity");
}

/// The sentence is there for people who read the file. infrakt relies on the code and the fields alone.
#[test]
fn the_digest_covers_the_code_of_a_protection_reason_and_not_its_sentence() {
    let mut plan = harmless();
    plan.server.protected = vec![ProtectionReason::Marker];
    let plan = sealed(plan);
    let text = serde_json::to_string(&plan).unwrap();
    let sentence = "it has the marker /etc/infrakt/host";
    assert!(text.contains(sentence), "{text}");
    let reworded = Plan::parse(&text.replace(sentence, "reworded"), "the plan x.plan").unwrap();
    assert_eq!(reworded, plan);
    examine(&reworded).unwrap();
    let recoded = Plan::parse(&text.replace("\"marker\"", "\"marked_row\""), "the plan x.plan").unwrap();
    assert_eq!(examine(&recoded).unwrap_err().code(), "stale_plan");
    assert!(Plan::parse(&text.replace("\"marker\"", "\"unknown\""), "the plan x.plan").is_err());
}

#[test]
fn a_saved_destructive_plan_expires_after_24_hours() {
    let aged = |seconds: i64| {
        let mut plan = plan();
        plan.made_at = Some(Timestamp::now() - SignedDuration::from_secs(seconds));
        examine(&parse(&sealed(plan)).unwrap())
    };
    for seconds in [0, 3600, 23 * 3600] {
        aged(seconds).unwrap();
    }
    for (seconds, reason) in [
        (24 * 3600 + 1, "can only be applied for 24 hours"),
        (400 * 24 * 3600, "can only be applied for 24 hours"),
        (-3600, "which is in the future by this computer's clock"),
        (-400 * 24 * 3600, "which is in the future by this computer's clock"),
    ] {
        let error = aged(seconds).unwrap_err();
        assert_eq!((error.code(), error.exit()), ("stale_plan", Exit::Refused), "{seconds}");
        assert!(error.to_string().contains(reason), "{seconds}: {error}");
        assert!(error.hint().unwrap().contains("infrakt plan RECIPE --server prod-2"));
    }
    let mut undated = plan();
    undated.made_at = None;
    let error = examine(&sealed(undated)).unwrap_err();
    assert!(error.to_string().contains("no time at which it was made"), "{error}");
    // A date that was set by hand is an alteration as any other.
    let mut redated = plan();
    redated.made_at = Some(Timestamp::now() - SignedDuration::from_secs(5));
    assert!(examine(&redated).unwrap_err().to_string().contains("modified"));
    // A plan that destroys nothing does not expire.
    let mut harmless = harmless();
    harmless.made_at = None;
    examine(&sealed(harmless)).unwrap();
}

#[test]
fn the_lint_reads_plans_from_files_as_it_reads_recipes() {
    type Alter = fn(&mut Plan);
    let hidden: [(&str, Alter); 7] = [
        ("the command", |plan| {
            plan.steps[0].action = Action::Run {
                command: "cd /srv; rm -rf data".to_owned(),
            };
        }),
        ("the command", |plan| {
            plan.steps[0].effect = Effect::Check;
            plan.steps[0].action = Action::Run {
                command: "docker volume rm x".to_owned(),
            };
        }),
        ("the check", |plan| {
            plan.steps[0].effect = Effect::Check;
            plan.steps[0].preflight = true;
            plan.steps[0].action = Action::Run {
                command: "systemctl restart nginx".to_owned(),
            };
        }),
        ("a guard", |plan| plan.steps[0].unless.push("rm -r /srv".to_owned())),
        ("a guard", |plan| plan.steps[0].only_if.push("dropdb shop".to_owned())),
        ("the uploaded script", |plan| {
            plan.steps[0].action = upload("/root/x.sh", "rm -rf /srv", "0644");
        }),
        ("the uploaded script", |plan| {
            plan.steps[0].action = upload("/root/x", "rm -rf /srv", "0755");
        }),
    ];
    for (index, (part, alter)) in hidden.into_iter().enumerate() {
        let mut plan = harmless();
        alter(&mut plan);
        let plan = sealed(plan);
        let found = lint::findings(&plan);
        assert_eq!((found.len(), found[0].step, found[0].part), (1, 0, part), "{index}");
        let error = examine(&plan).unwrap_err();
        assert_eq!((error.code(), error.exit()), ("lint", Exit::Usage), "{error}");
        assert!(error.to_string().starts_with("step 1: "), "{error}");
    }
    let mut said = harmless();
    said.steps = vec![run("Remove it", Effect::Destroy, "rm -rf /srv/data")];
    assert_eq!(lint::findings(&said), []);
    said.steps[0].unless.push("rm -rf /srv/data".to_owned());
    assert_eq!(
        lint::findings(&said).len(),
        1,
        "a guard only looks, also that of a step that destroys"
    );
}

fn upload(path: &str, text: &str, mode: &str) -> Action {
    Action::Upload {
        path: path.to_owned(),
        content: Content::text(text),
        mode: mode.to_owned(),
        owner: "root:root".to_owned(),
    }
}

#[test]
fn a_plan_file_can_only_have_what_a_recipe_could_produce() {
    type Alter = fn(&mut Plan);
    let forged: [(&str, Alter); 21] = [
        ("is not a valid status", |plan| {
            plan.steps[4].action = Action::State {
                change: StateChange::SetStatus("\u{1b}[2J".to_owned()),
            };
        }),
        ("not a valid name for an environment variable", |plan| {
            let value = Piece::Text("x".to_owned());
            plan.steps[0].env.insert("A=1; rm -rf /srv; B".to_owned(), value);
        }),
        ("not a valid name for an environment variable", |plan| {
            plan.steps[0].env.insert(String::new(), Piece::Text(String::new()));
        }),
        ("holds a NUL character", |plan| {
            plan.steps[0].env.insert("A".to_owned(), Piece::Text("\0".to_owned()));
        }),
        ("is not among the plan's secrets", |plan| plan.secrets.clear()),
        ("is not a valid name for a secret", |plan| {
            plan.secrets.insert("A B".to_owned());
        }),
        ("is not among the plan's secrets", |plan| {
            plan.steps[2].action = Action::Upload {
                path: "/x".to_owned(),
                content: Content::of([Piece::Secret {
                    secret: "OTHER".to_owned(),
                }]),
                mode: "0600".to_owned(),
                owner: "root".to_owned(),
            };
        }),
        ("is not marked as destructive", |plan| {
            plan.steps[4].effect = Effect::Check
        }),
        ("a title is one line", |plan| plan.steps[0].title = "a\nb".to_owned()),
        ("a title is one line", |plan| plan.steps[0].title = String::new()),
        ("a title is one line", |plan| {
            plan.steps[0].section = Some("\u{1b}[2J".to_owned())
        }),
        ("not a valid path for a file", |plan| {
            plan.steps[2].action = upload("etc/x", "", "0644")
        }),
        ("not a valid path for a file", |plan| {
            plan.steps[2].action = upload("/a/../b", "", "0644")
        }),
        ("not a valid path for a file", |plan| {
            plan.steps[2].action = upload("/a\0b", "", "0644")
        }),
        ("is not a valid mode", |plan| {
            plan.steps[2].action = upload("/a", "", "u+s,a=rwx")
        }),
        ("is not a valid owner", |plan| {
            let Action::Upload { owner, .. } = &mut plan.steps[2].action else {
                return;
            };
            *owner = "--reference=/x".to_owned();
        }),
        ("is not a valid timeout", |plan| plan.steps[0].timeout_seconds = 0),
        ("is not a valid timeout", |plan| {
            plan.steps[0].timeout_seconds = u64::MAX
        }),
        ("the command is empty", |plan| {
            plan.steps[0].action = Action::Run {
                command: "a\0b".to_owned(),
            };
        }),
        ("after its last step", |plan| plan.consent_before = Some(6)),
        ("says that its losses are complete", |plan| plan.losses_complete = true),
    ];
    for (problem, alter) in forged {
        let mut plan = plan();
        alter(&mut plan);
        let error = parse(&sealed(plan)).expect_err(problem);
        assert_eq!((error.code(), error.exit()), ("malformed", Exit::Usage));
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
}

#[test]
fn a_plan_file_of_another_format_or_with_unknown_fields_is_refused() {
    let text = serde_json::to_string(&harmless()).unwrap();
    for (from, to, reason) in [
        (
            "\"format\":2",
            "\"format\":3,\"novelty\":true",
            "its format is 3, this infrakt supports format 2",
        ),
        (
            "\"format\":2",
            "\"format\":1",
            "its format is 1, this infrakt supports format 2; an older infrakt saved it",
        ),
        ("\"format\":2", "\"format\":\"2\"", "its format is \"2\""),
        ("\"format\":2,", "", "it has no format"),
        (
            "\"format\":2",
            "\"format\":2,\"novelty\":true",
            "unknown field `novelty`",
        ),
        ("\"title\":", "\"sudo\":true,\"title\":", "unknown field `sudo`"),
        ("}", "", "at line 1"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Plan::parse(&text.replacen(from, to, 1), "the plan x.plan").unwrap_err();
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(error.hint().unwrap().contains("infrakt plan RECIPE"), "{error}");
    }
}
