//! Files from beside a recipe on a whole machine.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

const RECIPE: &str = r#"//! Serve a site with nginx.
import "lib/apt" as apt;
import "lib/nginx" as nginx;

apt::install(nginx::packages());
ssh::copy_folder("Copy the site", "site", "/var/www/shop", #{ excludes: [".git", "*.map"], owner: "www-data:www-data", remove_others: true });
nginx::absent("default");
nginx::site("shop", local::template("shop.conf", #{ port: 8080, root: "/var/www/shop" }));
ssh::check("nginx serves the site", "curl -fsS http://127.0.0.1:8080/pages/7.html | grep -q 'page 7'");
"#;

/// A site of 20 files, one of them with 5 MB.
fn write_site(infrakt: &Infrakt) {
    let write = |name: &str, content: &[u8]| {
        let path = infrakt.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(path, content).expect("the file");
    };
    for page in 1..=18 {
        write(
            &format!("site/pages/{page}.html"),
            format!("<p>page {page}\n").as_bytes(),
        );
    }
    write("site/video.bin", &b"\0\xff\n".repeat(1_700_000));
    write("site/css/a b's.css", b"p {}\n");
    write("site/css/a.css.map", b"{}\n");
    write("site/.git/config", b"x\n");
    write(
        "shop.conf",
        b"server {\n    listen {{ port }};\n    root {{ root }};\n}\n",
    );
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_site_of_twenty_files_is_copied_once_and_its_second_run_changes_nothing() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("shop.rhai", RECIPE);
    write_site(&infrakt);
    infrakt
        .run(&["run", &recipe, "--server", "prod-2"])
        .exits(0)
        .says("sending files to the server: 5.1 MB");
    assert_eq!(machine.root("find /var/www/shop -type f | wc -l").trim(), "20");
    assert_eq!(
        machine.root("stat -c '%U %a %s' /var/www/shop/video.bin").trim(),
        "www-data 644 5100000"
    );
    assert_eq!(machine.root("ls /var/lib/infrakt/spool"), "");

    let second = infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(0);
    assert!(!second.to_string().contains("sending"), "{second}");
    let outcomes = infrakt.outcomes("2");
    assert!(outcomes.iter().all(|outcome| outcome == "no_change"), "{outcomes:?}");

    // Another file on the server is listed, and goes only with a consent.
    machine.root("mkdir '/var/www/shop/old dir'; touch '/var/www/shop/old dir/x' /var/www/shop/old.html");
    infrakt
        .run(&["plan", &recipe, "--server", "prod-2", "--full"])
        .exits(0)
        .says("old.html")
        .says("destroy");
    infrakt.run(&["run", &recipe, "--server", "prod-2"]).exits(3);
    infrakt
        .run(&["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"])
        .exits(0);
    assert_eq!(machine.root("find /var/www/shop -type f | wc -l").trim(), "20");
    machine.root("test ! -e '/var/www/shop/old dir'");
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_saved_plan_needs_the_files_that_it_was_made_with() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    let recipe = infrakt.recipe("copy.rhai", "ssh::copy(\"Copy\", \"data.bin\", \"/srv/data.bin\");\n");
    let data = infrakt.directory.path().join("data.bin");
    std::fs::write(&data, b"\0one").expect("a file");
    let plan = infrakt.directory.path().join("plan.json");
    let plan = plan.to_str().expect("UTF-8");
    infrakt
        .run(&["plan", &recipe, "--server", "prod-2", "--out", plan])
        .exits(0);
    std::fs::write(&data, b"\0two").expect("a file");
    infrakt
        .run(&["apply", plan])
        .exits(3)
        .says("data.bin has another content than when the plan was made");
    std::fs::write(&data, b"\0one").expect("a file");
    infrakt.run(&["apply", plan]).exits(0);
    assert_eq!(machine.root("tail -c 3 /srv/data.bin"), "one");
}
