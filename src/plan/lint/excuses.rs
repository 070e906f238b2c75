//! What looks destructive in a shell text and is not: comments, the removal of a temporary file that the text itself made,
//! and what a guard keeps from meeting data.

use super::programs::name_of;

/// The text with blanks in place of comments and of `rm` commands that remove only what `mktemp` has just made. The lines
/// stay.
pub fn without_harmless(shell: &str) -> String {
    let text = without_comments(shell);
    let made = made_by_mktemp(&text);
    match made.is_empty() {
        true => text,
        false => without_removals(&text, &made),
    }
}

/// Removes comments: lines that begin with `#`, and what stands behind ` #`. Where a quote or backslash came before, a `#` may
/// be text, and what follows a quote behind it a command: then only lines that begin with `#` and have no quote are removed.
fn without_comments(shell: &str) -> String {
    let mut out = String::with_capacity(shell.len());
    let mut plain = true;
    for line in shell.split_inclusive('\n') {
        let end = if line.ends_with('\n') { "\n" } else { "" };
        if line.trim_start().starts_with('#') && (plain || !is_quoting(line)) {
            out.push_str(end);
            continue;
        }
        let comment = line.find(" #").or_else(|| line.find("\t#"));
        match comment.and_then(|at| line.get(..at)) {
            Some(code) if plain && !is_quoting(code) => {
                out.push_str(code);
                out.push_str(end);
            }
            _ => {
                plain &= !is_quoting(line);
                out.push_str(line);
            }
        }
    }
    out
}

fn is_quoting(text: &str) -> bool {
    text.contains(['"', '\'', '`', '\\'])
}

/// Words after which a directory that mktemp made may hold data, or its variable something else.
const DOUBTFUL: [&str; 11] = [
    "mount",
    "mv ",
    "+=",
    ":=",
    "read",
    "mapfile",
    "printf -v",
    "eval",
    "getopts",
    "--remove",
    "--move",
];

/// Variables that get their value from mktemp, and from nothing else.
fn made_by_mktemp(text: &str) -> Vec<String> {
    let mut made = Vec::new();
    if DOUBTFUL.iter().any(|word| text.contains(word)) {
        return made;
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for assignment in ["=$(mktemp", "=\"$(mktemp"] {
        for (at, _) in text.match_indices(assignment) {
            let (before, after) = text.split_at_checked(at).unwrap_or_default();
            let name = before.rsplit(|c| !is_of_name(c)).next().unwrap_or_default();
            let assigned = format!("{name}=");
            let is_start = |at: usize| text.get(..at).is_some_and(|before| !before.ends_with(is_of_name));
            let times = text.match_indices(&assigned).filter(|(at, _)| is_start(*at)).count();
            let loops = text.contains(&format!("for {name}"));
            // Nothing but mktemp decides on the value.
            let options = after.strip_prefix(assignment).unwrap_or_default();
            let options = options.split(')').next().unwrap_or_default();
            let alone = options
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || " -_./\"".contains(c));
            if !name.is_empty() && times == 1 && !loops && alone {
                made.push(name.to_owned());
            }
        }
    }
    made
}

fn without_removals(text: &str, made: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, arguments)) = rest.split_once("rm ") {
        out.push_str(before);
        let is_program = !out.ends_with(|c: char| c.is_ascii_alphanumeric() || "-_./".contains(c));
        match after_removal(arguments, made).filter(|_| is_program) {
            Some(after) => {
                let removed = "rm ".len() + arguments.len() - after.len();
                out.push_str(&" ".repeat(removed));
                rest = after;
            }
            None => {
                out.push_str("rm ");
                rest = arguments;
            }
        }
    }
    out.push_str(rest);
    out
}

/// What follows the arguments of an `rm`, if all of its targets are these variables.
fn after_removal<'a>(arguments: &'a str, made: &[String]) -> Option<&'a str> {
    let mut targets = 0;
    let mut rest = arguments;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let length = rest
            .find(|c: char| c.is_whitespace() || ";&|)`".contains(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(length)?;
        if word.is_empty() {
            return (targets > 0).then_some(rest);
        }
        let bare: String = word.chars().filter(|c| !"\"'{}\\".contains(*c)).collect();
        let is_option = bare.starts_with('-') && !bare.contains('$');
        let is_made = bare
            .strip_prefix('$')
            .is_some_and(|name| made.iter().any(|made| made == name));
        if !is_option && !is_made {
            return None;
        }
        targets += usize::from(is_made);
        rest = after;
        // The quote that ends a text which this command is the end of: trap "rm -rf $d" EXIT.
        let quotes = |quote: char| word.matches(quote).count() % 2 == 1;
        if quotes('"') || quotes('\'') {
            return (targets > 0).then_some(rest);
        }
    }
}

/// Whether a command that makes a file system or writes a file with dd is kept from one that holds something: by
/// `blkid DEVICE || ` right before it, or by a guard that asks for the same and for nothing else.
pub fn is_guarded(program: &str, rest: &[&str], shell: &str, unless: &[String]) -> bool {
    match name_of(program) {
        name if name == "mkfs" || name.starts_with("mkfs.") => {
            let mut devices = rest
                .iter()
                .filter(|word| word.starts_with("/dev/") && **word != "/dev/null");
            let (Some(device), None) = (devices.next(), devices.next()) else {
                return false;
            };
            let mut parts = shell.split("mkfs");
            let own = match (parts.next(), parts.next(), parts.next()) {
                (Some(before), Some(_), None) => before
                    .trim_end()
                    .strip_suffix("||")
                    .and_then(|before| before.rsplit(['\n', ';']).next())
                    .is_some_and(|asked| asks_for(asked, device)),
                _ => false,
            };
            own || unless.iter().any(|guard| asks_for(guard, device))
        }
        "dd" => {
            let target = rest.iter().find_map(|word| word.strip_prefix("of="));
            let Some(file) = target.filter(|file| file.starts_with('/') && !file.starts_with("/dev/")) else {
                return false;
            };
            let tests_for = |guard: &String| {
                let words: Vec<&str> = guard
                    .split_whitespace()
                    .map(|word| word.trim_matches(['"', '\'']))
                    .collect();
                match words.as_slice() {
                    ["test", "-e" | "-f" | "-s", path] | ["[", "-e" | "-f" | "-s", path, "]"] => *path == file,
                    _ => false,
                }
            };
            unless.iter().any(tests_for)
        }
        _ => false,
    }
}

