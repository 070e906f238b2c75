//! Who may know whom, and which crate belongs to which room.

use crate::source::{Source, sources, uses_crate};
use std::collections::BTreeSet;

/// Every room with the rooms that it may know, and why not more.
const MAY_KNOW: [(&str, &[&str], &str); 23] = [
    (
        "host_key",
        &[],
        "a host key is data: it is the same on the wire, in a file and in the database",
    ),
    (
        "reason",
        &[],
        "a reason is data: it is the same in a plan, in an error, in the API and on the terminal",
    ),
    (
        "variables",
        &[],
        "a variable is data: it is the same in the database, in a recipe, in the API and on the terminal",
    ),
    (
        "plan",
        &["error", "host_key", "reason"],
        "a plan is data: it knows only the errors, what a host key is, and why a server is protected",
    ),
    (
        "event",
        &["error", "plan"],
        "events are data: they know only the plan's words",
    ),
    (
        "error",
        &["plan", "reason"],
        "errors are data: of a plan they know how a word is quoted for their hints",
    ),
    (
        "facts",
        &["error", "host_key", "plan"],
        "facts are data: they execute nothing and contact no server",
    ),
    (
        "consent",
        &["error", "plan", "reason"],
        "consent is about a plan, however it was made and executed",
    ),
    (
        "ownership",
        &["error", "plan"],
        "whose a file is has nothing to do with what it is for; of a plan it knows how a word is quoted",
    ),
    (
        "local_files",
        &["error", "ownership", "plan"],
        "where files may be has nothing to do with what they are for; of a plan it knows their hashes and paths",
    ),
    (
        "recipe",
        &["error", "facts", "local_files", "ownership", "plan", "variables"],
        "a recipe never acts: it knows no connection, no executor and no database",
    ),
    (
        "executor",
        &["consent", "error", "event", "plan", "reason"],
        "the executor runs a consented plan over its own trait: it knows no recipe, no SSH, no database, no terminal",
    ),
    (
        "ssh",
        &["error", "executor", "host_key", "plan"],
        "a connection knows no recipe, no database and no terminal",
    ),
    (
        "store",
        &["consent", "error", "event", "host_key", "plan", "reason", "variables"],
        "what is kept knows no recipe, no connection and no terminal",
    ),
    (
        "reporter",
        &["document", "error", "event", "plan"],
        "a reporter knows only the plan, its events and their documents, so that all tell the same story",
    ),
    (
        "prompt",
        &["error", "plan", "ssh"],
        "a question on the terminal knows no plan and no run; of SSH, the trait through which it asks for passwords",
    ),
    (
        "runtime",
        &[
            "consent",
            "error",
            "event",
            "executor",
            "facts",
            "host_key",
            "local_files",
            "ownership",
            "plan",
            "reason",
            "recipe",
            "ssh",
            "store",
            "variables",
        ],
        "the runtime serves the command line and the HTTP API alike: it knows neither, and no terminal",
    ),
    (
        "cmd",
        &[
            "consent",
            "document",
            "error",
            "event",
            "facts",
            "host_key",
            "http",
            "ownership",
            "plan",
            "prompt",
            "reason",
            "recipe",
            "reporter",
            "runtime",
            "store",
            "variables",
        ],
        "a command calls the runtime, and never a connection or the executor",
    ),
    (
        "http",
        &[
            "consent",
            "document",
            "error",
            "event",
            "facts",
            "plan",
            "reason",
            "recipe",
            "runtime",
            "store",
            "variables",
        ],
        "the HTTP API calls the runtime, and never a connection, the executor or a terminal",
    ),
    (
        "document",
        &[
            "consent",
            "error",
            "event",
            "facts",
            "plan",
            "reason",
            "recipe",
            "runtime",
            "store",
            "variables",
        ],
        "a document says how things are, for the command line and the HTTP API alike: it knows neither",
    ),
    ("cli", &["cmd"], "the command line is parsed there and nothing else"),
    (
        "main",
        &["cli", "cmd", "prompt", "recipe"],
        "main parses, dispatches and ends; one process evaluates a recipe",
    ),
    (
        "lib",
        &[
            "cli",
            "cmd",
            "consent",
            "document",
            "error",
            "event",
            "executor",
            "facts",
            "host_key",
            "http",
            "local_files",
            "ownership",
            "plan",
            "prompt",
            "reason",
            "recipe",
            "reporter",
            "runtime",
            "ssh",
            "store",
            "variables",
        ],
        "the map of the rooms",
    ),
];

