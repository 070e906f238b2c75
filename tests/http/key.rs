//! Who may call.

use crate::fixture::Service;

#[test]
fn without_the_key_only_the_health_is_told() {
    let service = Service::start();
    let health = service.call("GET", "/api/health").without("X-API-Key").send();
    assert_eq!(health.answers(200)["status"], "ok");
    let refused = service.call("GET", "/api/servers").without("X-API-Key").send();
    refused.refuses(401, "unauthorized");
    let refused = service.call("GET", "/api/servers").header("X-API-Key", "guess").send();
    refused.refuses(401, "unauthorized");
}
