//! The event stream of a run: live, replayed, and continued from the middle.

use crate::fixture::Call;
use crate::openapi::{fits, schema_of};
use crate::stage::Stage;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;

/// A stream that is read as it comes.
struct Reader {
    lines: BufReader<TcpStream>,
}

#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: i64,
    name: String,
    data: Value,
}

impl Reader {
    fn of(stage: &Stage, run: i64, after: Option<i64>) -> Self {
        let call = stage.service.call("GET", &format!("/api/runs/{run}/events"));
        let call = match after {
            Some(after) => call.header("Last-Event-ID", &after.to_string()),
            None => call,
        };
        Self::open(&call)
    }

    fn open(call: &Call) -> Self {
        let mut lines = BufReader::new(call.open());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(lines.read_line(&mut head).expect("a head"), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.to_ascii_lowercase().contains("content-type: text/event-stream"),
            "{head}"
        );
        Self { lines }
    }

    /// `None` when the stream has ended.
    fn next(&mut self) -> Option<Event> {
        let (mut id, mut name, mut data) = (None, None, None);
        loop {
            let mut line = String::new();
            // Not UTF-8 would be an error here.
            if self.lines.read_line(&mut line).expect("a line") == 0 {
                return None;
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("id", text)) => id = text.parse().ok(),
                Some(("event", text)) => name = Some(text.to_owned()),
                Some(("data", text)) => data = serde_json::from_str(text).ok(),
                _ if line.trim().is_empty() && name.is_some() => {
                    let event = Event {
                        id: id.expect("an id"),
                        name: name.expect("a name"),
                        data: data.expect("data"),
                    };
                    assert_eq!(event.data["event"], event.name.as_str());
                    return Some(event);
                }
                _ => {}
            }
        }
    }

    fn rest(mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

fn names(events: &[Event]) -> Vec<String> {
    let name = |event: &Event| match event.data["step"].as_u64() {
        Some(step) => format!("{} {step}", event.name),
        None => event.name.clone(),
    };
    events.iter().map(name).collect()
}

fn text(events: &[Event]) -> String {
    events.iter().filter_map(|event| event.data["text"].as_str()).collect()
}

#[test]
#[ignore = "needs root and sshd"]
fn several_clients_follow_a_run_at_once() {
    let stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let mut first = Reader::of(&stage, run, None);
    let mut live = Vec::new();
    while live
        .last()
        .is_none_or(|event: &Event| names(std::slice::from_ref(event)) != ["step_started 2"])
    {
        live.push(first.next().expect("the run continues"));
    }
    // The run waits here. A reader that connects now sees the same events from the beginning.
    let second = Reader::of(&stage, run, None);
    stage.make("go");
    live.extend(first.rest());
    assert_eq!(
        names(&live),
        [
            "step_started 1",
            "output 1",
            "step_ended 1",
            "step_started 2",
            "output 2",
            "step_ended 2",
            "step_started 3",
            "output 3",
            "step_ended 3",
            "run_ended"
        ]
    );
    assert_eq!(text(&live), "first\nwent\nlast\n");
    assert!(live.windows(2).all(|pair| pair[0].id < pair[1].id), "{live:?}");
    let schema = schema_of("get", "/api/runs/{id}/events", "200");
    assert!(schema.is_object());
    for event in &live {
        fits("get", "/api/runs/{id}/events", 200, &event.data);
        assert_eq!(
            (&event.data["run"], &event.data["server"]),
            (&json!(run), &json!("prod-2"))
        );
    }
    assert_eq!(live.last().expect("events").data["state"], "done");
    assert_eq!(live[2].data["title"], "First");
    assert_eq!(second.rest(), live);

    // Over and over again, from the journal; and from any place in it.
    assert_eq!(Reader::of(&stage, run, None).rest(), live);
    for (place, event) in live.iter().enumerate() {
        assert_eq!(
            Reader::of(&stage, run, Some(event.id)).rest(),
            live[place + 1..],
            "after {}",
            event.id
        );
    }
    stage.service.get("/api/runs/99/events").refuses(404, "unknown_run");
    let call = stage.service.call("GET", &format!("/api/runs/{run}/events"));
    assert_eq!(
        call.header("Last-Event-ID", "x").send().refuses(422, "invalid_query")["field"],
        "Last-Event-ID"
    );
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_of_the_command_line_is_followed_too() {
    let stage = Stage::set();
    let mut cli = stage.service.infrakt.start(&["run", "wait", "--server", "prod-2"]);
    stage.awaits_file("waiting");
    let reader = Reader::of(&stage, 1, None);
    stage.make("go");
    let events = reader.rest();
    assert_eq!(text(&events), "first\nwent\nlast\n");
    assert_eq!(events.last().expect("events").data["state"], "done");
    assert!(cli.wait().expect("its end").success());
}

#[test]
#[ignore = "needs root and sshd"]
fn the_end_of_a_run_whose_process_died_is_an_event() {
    let stage = Stage::set();
    let mut cli = stage.service.infrakt.start(&["run", "wait", "--server", "prod-2"]);
    stage.awaits_file("waiting");
    let reader = Reader::of(&stage, 1, None);
    cli.kill().expect("it can be killed");
    cli.wait().expect("its end");
    let events = reader.rest();
    assert_eq!(events.last().expect("events").data["state"], "interrupted");
    stage.make("go");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_resumed_run_continues_with_ids_that_were_not_used_before() {
    let stage = Stage::set();
    let run = stage.begin("fails");
    stage.ended(run);
    let before = Reader::of(&stage, run, None).rest();
    let last = before.last().expect("events");
    assert_eq!(
        (last.name.as_str(), &last.data["state"]),
        ("run_ended", &json!("failed"))
    );
    // Nothing follows the end.
    assert_eq!(Reader::of(&stage, run, Some(last.id)).rest(), []);

    stage.make("needed");
    stage
        .service
        .post(&format!("/api/runs/{run}/resume"), &json!({}))
        .answers(202);
    let after = Reader::of(&stage, run, Some(last.id)).rest();
    let told = names(&after);
    assert_eq!(told.first().map(String::as_str), Some("notice"), "{told:?}");
    assert_eq!(
        told[1..],
        [
            "step_started 2",
            "output 2",
            "step_ended 2",
            "step_started 3",
            "output 3",
            "step_ended 3",
            "run_ended"
        ]
    );
    assert!(after.iter().all(|event| event.id > last.id));
    assert_eq!(after.last().expect("events").data["state"], "done");

    // From the beginning: each id once, rising, and one end.
    let all = Reader::of(&stage, run, None).rest();
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id), "{all:?}");
    assert_eq!(all.iter().filter(|event| event.name == "run_ended").count(), 1);
    assert_eq!(all[all.len() - after.len()..], after);
}

#[test]
#[ignore = "needs root and sshd"]
fn characters_that_are_cut_in_two_come_whole() {
    let stage = Stage::set();
    let run = stage.begin("many");
    let live = Reader::of(&stage, run, None).rest();
    assert_eq!(text(&live), "a€b\nend\u{fffd}");
    let replayed = Reader::of(&stage, run, None).rest();
    assert_eq!(replayed, live);
    // A reader that comes back in the middle gets the rest, and no half of a character.
    for (place, event) in live.iter().enumerate() {
        if live.get(place + 1).is_some_and(|next| next.id == event.id) {
            continue;
        }
        let rest = Reader::of(&stage, run, Some(event.id)).rest();
        assert_eq!(
            format!("{}{}", text(&live[..=place]), text(&rest)),
            text(&live),
            "after {}",
            event.id
        );
    }
}

#[test]
#[ignore = "needs root and sshd"]
fn a_stream_ends_when_the_service_does() {
    let mut stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let mut reader = Reader::of(&stage, run, None);
    assert!(reader.next().is_some());
    stage.service.signal("TERM");
    // It does not wait for the step.
    reader.rest();
    stage.make("go");
    stage.service.ends();
}

#[test]
#[ignore = "needs root and sshd"]
fn a_comment_comes_where_nothing_else_does() {
    let stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let mut reader = Reader::of(&stage, run, None);
    let mut line = String::new();
    while !line.starts_with(':') {
        line.clear();
        assert_ne!(reader.lines.read_line(&mut line).expect("a line"), 0, "it ended");
    }
    stage.make("go");
    assert_eq!(reader.rest().last().expect("events").data["state"], "done");
}

#[test]
#[ignore = "needs root and sshd"]
fn however_much_a_run_prints_the_service_stays_small() {
    let stage = Stage::set();
    let recipe = "//! For a story.\nssh::run(\"Print\", \"head -c 200000000 /dev/zero | tr '\\\\0' x\");\n";
    std::fs::write(stage.service.infrakt.home().join("recipes/flood.rhai"), recipe).expect("a recipe");
    let run = stage.begin("flood");
    let mut reader = Reader::of(&stage, run, None);
    let mut text = String::new();
    let mut last = None;
    while let Some(event) = reader.next() {
        text.push_str(event.data["text"].as_str().unwrap_or_default());
        last = Some(event);
    }
    assert_eq!(last.expect("an end").data["state"], "done");
    // The rest is counted.
    let (_, after) = text.split_once("[infrakt left out ").expect("a note");
    let (left_out, end) = after.split_once(" bytes here]\n").expect("a note");
    let beginning = text.bytes().take_while(|byte| *byte == b'x').count();
    assert!(text.len() < 1_100_000, "{}", text.len());
    assert_eq!(
        beginning + left_out.parse::<usize>().expect("a number") + end.len(),
        200_000_000
    );
    let status = std::fs::read_to_string(format!("/proc/{}/status", stage.service.pid())).expect("its status");
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("the most memory it had");
    let kilobytes: u64 = most.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 100_000, "{most}");
}
