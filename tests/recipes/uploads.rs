//! The content of uploads: texts, and texts with secrets in them.

use crate::support::{error_of, evaluated, planned};
use infrakt::plan::{Action, Content, Piece, Plan, render};

fn content_of(list: &str) -> (Content, String) {
    let recipe = format!("ssh::upload(\"Write\", \"/srv/app/.env\", {list});");
    match evaluated(&recipe).steps.remove(0).action {
        Action::Upload { content, mode, .. } => (content, mode),
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn secret(name: &str) -> Piece {
    Piece::Secret {
        secret: name.to_owned(),
    }
}

#[test]
fn a_list_of_texts_and_secrets_is_one_content_however_it_is_divided() {
    let whole = (
        Content::of([text("PORT=80\nKEY="), secret("KEY"), text("\n")]),
        "0600".to_owned(),
    );
    for list in [
        "[\"PORT=80\\nKEY=\", secret(\"KEY\"), \"\\n\"]",
        "[\"PORT=\", 80, \"\", \"\\n\", \"KEY=\", secret(\"KEY\"), \"\\n\"]",
        "[[\"PORT=80\\n\"], [\"KEY=\", [secret(\"KEY\"), \"\\n\"]]]",
        "[\"PORT=80\\n\"] + [\"KEY=\", secret(\"KEY\")] + [\"\\n\"]",
    ] {
        assert_eq!(content_of(list), whole, "{list}");
    }
    assert_eq!(content_of("[\"a\", \"b\"]"), (Content::text("ab"), "0644".to_owned()));
    assert_eq!(content_of("[]"), (Content::text(""), "0644".to_owned()));
    assert_eq!(
        content_of("[secret(\"A\")]"),
        (Content::of([secret("A")]), "0600".to_owned())
    );
}

#[test]
fn only_texts_numbers_and_secrets_can_be_in_a_file() {
    for (list, what) in [
        ("[\"a\", #{ b: 1 }]", "entry 1 of this list is a map"),
        ("[ssh::check(\"x\", \"true\")]", "entry 0 of this list is a step"),
        ("[()]", "entry 0 of this list is a ()"),
    ] {
        let error = error_of(&format!("ssh::upload(\"Write\", \"/etc/app\", {list});"));
        assert!(
            error.contains(what) && error.contains("secret(\"KEY\")"),
            "{list}: {error}"
        );
    }
}

#[test]
fn a_plan_shows_the_names_of_secrets_in_their_places_and_reads_back_the_same() {
    let plan = planned(evaluated(
        "ssh::upload(\"Write\", \"/srv/app/.env\", [\"KEY=\", secret(\"KEY\"), \"\\nPORT=80\\n\"]);",
    ));
    let shown = render::plain(&render::plan(&plan, None, None));
    assert!(shown.contains("| KEY=(the secret KEY)\n"), "{shown}");
    assert!(shown.contains("| PORT=80\n"), "{shown}");
    let json = serde_json::to_string(&plan).expect("JSON");
    assert!(
        json.contains(r#""content":["KEY=",{"secret":"KEY"},"\nPORT=80\n"]"#),
        "{json}"
    );
    let again = Plan::parse(&json, "it").expect("a plan");
    assert_eq!(again, plan);
    assert_eq!(again.compute_digest(), plan.digest);
}

#[test]
fn a_script_with_a_secret_in_it_is_linted_too() {
    let error = error_of(
        "ssh::upload(\"Write\", \"/usr/local/bin/clean\", [\"#!/bin/sh\\nTOKEN=\", secret(\"TOKEN\"), \"\\nrm -rf /srv/data\\n\"]);",
    );
    assert!(
        error.contains("line 3 of the uploaded script destroys data: `rm -r`"),
        "{error}"
    );
}
