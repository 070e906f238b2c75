//! Secrets from files.

use crate::infrakt::Infrakt;
use crate::servers::Servers;
use std::os::unix::fs::PermissionsExt;

#[test]
#[ignore = "needs root and sshd"]
fn a_secret_can_be_in_a_file_that_a_variable_names() {
    let servers = Servers::start();
    let infrakt = Infrakt::that_knows(&servers, &["a"]);
    let file = infrakt.directory.path().join("token");
    std::fs::write(&file, "t0ken\n").expect("a file");
    let path = file.to_str().expect("UTF-8").to_owned();
    let infrakt = infrakt.with("INFRAKT_SECRET_TOKEN_FILE", &path);
    let recipe = infrakt.recipe_for(
        &servers,
        "write.rhai",
        "ssh::upload(\"Write\", \"$SHARED/env\", [\"A=\", secret(\"TOKEN\"), \"\\nB=\", secret(\"OTHER\"), \"\\n\"]);",
    );
    let run = ["run", &recipe, "--server", "a"];
    infrakt.run(&run).exits(2).says("INFRAKT_SECRET_OTHER");

    let infrakt = infrakt.with("INFRAKT_SECRET_OTHER", "0ther");
    infrakt.run(&run).exits(0);
    let written = std::fs::read_to_string(servers.shared().join("env")).expect("the file");
    assert_eq!(written, "A=t0ken\nB=0ther\n");

    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).expect("its mode");
    infrakt.run(&run).exits(2).says("other users can change");
    std::fs::remove_file(&file).expect("it is removed");
    infrakt.run(&run).exits(2).says("token");
    let infrakt = infrakt.with("INFRAKT_SECRET_TOKEN", "t0ken");
    infrakt.run(&run).exits(2).says("the secret TOKEN is given twice");
}
