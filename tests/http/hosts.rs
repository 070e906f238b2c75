//! Under which names the service answers, and to whose pages.

use crate::fixture::Service;
use crate::support::infrakt::Infrakt;
use serde_json::json;

#[test]
fn an_unknown_host_name_is_refused_even_with_the_key() {
    let service = Service::start();
    let port = service.address.port();
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "192.0.2.1",
        "localhost.evil.example",
        "[::1]",
    ] {
        for path in ["/api/health", "/api/servers", "/"] {
            let error = service
                .call("GET", path)
                .header("Host", host)
                .send()
                .refuses(403, "host_not_allowed");
            assert!(error["hint"].as_str().expect("a hint").contains("--public-host"));
        }
    }
    // Another port is a tunnel's.
    for host in [&format!("localhost:{port}"), "localhost", "LOCALHOST:9000", "127.0.0.1"] {
        service
            .call("GET", "/api/servers")
            .header("Host", host)
            .send()
            .answers(200);
    }
    for (what, call) in [
        ("none", service.call("GET", "/api/servers").without("Host")),
        (
            "two",
            service.call("GET", "/api/servers").and_header("Host", "evil.example"),
        ),
        (
            "the same twice",
            service
                .call("GET", "/api/servers")
                .and_header("Host", &service.address.to_string()),
        ),
        ("nonsense", service.call("GET", "/api/servers").header("Host", "a b")),
        ("nothing", service.call("GET", "/api/servers").header("Host", "")),
    ] {
        let answer = call.send();
        assert_eq!(answer.status, 400, "{what}");
        answer.refuses(400, "bad_request");
    }
}

#[test]
fn a_whole_address_as_target_changes_nothing() {
    let service = Service::start();
    let address = service.address;
    service
        .call("GET", &format!("http://{address}/api/servers"))
        .send()
        .answers(200);
    service
        .call("GET", "http://evil.example/api/servers")
        .send()
        .refuses(400, "bad_request");
    let both = service
        .call("GET", "http://evil.example/api/servers")
        .header("Host", "evil.example");
    both.send().refuses(403, "host_not_allowed");
    service
        .call("GET", &format!("http://{address}/api/servers"))
        .without("X-API-Key")
        .send()
        .refuses(401, "unauthorized");
    service.call("GET", "*").send().refuses(400, "bad_request");
    service.call("GET", "api/servers").send().refuses(400, "bad_request");
}

#[test]
fn requests_from_other_origins_change_nothing() {
    let service = Service::start();
    let own = format!("http://{}", service.address);
    let row = json!({ "name": "prod-9", "host": "192.0.2.9" });
    for origin in [
        "https://evil.example",
        "http://127.0.0.1:1",
        "http://localhost:5173",
        "null",
        "",
        "file://",
    ] {
        let call = service.call("POST", "/api/servers").header("Origin", origin).json(&row);
        call.send().refuses(403, "origin_not_allowed");
        // A browser asks before it sends a key.
        let ask = service
            .call("OPTIONS", "/api/servers")
            .without("X-API-Key")
            .header("Origin", origin);
        let answer = ask.send();
        answer.refuses(403, "origin_not_allowed");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    assert_eq!(service.get("/api/servers").answers(200), json!([]));
    service
        .call("GET", "/api/servers")
        .header("Origin", &own)
        .send()
        .answers(200);
}

#[test]
fn behind_a_proxy_its_public_name_is_its_own() {
    let service = Service::start_in(
        Infrakt::new(),
        &["--public-host", "Infrakt.Example.com", "--public-host", "other.example"],
    );
    for host in ["infrakt.example.com", "INFRAKT.example.com:443", "other.example"] {
        let call = service.call("GET", "/api/servers").header("Host", host);
        call.send().answers(200);
        let name = host.split(':').next().expect("a name");
        call.header("Origin", &format!("https://{name}")).send().answers(200);
    }
    // One that calls the service by its address.
    service
        .call("GET", "/api/servers")
        .header("Origin", "https://infrakt.example.com")
        .send()
        .answers(200);
    let elsewhere = service
        .call("GET", "/api/servers")
        .header("Host", "infrakt.example.com");
    elsewhere
        .clone()
        .header("Origin", "https://evil.example")
        .send()
        .refuses(403, "origin_not_allowed");
    elsewhere
        .header("Host", "www.infrakt.example.com")
        .send()
        .refuses(403, "host_not_allowed");
}

#[test]
fn a_public_host_is_a_name_and_an_address_has_a_port() {
    let infrakt = Infrakt::new();
    for name in [
        "https://infrakt.example.com",
        "infrakt.example.com:443",
        "infrakt.example.com/",
        "",
    ] {
        infrakt
            .run(&["serve", "--bind", "127.0.0.1:0", "--public-host", name])
            .exits(2)
            .says("not the name of a host")
            .says("hint: ");
    }
    for address in ["8000", "127.0.0.1", "example.com:80", "127.0.0.1:65536", "[::1]"] {
        infrakt
            .run(&["serve", "--bind", address])
            .exits(2)
            .says("127.0.0.1:8000");
    }
}
