//! Whether a program with its arguments changes something on a server, as far as it is known.

use super::programs::name_of;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether what is written there stays.
pub(super) fn keeps(target: &str) -> bool {
    const GOES: [&str; 5] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full"];
    let descriptor = target.bytes().all(|byte| byte.is_ascii_digit());
    !(descriptor || GOES.contains(&target) || target.starts_with("/dev/fd/") || target.starts_with("/proc/self/fd/"))
}

/// What changes a server, by program; see the file.
const TABLE: &str = include_str!("changing.txt");

/// The first of the program's names, and the words that make it change something, by each of its names. Made once: a plan
/// has hundreds of commands.
static BY_NAME: LazyLock<HashMap<&str, (&str, Vec<&str>)>> = LazyLock::new(|| {
    let mut by_name = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (names, verbs) = line.split_once(' ').unwrap_or((line, ""));
        let first = names.split(',').next().unwrap_or(names);
        let verbs: Vec<&str> = verbs.split_whitespace().collect();
        for name in names.split(',') {
            by_name.entry(name).or_insert_with(|| (first, verbs.clone()));
        }
    }
    by_name
});

/// With one of these, a program says what it would do.
const PRETENDS: &[&str] = &[
    "--dry-run",
    "--simulate",
    "--just-print",
    "--no-act",
    "--recon",
    "--noop",
    "--print-uris",
];

