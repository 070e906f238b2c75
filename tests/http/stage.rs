//! A service with a server to work on, and the recipes of these stories.

use crate::fixture::{Answer, Service};
use crate::support::infrakt::Infrakt;
use crate::support::server::Server;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;

pub struct Stage {
    pub service: Service,
    pub server: Server,
}

/// `$HERE` becomes a directory that the server and the test both see.
const RECIPES: [(&str, &str); 10] = [
    (
        "hello",
        r#"let greeting = param("greeting", "hello", "What to say"); print("about to greet");
           section("Hello"); ssh::run("Say it", `echo ${quote(greeting)}`); ssh::check("Look", "true");"#,
    ),
    (
        "erase",
        r#"confirm::destroy(server.name); ssh::destroy("Erase", "rm -rf $HERE/data"); ssh::check("It is gone", "test ! -e $HERE/data");"#,
    ),
    (
        "provision",
        r#"let keep_data = param("keep_data", false, "Keep it");
           if !server.is_protected && !keep_data { ssh::destroy("Erase", "rm -rf $HERE/data"); }
           ssh::run("Provision", "touch $HERE/provisioned");"#,
    ),
    (
        "wait",
        r#"ssh::run("First", "echo first");
           ssh::run("Wait", "touch $HERE/waiting; while ! test -e $HERE/go; do sleep 0.05; done; echo went");
           ssh::run("Last", "echo last");"#,
    ),
    (
        "secretive",
        r#"let token = secret("TOKEN"); ssh::run("Use it", "echo the token is $T").env("T", token);"#,
    ),
    (
        "fails",
        r#"ssh::run("Begin", "echo begun"); ssh::run("Needs a file", "cat $HERE/needed && echo there && mkdir $HERE/made").unless("test -d $HERE/made"); ssh::run("End", "echo ended");"#,
    ),
    ("broken", r#"ssh::run("One", "true"); nonsense("#),
    (
        "asks",
        r#"print("asking now"); let found = ssh::query("echo 'E: not here' >&2; exit 3");"#,
    ),
    (
        "writes",
        r#"ssh::upload("Change it", "$HERE/etc/shown", "one\nzwei\nthree\n");
           ssh::upload("Make it", "$HERE/etc/new", "new\n");
           ssh::upload("Keep it private", "$HERE/etc/private", "user = a\npassword = ask\n").mode("0600");
           ssh::upload("Keep it secret", "$HERE/etc/token", secret("TOKEN"));
           ssh::upload("Leave it", "$HERE/etc/same", "same\n");"#,
    ),
    (
        "many",
        r#"ssh::run("Print", "printf 'a\\342'; sleep 0.3; printf '\\202'; sleep 0.3; printf '\\254b\\n'; printf 'end\\360\\237'");"#,
    ),
];

impl Stage {
    pub fn set() -> Self {
        Self::set_in(Infrakt::new())
    }

    pub fn set_in(infrakt: Infrakt) -> Self {
        let server = Server::start();
        infrakt.knows("prod-2", &server, server.port);
        let folder = infrakt.home().join("recipes");
        std::fs::create_dir_all(&folder).expect("a folder");
        let here = server.directory.path().to_str().expect("UTF-8").to_owned();
        for (name, text) in RECIPES {
            let text = format!("//! For a story.\n{}\n", text.replace("$HERE", &here));
            std::fs::write(folder.join(format!("{name}.rhai")), text).expect("a recipe");
        }
        let stage = Self {
            service: Service::start_in(infrakt, &[]),
            server,
        };
        std::fs::create_dir(stage.here("data")).expect("something to lose");
        stage
    }

    /// What the server and the test both see.
    pub fn here(&self, name: &str) -> PathBuf {
        self.server.directory.path().join(name)
    }

    pub fn make(&self, name: &str) {
        std::fs::write(self.here(name), "").expect("a file");
    }

    /// Waits until the server knows that the run is to stop.
    pub fn awaits_stop(&self) {
        self.server
            .awaits("cat /var/lib/infrakt/spool/*/order | grep -qxE 'stop|kill'");
    }

    pub fn awaits_file(&self, name: &str) {
        until(name, || self.here(name).exists());
    }

    #[track_caller]
    pub fn plan(&self, recipe: &str) -> Value {
        self.service
            .get(&format!("/api/servers/prod-2/plan?recipe={recipe}"))
            .answers(200)
    }

    pub fn digest(&self, recipe: &str) -> Value {
        self.plan(recipe)["digest"].clone()
    }

    pub fn run(&self, body: &Value) -> Answer {
        let mut body = body.clone();
        body["server"] = "prod-2".into();
        self.service.post("/api/runs", &body)
    }

    /// Begins a run that needs no consent.
    #[track_caller]
    pub fn begin(&self, recipe: &str) -> i64 {
        number(&self.run(&json!({ "recipe": recipe })).answers(202))
    }

    /// Waits for the end of a run.
    #[track_caller]
    pub fn ended(&self, run: i64) -> Value {
        let look = || self.service.get(&format!("/api/runs/{run}")).answers(200);
        until("the run ends", || look()["state"] != "running");
        look()
    }

    /// Nothing was run so far: neither the journal nor the server knows of anything.
    #[track_caller]
    pub fn nothing_ran(&self) {
        assert_eq!(self.service.get("/api/runs").answers(200), json!([]));
        assert!(self.here("data").exists(), "the data are gone");
        assert!(!self.here("provisioned").exists());
    }

    #[track_caller]
    pub fn protect(&self) {
        let body = json!({ "is_infrakt_host": true });
        self.service.patch("/api/servers/prod-2", &body).answers(200);
    }
}

#[track_caller]
pub fn number(begun: &Value) -> i64 {
    begun["run_id"].as_i64().expect("the number of a run")
}
