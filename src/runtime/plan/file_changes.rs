//! How the files of uploads would change: what to ask the server for it, and what its answer means.

use crate::plan::shell::quote;
use crate::plan::{
    Action, DesiredFile, FileChange, MOST_COMPARED, MOST_SHOWN, Plan, Present, PresentFile, Step, can_be_compared,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// shows INDEX PATH MOST: prints a line with what is at a path: mode, owner, size, whether every user may read it (user
/// 65534 tries), its sum unless it is longer than 256 MiB, and its content unless it is longer than MOST or than what is
/// left for all of the plan.
const SHOWS: &str = r#"shows() {
    [ -e "$2" ] || { echo "file $1 none"; return; }
    [ -f "$2" ] || { echo "file $1 other"; return; }
    set -- "$1" "$2" "$3" $(stat -L -c '%a %U:%G %s' -- "$2")
    whose=private sum='' content=-
    setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$2" 2>/dev/null && whose=public
    if [ "$6" -le "$3" ] && [ "$6" -le "$left" ]; then
        left=$((left - $6))
        content=:$(head -c "$3" -- "$2" | base64 -w 0)
    fi
    [ "$3" = 0 ] || [ "$6" -gt 268435456 ] || sum=$(timeout -k 5 60 sha256sum <"$2")
    echo "file $1 $4 $5 $6 $whose :${sum%% *} $content"
}
"#;

/// The function that the commands of [`look_at`] call.
pub fn shows() -> String {
    format!("left={MOST_SHOWN}\n{SHOWS}")
}

/// A command that prints what is at the path of an upload; `None` for other steps.
pub fn look_at(index: usize, step: &Step) -> Option<String> {
    let Action::Upload { path, content, .. } = &step.action else {
        return None;
    };
    // The hash of a copied file is enough; every limit but 0 gives it.
    let most = match content.file() {
        Some(_) => 1,
        None if can_be_compared(content) => MOST_COMPARED,
        None => 0,
    };
    Some(format!("shows {index} {} {most}", quote(path)))
}

/// What is at the path of an upload, from the line that tells it.
fn present(line: &str) -> Option<(usize, Present)> {
    let mut words = line.strip_prefix("file ")?.split(' ');
    let index = words.next()?.parse().ok()?;
    let mut next = || words.next();
    let present = match next()? {
        "none" => Present::Nothing,
        "other" => Present::NoFile,
        mode => Present::File(PresentFile {
            mode: mode.to_owned(),
            owner: next()?.to_owned(),
            bytes: next()?.parse().ok()?,
            public: next()? == "public",
            sha256: next()?
                .strip_prefix(':')
                .filter(|sum| !sum.is_empty())
                .map(str::to_owned),
            content: match next()?.strip_prefix(':') {
                Some(content) => Some(STANDARD.decode(content).ok()?),
                None => None,
            },
        }),
    };
    Some((index, present))
}

/// How the files of uploads would change, from what the server said of them.
pub fn changes(plan: &Plan, answer: &str) -> Vec<FileChange> {
    let mut room = MOST_SHOWN;
    let present = answer.lines().filter_map(present);
    let changes = present.filter_map(
        |(index, present)| match plan.steps.get(index).map(|step| &step.action) {
            Some(Action::Upload {
                path,
                content,
                mode,
                owner,
            }) => {
                let wanted = DesiredFile {
                    path,
                    content,
                    mode,
                    owner,
                };
                Some(FileChange::of(index + 1, wanted, present, &mut room))
            }
            _ => None,
        },
    );
    changes.collect()
}
