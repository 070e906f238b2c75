//! The library's functions on a machine: they do what they say, and find everything in place when they are asked again.

use crate::infrakt::Infrakt;
use crate::machine::Machine;

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn a_recipe_of_the_library_changes_nothing_the_second_time() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    // What the recipe removes, the archive that it downloads, and two timers that the lab switches off.
    machine.root(
        "useradd --create-home old-admin; groupadd old-group; mkdir -p '/srv/old data' /srv/www/shop/bin; printf 'Old 1\\nNew 1\\n' >/srv/settings; \
         echo 'cache 192.0.2.9' >/srv/addresses; echo 'echo shop' >/srv/www/shop/bin/run; cd /srv/www; tar -czf shop.tar.gz shop; \
         systemctl unmask apt-daily.timer apt-daily-upgrade.timer; mkdir /srv/mounted; mount -t tmpfs tmpfs /srv/mounted; \
         printf '%s tmpfs nofail 0 0\\n' '  tmpfs /srv/mounted' 'tmpfs /srv/mounted-too' >>/etc/fstab",
    );
    let sum = format!(
        "sum={}",
        machine.root("sha256sum /srv/www/shop.tar.gz | cut -d ' ' -f 1")
    );
    let recipe = infrakt.recipe("library.rhai", include_str!("recipes/library.rhai"));
    let words = [
        "run",
        &recipe,
        "--server",
        "prod-2",
        "--confirm",
        "prod-2",
        "--set",
        &sum,
    ];

    infrakt.run(&words).exits(0);
    assert!(
        machine.holds("id -nG deploy | grep -qw media && test ! -e /home/old-admin && test ! -e '/srv/old data'"),
        "users and directories"
    );
    assert_eq!(
        machine.root("cat /srv/settings /srv/addresses"),
        "New 1\nPort 8022\nName it's \\a & b/c\n# BEGIN infrakt: machines\ndb 192.0.2.20\ncache \\1 & $HOME\n# END infrakt: machines\n\
         cache 192.0.2.30/31 & more\ndb 192.0.2.30/31 & more"
    );
    assert_eq!(
        machine.root("stat -c '%a %U:%G' \"/srv/it's here/www\""),
        "2750 deploy:www-data"
    );
    assert_eq!(
        machine.root("stat -c %U /srv/shop/bin/run; sh /srv/shop/bin/run"),
        "deploy\nshop"
    );
    assert_eq!(
        machine.root("uname -n; date +%Z; redis-cli config get maxmemory | tail -n 1"),
        "shop-1\nCET\n33554432"
    );
    assert_eq!(
        machine.root("sysctl -n net.ipv4.ip_forward; findmnt -rno FSTYPE /srv/scratch; sshd -T | grep -x 'passwordauthentication no'"),
        "1\ntmpfs\npasswordauthentication no"
    );
    assert_eq!(
        machine.root(
            "grep -o '/srv/mounted.* tmpfs' /etc/fstab; ! findmnt /srv/mounted; sudo -l -U worker.1 | grep -c NOPASSWD"
        ),
        "/srv/mounted-too tmpfs\n1"
    );
    assert_eq!(
        machine.root("nft list table inet no-mail | grep -c 'dport 25 reject'; ufw show added | grep -c -e 5432 -e 51820/udp -e 'limit 2022' -e 3306"),
        "1\n4"
    );
    assert!(
        machine.holds("/srv/tools/bin/python3 --version && ! getent group old-group"),
        "the environment and the group"
    );
    assert!(machine.lets_root_in());

    infrakt.run(&words).exits(0);
    let outcomes = infrakt.outcomes("2");
    assert!(outcomes.iter().all(|outcome| outcome == "no_change"), "{outcomes:?}");

    // Guards look at what is in effect: what was changed by hand is set again.
    machine.root("sysctl -q -w net.ipv4.ip_forward=0; echo 'Port 1' >>/srv/settings; rm /srv/shop/bin/run; gpasswd -d deploy media");
    infrakt.run(&words).exits(0);
    let changed = infrakt
        .outcomes("3")
        .iter()
        .filter(|outcome| *outcome == "changed")
        .count();
    assert_eq!(changed, 4);
}

#[test]
#[ignore = "needs a machine of scripts/lab"]
fn the_library_neither_deletes_what_is_mounted_nor_runs_git_in_a_directory_of_another_user() {
    let machine = Machine::up(&[]);
    let infrakt = Infrakt::with_prod_2(&machine);
    machine.root(
        "apt-get install -qq git; mkdir -p '/srv/an app/data' /srv/kept; touch /srv/kept/file '/srv/an app/own'; \
         mount --bind /srv/kept '/srv/an app/data'; git init --quiet --initial-branch main /srv/shop; cd /srv/shop; \
         git -c user.name=a -c user.email=a@example.org commit --quiet --allow-empty --message first; \
         git clone --quiet /srv/shop /srv/theirs; useradd ada; \
         git -C /srv/theirs config core.fsmonitor 'touch /srv/was-run'; chown -R ada /srv/theirs",
    );
    for (name, text, said) in [
        (
            "mounted.rhai",
            "import \"lib/files\" as files;\nfiles::absent(\"/srv/an app\");\n",
            "something is mounted at /srv/an app/data",
        ),
        (
            "theirs.rhai",
            "import \"lib/git\" as git;\ngit::checkout(\"/srv/shop\", \"/srv/theirs\", \"main\");\n",
            "/srv/theirs belongs to ada",
        ),
    ] {
        let recipe = infrakt.recipe(name, text);
        infrakt
            .run(&["run", &recipe, "--server", "prod-2", "--confirm", "prod-2"])
            .exits(1)
            .says(said);
    }
    assert!(
        machine.holds("test -e /srv/kept/file && test -e '/srv/an app/own' && test ! -e /srv/was-run"),
        "nothing was deleted, and no program of the user was run"
    );
}
