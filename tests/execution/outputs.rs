//! What a step prints reaches a later one, byte for byte, and stays until the run is done.

use crate::local::{executed, holds};
use infrakt::event::{Outcome, RunState, Stream};

#[test]
#[ignore = "needs root"]
fn a_later_step_gets_what_an_earlier_one_printed_and_nothing_else() {
    let (ended, memory) = executed(
        r#"ssh::run("Before", "echo before");
           let made = ssh::run("Make", "echo \"it's \\$HOME\"; echo two; echo; echo never >&2");
           ssh::run("Between", "echo between");
           ssh::run("Use", "printf '<%s>' \"$MADE\"").env("MADE", made.output());
           ssh::run("Use it as another", "printf '[%s]' \"$MADE\"").env("MADE", made.output()).user("daemon");"#,
    );
    assert_eq!(ended.state, RunState::Done, "{}", memory.output(Stream::Stderr));
    let printed = memory.output(Stream::Stdout);
    assert!(
        printed.ends_with("between\n<it's $HOME\ntwo>[it's $HOME\ntwo]"),
        "{printed}"
    );
    assert!(holds("test -z \"$(ls /var/lib/infrakt/spool)\""), "nothing of it stays");
}

#[test]
#[ignore = "needs root"]
fn an_output_that_can_not_be_kept_fails_its_step_and_ends_nothing_else() {
    let (ended, memory) = executed(
        r#"let made = ssh::run("Make", "mkdir -p /var/lib/infrakt/spool/$(ls /var/lib/infrakt/spool | sed -n 's/-1$//p').outputs/1; echo made");
           ssh::run("Use", "echo never").env("MADE", made.output());
           ssh::run("Clean", "echo cleaned").always();
           ssh::run("Use it anyway", "echo never").env("MADE", made.output()).always();"#,
    );
    use Outcome::{Changed, Failed, Skipped};
    assert_eq!(memory.outcomes(), [Failed, Skipped, Changed, Failed]);
    assert_eq!(
        (ended.state, memory.output(Stream::Stdout).as_str()),
        (RunState::Failed, "made\ncleaned\n")
    );
    assert!(
        memory
            .output(Stream::Stderr)
            .contains("could not keep what the step has printed")
    );
}

#[test]
#[ignore = "needs root"]
fn an_output_that_is_too_long_fails_the_step_that_uses_it() {
    let (ended, memory) = executed(
        r#"let made = ssh::run("Make", "head -c 70000 /dev/zero | tr '\\0' x");
           ssh::run("Use", "echo never").env("MADE", made.output());
           ssh::run("Use it if", "echo never").env("MADE", made.output()).only_if("test -n \"$MADE\"").always();
           ssh::run("Use it unless", "echo never").env("MADE", made.output()).unless("test -n \"$MADE\"").always();"#,
    );
    assert_eq!(ended.state, RunState::Failed);
    use Outcome::{Changed, Failed};
    assert_eq!(memory.outcomes(), [Changed, Failed, Failed, Failed]);
    let said = memory.output(Stream::Stderr);
    assert_eq!(said.matches("step 1 has printed more than 64 KiB").count(), 3, "{said}");
}