/// Whether this is `blkid DEVICE`, with options and with its output thrown away, and nothing else.
fn asks_for(command: &str, device: &str) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    if words.next().map(name_of) != Some("blkid") {
        return false;
    }
    let mut asked = false;
    words.all(|word| {
        asked |= word == device;
        word == device || word.starts_with('-') || [">/dev/null", "2>/dev/null", "2>&1"].contains(&word)
    }) && asked
}

#[cfg(test)]
mod tests {
    use super::super::destroying;

    #[test]
    fn comments_and_temporary_files_destroy_nothing() {
        for shell in [
            "# never rm -rf this\ntrue",
            "true # rm -r /srv",
            "d=$(mktemp -d); trap \"rm -rf $d\" EXIT; true",
            "d=$(mktemp -d)\ntrap 'rm -rf \"$d\"' EXIT\ntar x -C \"$d\"",
            "d=\"$(mktemp -d)\"; make -C \"$d\"; rm -rf -- \"$d\"",
        ] {
            assert_eq!(destroying(shell), None, "{shell}");
        }
    }

    #[test]
    fn what_only_looks_like_a_comment_or_a_temporary_file_is_still_seen() {
        for shell in [
            "echo 'a # b'; rm -rf /srv",
            "echo \"#\" && rm -rf /srv # gone",
            "x=${y#z}; rm -rf /srv",
            "echo don't # x\nrm -rf /srv",
            "d=$(mktemp -d); d=/srv; rm -rf $d",
            "d=$(mktemp -d); rm -rf $d /srv",
            "d=$(mktemp -d); rm -rf $d; rm -rf /srv",
            "d=$(mktemp -d); rm -rf \"$d/../srv\"",
            "d=$(mktemp -d); rm -rf $data",
            "n=\"$(grep -vc \" #\" /etc/fstab)\" && rm -rf /srv/data",
            "echo \"a\nb # c\" && rm -rf /srv",
            "echo \"a\n# b\" && rm -rf /srv",
            "d=$(mktemp -d); mount /dev/sdb1 \"$d\"; umount \"$d\" || true; rm -rf \"$d\"",
            "d=$(mktemp -d); mv /srv/data \"$d\"; rm -rf \"$d\"",
            "d=$(mktemp -d || echo /srv/data); rm -rf \"$d\"",
            "d=$(mktemp -d); d+=/../srv; rm -rf \"$d\"",
            "d=$(mktemp -d); echo /srv | read d; rm -rf \"$d\"",
        ] {
            assert_eq!(destroying(shell).as_deref(), Some("rm -r"), "{shell}");
        }
    }

    #[test]
    fn only_what_is_surely_asked_about_a_device_excuses_a_new_file_system() {
        let mkfs = |shell: &str, guards: &[&str]| {
            let guards: Vec<String> = guards.iter().map(|guard| (*guard).to_owned()).collect();
            super::super::destroying_unless(shell, &guards)
        };
        for (shell, guards) in [
            ("blkid /dev/sdb || mkfs.ext4 /dev/sdb", &[][..]),
            ("blkid -p \"/dev/sdb\" >/dev/null 2>&1 || mkfs.ext4 -F /dev/sdb", &[]),
            ("mkfs.ext4 /dev/sdb", &["blkid /dev/sdb"]),
            ("dd if=/dev/zero of=/swapfile bs=1M count=64", &["test -e /swapfile"]),
        ] {
            assert_eq!(mkfs(shell, guards), None, "{shell} {guards:?}");
        }
        for (shell, guards) in [
            ("blkid /dev/sdb || true; mkfs.ext4 -F /dev/sdb", &[][..]),
            ("blkid /dev/sdb || mkfs.btrfs -f /dev/sdb /dev/sdc", &[]),
            ("blkid /dev/sdb || mkfs.ext4 /dev/sdb; mkfs.ext4 -F /dev/sdb", &[]),
            ("! blkid /dev/sdb || mkfs.ext4 -F /dev/sdb", &[]),
            ("false && blkid /dev/sdb || mkfs.ext4 -F /dev/sdb", &[]),
            ("mkfs.ext4 -F /dev/sdb", &["! blkid /dev/sdb"]),
            ("mkfs.ext4 -F /dev/sdb", &["blkid /dev/sdb && false"]),
            ("mkfs.ext4 -F /dev/sdb", &["blkid /dev/sdc"]),
            ("dd if=/dev/zero of=/srv/db.img", &["! test -e /srv/db.img"]),
            ("dd if=/dev/zero of=/srv/db.img", &["test -e /srv/db.img && test -e /x"]),
        ] {
            assert!(mkfs(shell, guards).is_some(), "{shell} {guards:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_cleaned(text in "[a-z #'\"$()=;|&\\\\\nrm-]{0,60}") {
            let cleaned = super::without_harmless(&text);
            proptest::prop_assert_eq!(cleaned.matches('\n').count(), text.matches('\n').count());
        }
    }
}
