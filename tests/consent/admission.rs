//! The admission of a plan to execution.

use crate::fixture::{harmless, plan, run, sealed};
use infrakt::consent::{ConsentedPlan, Means};
use infrakt::error::{Error, Exit, Refusal};
use infrakt::plan::{Effect, Plan};
use infrakt::reason::{NameReason, ProtectionReason};

const ALL_MEANS: [Means; 3] = [Means::Typed, Means::Flag, Means::Api];

/// The code with which a plan is refused.
fn refusal(plan: &Plan, typed: Option<(&str, Means)>) -> &'static str {
    let refusal = ConsentedPlan::admit(plan.clone(), typed, "me@here").expect_err("this must be refused");
    let error = Error::from(refusal);
    assert_eq!(error.exit(), Exit::Refused, "{error}");
    error.code()
}

#[test]
fn the_servers_name_admits_a_destructive_plan_and_is_recorded() {
    for how in ALL_MEANS {
        let plan = plan();
        let admitted = ConsentedPlan::admit(plan.clone(), Some(("prod-2", how)), "me@here").unwrap();
        let consent = admitted.consent().unwrap();
        assert_eq!(
            (consent.server.as_str(), consent.who.as_str(), consent.how),
            ("prod-2", "me@here", how)
        );
        assert_eq!(consent.digest, plan.digest);
        assert_eq!(admitted.plan(), &plan);
    }
}

#[test]
fn a_missing_or_wrong_name_does_not_admit_a_plan() {
    assert_eq!(refusal(&plan(), None), "consent_missing");
    for name in [
        "", "prod-1", "PROD-2", "prod-2 ", " prod-2", "prod-2\n", "y", "yes", "prod-20", "*", "prod‑2",
    ] {
        for how in ALL_MEANS {
            assert_eq!(refusal(&plan(), Some((name, how))), "consent_mismatch", "{name:?}");
        }
    }
}

#[test]
fn one_destructive_step_needs_consent_at_any_position() {
    for at in 0..3 {
        let mut plan = harmless();
        plan.steps = vec![
            run("Look", Effect::Check, "true"),
            run("Change", Effect::Change, "true"),
        ];
        plan.steps.insert(at, run("Destroy", Effect::Destroy, "true"));
        assert_eq!(refusal(&sealed(plan), None), "consent_missing", "at {at}");
    }
}

#[test]
fn a_harmless_plan_needs_no_name_and_accepts_one() {
    for typed in [None, Some(("prod-2", Means::Flag)), Some(("other", Means::Flag))] {
        let admitted = ConsentedPlan::admit(harmless(), typed, "me@here").unwrap();
        assert!(admitted.consent().is_none());
    }
}

#[test]
fn a_recipe_can_ask_for_consent_without_destructive_steps() {
    let mut plan = harmless();
    plan.consent_before = Some(0);
    assert_eq!(refusal(&sealed(plan), None), "consent_missing");
}

#[test]
fn the_name_does_not_admit_a_destructive_plan_for_a_protected_server() {
    let right = Some(("prod-2", Means::Typed));
    let mut protected = plan();
    protected.server.protected = vec![ProtectionReason::MarkedRow];
    assert_eq!(refusal(&sealed(protected), right), "protected");
    let mut offline = plan();
    offline.offline = true;
    assert_eq!(refusal(&sealed(offline), right), "stale_plan");
    let mut unidentified = plan();
    unidentified.server.machine_id = None;
    assert_eq!(refusal(&sealed(unidentified), right), "no_identity");
}

#[test]
fn protected_and_unidentified_servers_accept_harmless_plans() {
    let mut plan = harmless();
    plan.server.protected = vec![ProtectionReason::MarkedRow];
    plan.server.machine_id = None;
    ConsentedPlan::admit(sealed(plan), None, "me@here").unwrap();
}

#[test]
fn a_modified_plan_is_refused_destructive_or_not() {
    let right = Some(("prod-2", Means::Typed));
    for original in [plan(), harmless()] {
        let mut more = original.clone();
        more.steps.push(run("More", Effect::Change, "echo more"));
        assert_eq!(refusal(&more, right), "stale_plan");
        let mut without = original.clone();
        without.digest.clear();
        assert_eq!(refusal(&without, right), "stale_plan");
        let mut other = original;
        other.server.name = "prod-3".to_owned();
        assert_eq!(refusal(&other, Some(("prod-3", Means::Typed))), "stale_plan");
    }
}

/// A forger can compute a digest. A step that destroys must not get by with the word `check` on it.
#[test]
fn forgetting_apps_is_always_destructive() {
    let mut plan = plan();
    plan.consent_before = None;
    plan.steps.retain(|step| step.title == "Forget the apps");
    plan.steps[0].effect = Effect::Check;
    assert_eq!(refusal(&sealed(plan), None), "consent_missing");
}

#[test]
fn every_refusal_has_a_reason_and_a_next_step() {
    for refusal in [
        ConsentedPlan::admit(plan(), None, "me").unwrap_err(),
        ConsentedPlan::admit(plan(), Some(("x", Means::Typed)), "me").unwrap_err(),
        Refusal::NeedsName {
            reason: Box::new(NameReason::RemovesServer {
                server: "prod-2".to_owned(),
            }),
        },
    ] {
        let error = Error::from(refusal);
        assert!(error.hint().is_some_and(|hint| hint.contains("prod-2")), "{error}");
    }
}