/// What a program with these arguments changes, in words for a reader: `systemctl stop`.
pub(super) fn changes(words: &[String]) -> Option<String> {
    let (program, rest) = words.split_first()?;
    let written = name_of(program);
    let line = BY_NAME.get(written);
    let name = line.map_or(written, |(name, _)| *name);
    // Where the table has the program: the words that make it change something; none if it always does.
    let verbs: Option<&[&str]> = line.map(|(_, verbs)| verbs.as_slice());
    let has = |wanted: &[&str]| rest.iter().map(String::as_str).find(|word| wanted.contains(word));
    // Letters of options that are written together, as in `-iE`.
    let short = |letter: char| {
        rest.iter()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let plain = || {
        rest.iter()
            .filter(|word| !word.starts_with('-') && !word.starts_with('+'))
    };
    let said = |part: &str| Some(format!("{written} {part}").trim_end().to_owned());
    // `command --help` and `command --version` look, whatever the command does.
    if has(PRETENDS).is_some() || has(&["--help", "--version"]).is_some() {
        return None;
    }
    match name {
        ">" => rest
            .first()
            .filter(|target| keeps(target))
            .map(|target| format!("> {target}")),
        _ if verbs.is_some_and(<[_]>::is_empty) || name == "mkfs" || name.starts_with("mkfs.") => said(""),
        _ if program.starts_with("/etc/init.d/") => has(&["start", "stop", "restart", "reload"]).and_then(said),
        "apt-get" if has(&["-s", "-qs", "-sq", "-qqs", "-sqq"]).is_some() => None,
        // Into lists of its own.
        "apt-get" if rest.iter().any(|word| word.contains("Dir::State")) => None,
        "nft" if short('c') || has(&["--check"]).is_some() => None,
        "git"
            if has(&[
                "worktree",
                "remote",
                "config",
                "ls-files",
                "ls-remote",
                "log",
                "show",
                "diff",
                "status",
            ])
            .is_some() =>
        {
            None
        }
        "redis-cli" => {
            let verbs = verbs.unwrap_or_default();
            let verb = plain().find(|word| verbs.contains(&word.to_ascii_uppercase().as_str()));
            verb.and_then(|verb| said(verb))
        }
        "docker" | "podman" | "nerdctl" | "docker-compose" => container_engine(rest).and_then(|what| said(&what)),
        "tee" | "split" | "csplit" => plain().find(|target| keeps(target)).and_then(|target| said(target)),
        "dd" => rest
            .iter()
            .find(|word| word.strip_prefix("of=").is_some_and(keeps))
            .and_then(|_| said("of=")),
        "sed"
            if short('i')
                && rest
                    .iter()
                    .any(|word| word.starts_with("-i") || word == "-ni" || word == "-Ei") =>
        {
            said("-i")
        }
        "sed" | "perl" if has(&["--in-place"]).is_some() => said("--in-place"),
        "perl"
            if rest
                .iter()
                .any(|word| word.starts_with("-i") || word.starts_with("-pi")) =>
        {
            said("-i")
        }
        "find" => has(&["-delete", "-fprint", "-fprint0", "-fprintf", "-fls"]).and_then(said),
        "tar"
            if rest.first().is_some_and(|word| {
                !word.starts_with("--")
                    && word.contains(['x', 'c', 'r', 'u'])
                    && !word.contains('t')
                    && !word.contains('O')
            }) =>
        {
            said(rest.first().map_or("", String::as_str))
        }
        "tar" => has(&["--extract", "--create", "--append", "--update", "--delete"]).and_then(said),
        "unzip" if !short('l') && !short('t') && !short('p') && !short('Z') => said(""),
        "wget" if !(short('O') || has(&["--spider"]).is_some()) => said(""),
        "wget" => rest
            .iter()
            .position(|word| word.starts_with('-') && word.ends_with('O'))
            .and_then(|at| rest.get(at + 1))
            .filter(|target| *target != "-" && keeps(target))
            .and_then(|_| said("-O")),
        "curl" => curl(rest).and_then(|what| said(&what)),
        "kill" | "skill" => match has(&["-0", "-l", "-L", "0"]) {
            Some(_) => None,
            None => said(""),
        },
        "mount" if plain().count() >= 1 && has(&["-l", "--show-labels"]).is_none() && !short('t') => said(""),
        "mount" if plain().count() >= 2 || short('a') => said(""),
        "swapon"
            if (plain().count() >= 1 || short('a'))
                && has(&["--show", "-s", "--summary"]).is_none()
                && !rest.iter().any(|word| word.starts_with("--show")) =>
        {
            said("")
        }
        "hostname" if plain().count() >= 1 => said(""),
        "date" if short('s') && rest.iter().any(|word| word.starts_with("-s") || word == "-us") => said("-s"),
        "date" if rest.iter().any(|word| word.starts_with("--set")) => said("--set"),
        "hwclock" if has(&["-w", "--systohc", "-s", "--hctosys", "--set", "--adjust", "-a"]).is_some() => said(""),
        "sysctl" if short('w') || short('p') || has(&["--system", "--write", "--load"]).is_some() => said("-w"),
        "sysctl" if plain().any(|word| word.contains('=')) => said(""),
        "modprobe" if !short('n') && has(&["-c", "--showconfig", "-D", "--show-depends", "-R"]).is_none() => said(""),
        "passwd" if has(&["-S", "--status"]).is_none() && !short('S') => said(""),
        "chage" if has(&["-l", "--list"]).is_none() => said(""),
        "crontab" if has(&["-l"]).is_some() => None,
        "crontab" if plain().count() >= 1 && !short('u') => said(""),
        "iptables-restore" | "ip6tables-restore" if has(&["-t", "--test"]).is_none() => said(""),
        "firewall-cmd" => rest
            .iter()
            .find(|word| {
                [
                    "--add",
                    "--remove",
                    "--set",
                    "--reload",
                    "--complete",
                    "--runtime-to",
                    "--change",
                    "--new",
                    "--delete",
                    "--panic-o",
                    "--reset",
                ]
                .iter()
                .any(|start| word.starts_with(start))
            })
            .and_then(|word| said(word)),
        "journalctl" => rest
            .iter()
            .find(|word| {
                [
                    "--vacuum",
                    "--rotate",
                    "--flush",
                    "--relinquish",
                    "--sync",
                    "--smart-relinquish",
                ]
                .iter()
                .any(|start| word.starts_with(start))
            })
            .and_then(|word| said(word)),
        "fsck" | "e2fsck" | "xfs_repair" | "btrfsck" if !short('n') && !short('N') => said(""),
        "tune2fs" if !short('l') => said(""),
        "parted" if has(&["print", "-l", "--list", "align-check", "unit"]).is_none() => said(""),
        "fdisk" | "sfdisk" | "gdisk"
            if !short('l')
                && !short('d')
                && !short('s')
                && has(&["--list", "--dump", "-J", "--json", "--verify"]).is_none() =>
        {
            said("")
        }
        "ldconfig" if !short('p') && !short('v') => said(""),
        "psql" | "mysql" | "mariadb" | "sqlite3" => sql(rest).and_then(|what| said(&what)),
        _ => has(verbs.unwrap_or_default()).and_then(said),
    }
}

/// What of a container engine only looks. Everything else may start, stop or change something.
fn container_engine(rest: &[String]) -> Option<String> {
    const LOOKS: &str = "ps images inspect info version logs top stats port diff history search events ls list df config convert show \
        du help exists healthcheck verify unlock-key ca";
    const OBJECTS: &str = "container image volume network system builder buildx swarm compose stack service node secret context plugin \
        manifest trust pod";
    // Options before the verb may take values, which is why the first word that is known counts.
    const CHANGES: &str = "run create start stop restart kill rm rmi remove prune pull push build tag load import commit cp update rename \
        pause unpause up down connect disconnect leave init join join-token login logout scale deploy rollback promote \
        demote use enable disable install set watch export save attach wait upgrade bake unlock";
    let mut object = None;
    for word in rest {
        let word = word.as_str();
        let is_of = |words: &str| words.split_whitespace().any(|known| known == word);
        if is_of(LOOKS) {
            return None;
        }
        if is_of(CHANGES) {
            return Some(object.map_or_else(|| word.to_owned(), |object| format!("{object} {word}")));
        }
        if is_of(OBJECTS) {
            object = Some(word);
        }
    }
    None
}

fn curl(rest: &[String]) -> Option<String> {
    for (at, word) in rest.iter().enumerate() {
        let next = rest.get(at + 1).map_or("", String::as_str);
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if word.starts_with("--") => (option, value),
            _ => (word.as_str(), next),
        };
        let joined = word.strip_prefix("-X").filter(|method| !method.is_empty());
        if option == "-X" || option == "--request" || joined.is_some() {
            let method = joined.unwrap_or(value);
            if ["POST", "PUT", "DELETE", "PATCH"].contains(&method) {
                return Some(format!("-X {method}"));
            }
        }
        let short = word.starts_with('-') && !word.starts_with("--");
        if (option == "--output" || short && word.ends_with('o')) && keeps(value) && value != "-" {
            return Some("-o".to_owned());
        }
        if option == "--remote-name" || option == "-T" || option == "--upload-file" || short && word.ends_with('O') {
            return Some(option.to_owned());
        }
    }
    None
}

fn sql(rest: &[String]) -> Option<String> {
    let text = rest.join(" ").to_ascii_uppercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).find_map(|pair| match pair {
        ["INSERT", "INTO"] => Some("INSERT".to_owned()),
        [
            verb @ ("ALTER" | "CREATE"),
            what @ ("TABLE" | "DATABASE" | "SCHEMA" | "USER" | "ROLE" | "INDEX" | "EXTENSION" | "SYSTEM" | "VIEW"),
        ] => Some(format!("{verb} {what}")),
        ["UPDATE", _] if words.contains(&"SET") => Some("UPDATE".to_owned()),
        ["GRANT" | "REVOKE", _] => Some("GRANT or REVOKE".to_owned()),
        _ => None,
    })
}