/// Crates that are the tool of one room, with the rooms that may use them.
const TOOLS: [(&str, &[&str]); 21] = [
    ("rhai", &["recipe"]),
    ("annotate_snippets", &["recipe"]),
    ("include_dir", &["http", "recipe", "store"]),
    ("rusqlite", &["store"]),
    ("rusqlite_migration", &["store"]),
    ("chacha20poly1305", &["store"]),
    ("ssh2", &["ssh"]),
    ("openssl", &["ssh"]),
    ("clap", &["cli", "cmd", "main"]),
    ("clap_complete", &["cmd"]),
    ("comfy_table", &["cmd"]),
    ("rpassword", &["prompt"]),
    ("console", &["prompt"]),
    ("indicatif", &["reporter"]),
    ("tiny_http", &["http"]),
    ("httparse", &["http"]),
    ("percent_encoding", &["http"]),
    ("form_urlencoded", &["http"]),
    ("serde_urlencoded", &["http"]),
    ("serde_path_to_error", &["http", "runtime"]),
    ("subtle", &["http"]),
];

#[test]
fn every_room_knows_only_the_rooms_that_it_may() {
    let mut broken = Vec::new();
    for source in sources() {
        let Some((_, may, why)) = MAY_KNOW.iter().find(|(room, ..)| *room == source.room) else {
            broken.push(format!(
                "src/{}: the room '{}' has no rule here",
                source.path, source.room
            ));
            continue;
        };
        for line in source.lines() {
            for known in Source::rooms_named(line.code) {
                if known != source.room && !may.contains(&known.as_str()) {
                    broken.push(format!(
                        "src/{}:{}: {} knows {known}, but {why}",
                        source.path, line.number, source.room
                    ));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_executor_and_the_hints_know_only_the_part_that_they_need() {
    let mut broken = Vec::new();
    for source in sources() {
        let part = match source.room.as_str() {
            "error" => ("crate::plan::", "crate::plan::shell::quote"),
            "ssh" => ("crate::executor::", "crate::executor::connection::"),
            "prompt" => ("crate::ssh::", "crate::ssh::AskSecret"),
            _ => continue,
        };
        for line in source.lines() {
            if line.code.contains(part.0) && !line.code.contains(part.1) {
                broken.push(format!(
                    "src/{}:{}: {} may know only {} of it",
                    source.path, line.number, source.room, part.1
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Commands and routes ask the runtime, so that what one may do, the other may do too. Documents are made from what they
/// are given.
#[test]
fn only_the_runtime_uses_the_store_and_documents_use_neither() {
    let mut broken = Vec::new();
    for source in sources() {
        let (may_not, why): (&[&str], &str) = match source.room.as_str() {
            "cmd" | "http" => (&["Store"], "ask the runtime instead"),
            "document" => (
                &["Store", "Runtime", "route_to", "parameters_of"],
                "a document runs nothing",
            ),
            _ => continue,
        };
        for line in source.lines() {
            let code = line.code.replace("Error::Store", "");
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(word) = words.find(|word| may_not.contains(word)) {
                broken.push(format!("src/{}:{} names {word}: {why}", source.path, line.number));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Programs rely on the form of JSON, so each form is a type in one room.
#[test]
fn commands_and_reporters_make_no_json_of_their_own() {
    let mut broken = Vec::new();
    for source in sources() {
        if !["cmd", "reporter"].contains(&source.room.as_str()) {
            continue;
        }
        for line in source.lines() {
            let derives = line.code.contains("derive(") && line.code.contains("Serialize");
            if derives || line.code.contains("json!") {
                broken.push(format!(
                    "src/{}:{}: make it a type of src/document/",
                    source.path, line.number
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The code that reads the bytes of unknown clients knows nothing that an attacker could want. The code that answers a
/// request gets it only after it was admitted.
#[test]
fn in_http_the_door_knows_no_servers_and_the_routes_know_no_connections() {
    const DOOR: [&str; 10] = [
        "admission.rs",
        "connection.rs",
        "engine.rs",
        "events.rs",
        "head.rs",
        "hosts.rs",
        "listener.rs",
        "relay.rs",
        "target.rs",
        "worker.rs",
    ];
    const SERVERS: [&str; 7] = ["consent", "document", "event", "facts", "recipe", "runtime", "store"];
    const CONNECTIONS: [&str; 7] = [
        "tiny_http",
        "httparse",
        "std::net",
        "connection",
        "engine",
        "listener",
        "relay",
    ];
    let mut broken = Vec::new();
    for source in sources() {
        let Some(below) = source.path.strip_prefix("http/") else {
            continue;
        };
        let door = DOOR.contains(&below);
        let beyond = below.starts_with("routes/") || below == "service.rs";
        for line in source.lines() {
            let rooms = Source::rooms_named(line.code);
            let knows_servers = door && rooms.iter().any(|room| SERVERS.contains(&room.as_str()));
            let knows_connections = beyond
                && CONNECTIONS
                    .iter()
                    .any(|word| uses_crate(line.code, word) || line.code.contains(&format!("super::{word}")));
            let speaks_http = !["engine.rs", "worker.rs"].contains(&below) && uses_crate(line.code, "tiny_http");
            if knows_servers || knows_connections || speaks_http {
                broken.push(format!("src/{}:{}: {}", source.path, line.number, line.code.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let http: Vec<String> = sources().into_iter().map(|source| source.path).collect();
    for file in DOOR {
        assert!(http.contains(&format!("http/{file}")), "there is no src/http/{file}");
    }
}

#[test]
fn every_tool_stays_in_its_room() {
    let mut broken = Vec::new();
    for source in sources() {
        for (tool, rooms) in TOOLS {
            if rooms.contains(&source.room.as_str()) {
                continue;
            }
            for line in source.lines().filter(|line| uses_crate(line.code, tool)) {
                broken.push(format!(
                    "src/{}:{}: {tool} belongs to {}",
                    source.path,
                    line.number,
                    rooms.join(" and ")
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_rules_name_every_room_once() {
    let rooms: BTreeSet<&str> = MAY_KNOW.iter().map(|(room, ..)| *room).collect();
    assert_eq!(rooms.len(), MAY_KNOW.len());
    for source in sources() {
        assert!(
            rooms.contains(source.room.as_str()),
            "src/{} stands in no room",
            source.path
        );
    }
}

/// Only the admission may make a consented plan, or nothing would stand between a recipe and a server.
#[test]
fn a_consented_plan_is_made_in_one_place() {
    let mut makers = Vec::new();
    for source in sources() {
        let consent = source.room == "consent";
        for line in source.lines() {
            let made =
                line.code.contains("ConsentedPlan {") && !line.code.contains("impl") && !line.code.contains("struct");
            let made_here = consent && line.code.contains("Ok(Self {");
            if made || made_here {
                makers.push(format!("src/{}", source.path));
            }
        }
    }
    makers.dedup();
    assert_eq!(makers, ["src/consent.rs"]);
    let consent = sources()
        .into_iter()
        .find(|source| source.room == "consent")
        .expect("a room");
    let fields = consent
        .text
        .split("pub struct ConsentedPlan {")
        .nth(1)
        .and_then(|rest| rest.split('}').next());
    assert!(
        !fields.expect("the struct").contains("pub "),
        "its fields must be private"
    );
    assert!(!consent.text.contains("Deserialize"), "it must not come from a file");
}
