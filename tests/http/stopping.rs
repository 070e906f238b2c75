//! How the service begins and ends.

use crate::fixture::{Answer, Service};
use crate::stage::Stage;
use crate::support::infrakt::Infrakt;
use crate::support::wait::until;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

/// What it leaves in the directory for temporary files.
fn left_over(service: &Service) -> Vec<String> {
    let entries = std::fs::read_dir(service.infrakt.directory.path()).expect("a directory");
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("infrakt-")).collect()
}

#[test]
fn a_signal_ends_the_service_and_leaves_nothing_behind() {
    for signal in ["TERM", "INT", "HUP"] {
        let mut service = Service::start();
        service.get("/api/servers").answers(200);
        assert_eq!(left_over(&service).len(), 1);
        // Who says nothing does not hold it.
        let silent = service.connect();
        service.signal(signal);
        let ended = service.ends().exits(0);
        assert!(ended.stdout.is_empty(), "{ended}");
        assert_eq!(Answer::read(silent).status, 0);
        assert_eq!(left_over(&service), Vec::<String>::new(), "{signal}");
    }
}

#[test]
fn only_the_owner_can_open_the_internal_socket() {
    let infrakt = Infrakt::new();
    // A process whose umask gives all users all rights to the files that it makes.
    let starter = ["sh", "-c", "umask 0; exec \"$@\"", "sh"];
    let command = infrakt.command_under(&starter, &["serve", "--bind", "127.0.0.1:0"]);
    let service = Service::start_command(infrakt, command);
    for name in left_over(&service) {
        let place = service.infrakt.directory.path().join(name);
        let mode = std::fs::metadata(place).expect("a directory").permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
    }
    let key = service.infrakt.home().join("api_key.txt");
    assert_eq!(
        std::fs::metadata(key).expect("the key").permissions().mode() & 0o7777,
        0o600
    );
    assert_eq!(left_over(&service).len(), 1);
}

#[test]
fn an_address_in_use_is_an_error_with_a_hint() {
    let service = Service::start();
    let address = service.address.to_string();
    let infrakt = Infrakt::new();
    infrakt
        .run(&["serve", "--bind", &address])
        .exits(2)
        .says("address already in use")
        .says(&format!("ss -ltnp 'sport = :{}'", service.address.port()));
    // All or nothing.
    let words = ["serve", "--bind", "127.0.0.1:0", "--bind", &address];
    let ended = infrakt.run(&words).exits(2);
    assert!(ended.stdout.is_empty(), "{ended}");
    infrakt
        .run(&["serve", "--bind", "192.0.2.1:8000"])
        .exits(2)
        .says("cannot listen on 192.0.2.1:8000")
        .says("ip -brief address");
}

#[test]
fn two_services_share_a_home_and_its_key() {
    let one = Service::start();
    let other = Service::start_in(Infrakt::at_home(one.infrakt.home()), &[]);
    assert_eq!(one.key(), other.key());
    let row = serde_json::json!({ "name": "prod-9", "host": "127.0.0.1", "port": 9 });
    one.post("/api/servers", &row).answers(201);
    assert_eq!(other.get("/api/servers").answers(200)[0]["name"], "prod-9");
}

#[test]
fn with_json_it_prints_all_addresses() {
    let infrakt = Infrakt::new();
    let words = ["serve", "--json", "--bind", "127.0.0.1:0", "--bind", "[::1]:0"];
    let mut child = infrakt.start(&words);
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("a line");
    let _ = child.kill();
    let _ = child.wait();
    let document: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let addresses: Vec<&str> = document["listening"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(serde_json::Value::as_str)
        .collect();
    assert!(
        addresses[0].starts_with("http://127.0.0.1:") && addresses[1].starts_with("http://[::1]:"),
        "{line}"
    );
    assert_eq!(document["api_key_made"], true);
    assert!(!line.contains(&std::fs::read_to_string(infrakt.home().join("api_key.txt")).expect("the key")));
}

#[test]
fn listening_for_other_computers_warns_about_missing_tls() {
    let infrakt = Infrakt::new();
    let command = infrakt.command(&["serve", "--bind", "127.0.0.1:0", "--bind", "0.0.0.0:0"]);
    let mut service = Service::start_command(infrakt, command);
    // Then any address will do, but no name.
    service
        .call("GET", "/api/servers")
        .header("Host", "192.0.2.1:8000")
        .send()
        .answers(200);
    service
        .call("GET", "/api/servers")
        .header("Host", "evil.example")
        .send()
        .refuses(403, "host_not_allowed");
    service.signal("TERM");
    service.ends().exits(0).says("warning: ").says("TLS");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_run_in_progress_ends_after_its_step_and_can_be_resumed() {
    let mut stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    let events = stage.service.call("GET", &format!("/api/runs/{run}/events")).open();
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("event: step_started") {
        let mut bytes = [0; 1024];
        let count = (&events).read(&mut bytes).expect("the stream begins");
        assert_ne!(count, 0, "it ended");
        told.extend_from_slice(&bytes[..count]);
    }
    stage.service.signal("TERM");
    // It accepts no more connections, and waits for the step.
    stage.awaits_stop();
    until("it does not listen", || {
        std::net::TcpStream::connect(stage.service.address).is_err()
    });
    stage.make("go");
    stage.service.ends().exits(5).says("1 run").says("infrakt runs resume");
    // Where it was cut does not matter; that it was does.
    let _ = (&events).read_to_end(&mut told);
    let told = stage.service.infrakt.json(&["runs", "show", &run.to_string()]);
    assert_eq!(told["state"], "interrupted", "{told}");
    assert_eq!(told["steps"][1]["outcome"], "changed", "{told}");
    stage
        .service
        .infrakt
        .run(&["runs", "resume", &run.to_string()])
        .exits(0)
        .says("Last");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_second_signal_ends_the_step_too() {
    let mut stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    stage.service.signal("TERM");
    stage.awaits_stop();
    stage.service.signal("TERM");
    stage.service.ends().exits(5);
    let told = stage.service.infrakt.json(&["runs", "show", &run.to_string()]);
    assert_eq!(told["state"], "interrupted", "{told}");
}

#[test]
#[ignore = "needs root and sshd"]
fn a_service_that_is_killed_leaves_a_run_that_is_known_as_interrupted() {
    let mut stage = Stage::set();
    let run = stage.begin("wait");
    stage.awaits_file("waiting");
    stage.service.signal("KILL");
    stage.service.ends();
    let told = stage.service.infrakt.json(&["runs", "show", &run.to_string()]);
    assert_eq!(told["state"], "interrupted", "{told}");
    // The step continues by itself on its server. A resume of the run sees it to its end.
    stage.make("go");
    stage
        .service
        .infrakt
        .run(&["runs", "resume", &run.to_string()])
        .exits(0)
        .says("changed    Wait")
        .says("Last");
}
