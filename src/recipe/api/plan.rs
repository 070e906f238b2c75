//! Primitives about the plan as a whole: sections, refusals, and helpers for text.

use super::call::RhaiResult;
use crate::recipe::draft::{Problem, ProblemKind, SharedDraft};
use rhai::plugin::*;

/// The shape of the plan.
#[export_module]
pub mod plan {
    /// Starts a section: the following steps are listed under this heading.
    ///
    /// # Example
    /// ```rhai
    /// section("Packages");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn section(context: NativeCallContext, title: &str) -> RhaiResult<()> {
        if !crate::plan::form::is_title(title) {
            return Err(Problem::new("the title of a section must be one line").at(&context));
        }
        SharedDraft::of(&context)?.lock().section = Some(title.to_owned());
        Ok(())
    }

    /// Refuses to make a plan, with a reason. Nothing is changed on the server.
    ///
    /// # Example
    /// ```rhai
    /// if facts.os.id == "windows" { fail("This recipe is for Debian and Ubuntu."); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fail(context: NativeCallContext, message: &str) -> RhaiResult<()> {
        let problem = Problem::new(message);
        Err(Problem {
            kind: ProblemKind::Failed,
            ..problem
        }
        .at(&context))
    }

    /// Refuses to make a plan, with a reason and what to do next.
    ///
    /// # Example
    /// ```rhai
    /// if facts.arch == "sparc" { fail("There is no Docker for this machine.", "use another server"); }
    /// ```
    #[rhai_fn(name = "fail", return_raw)]
    pub fn fail_with_help(context: NativeCallContext, message: &str, help: &str) -> RhaiResult<()> {
        let problem = Problem::new(message).help(help);
        Err(Problem {
            kind: ProblemKind::Failed,
            ..problem
        }
        .at(&context))
    }

    /// Refuses a value given to the recipe as a parameter, or to one of its functions as an argument: says what is
    /// wrong with it, and how to write it. If the value is right but the server is not, use `fail`.
    ///
    /// # Example
    /// ```rhai
    /// let port = param("port", 8080, "The port that the app listens on");
    /// if port < 1024 { invalid(`The app can't listen on ${port}.`, "take a port from 1024 on: --set port=8080"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn invalid(context: NativeCallContext, message: &str, help: &str) -> RhaiResult<()> {
        Err(Problem::new(message).label("refused here").help(help).at(&context))
    }

    /// Quotes any value as one word of a POSIX shell, for commands that a recipe builds.
    ///
    /// # Example
    /// ```rhai
    /// let path = "/srv/it's here";
    /// ssh::run("Make the directory", `mkdir -p ${quote(path)}`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn quote(context: NativeCallContext, value: &str) -> RhaiResult<String> {
        if value.contains('\0') {
            return Err(Problem::new("a shell word must not hold a NUL character").at(&context));
        }
        Ok(crate::plan::shell::quote(value).into_owned())
    }

    /// Removes the indentation that all lines of a text share, and a blank line at its end. Scripts and files in a
    /// recipe can then be indented like the code around them.
    ///
    /// # Example
    /// ```rhai
    /// ssh::upload("Write the configuration", "/etc/app.conf", dedent(`
    ///     [server]
    ///     port = 8080
    /// `));
    /// ```
    pub fn dedent(text: &str) -> String {
        let blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
        let depth = text
            .lines()
            .filter(|line| !blank(line))
            .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
            .min()
            .unwrap_or(0);
        let (text, last) = text.rsplit_once('\n').map_or(("", text), |(text, last)| (text, last));
        let mut lines: Vec<&str> = if text.is_empty() {
            Vec::new()
        } else {
            text.split('\n').collect()
        };
        if !blank(last) {
            lines.push(last);
        }
        lines
            .iter()
            .map(|line| format!("{}\n", line.get(depth..).filter(|_| !blank(line)).unwrap_or("")))
            .collect()
    }

    /// The SHA-256 of a text, in hexadecimal. Use it to detect that a configuration differs from the one that runs.
    ///
    /// # Example
    /// ```rhai
    /// let configuration = "port = 8080\n";
    /// ssh::run("Start the app", `start-app --label ${sha256(configuration)}`);
    /// ```
    pub fn sha256(text: &str) -> String {
        crate::plan::digest::sha256(text.as_bytes())
    }
}
