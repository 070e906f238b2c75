//! `recipe test --lab`: runs a recipe twice on a disposable machine, and reports what the second run changed. The
//! machine comes from scripts/lab, which is a part of infrakt's source.

use crate::cmd::{Context, output};
use crate::document::recipe::{RecipeTested, TestResult};
use crate::error::{Error, Exit, Result};
use crate::recipe::Recipe;
use crate::runtime::{Case, Parameters, TestFile};
use clap::Args;
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Debug, Args)]
pub struct LabArgs {
    /// Run the recipe twice on a disposable machine of the lab instead, and report what changes again
    #[arg(long, conflicts_with_all = ["facts", "update", "case"])]
    pub lab: bool,
    /// Path of scripts/lab; otherwise it is looked for in this directory and those above it
    #[arg(long, value_name = "FILE", env = "INFRAKT_LAB")]
    lab_script: Option<PathBuf>,
}

/// The server's name in the home of the test.
const NAME: &str = "lab";

/// A machine, and a home of infrakt that knows it; both end with this value.
struct Machine {
    script: PathBuf,
    name: String,
    home: tempfile::TempDir,
}

/// Runs each case that says `lab = true`, on a machine of its own; without such a case, the recipe with these parameters.
pub fn test(
    recipe: &Recipe,
    args: &LabArgs,
    parameters: &Parameters,
    context: &Context,
    tested: &mut Vec<RecipeTested>,
) -> Result<Exit> {
    let script = script(args.lab_script.as_deref())?;
    let mut cases = TestFile::of(recipe)?.unwrap_or_default().cases;
    cases.retain(|case| case.lab);
    if cases.is_empty() {
        cases.push(Case {
            name: "as it is".to_owned(),
            ..Case::default()
        });
    }
    let mut exits = Vec::new();
    for mut case in cases {
        case.parameters.extend(parameters.clone());
        let machine = Machine::up(&script, recipe, &case, exits.len())?;
        let done = machine.try_twice(recipe, &case)?;
        if !context.json {
            let steps = output::count(done.steps.unwrap_or(0), "step");
            output::line(&match done.result {
                TestResult::Failed => format!("FAILED  {}", case.name),
                _ => format!("ok  {}: {steps}, and nothing changed again", case.name),
            })?;
            for problem in &done.problems {
                output::line(&format!("        {problem}"))?;
            }
        }
        exits.push(if done.result == TestResult::Failed {
            Exit::StepFailed
        } else {
            Exit::Done
        });
        tested.push(done);
    }
    Ok(Exit::worst(&exits))
}

/// The lab's script, which must be able to work here.
fn script(given: Option<&Path>) -> Result<PathBuf> {
    let here = std::env::current_dir().map_err(Error::file("find", "the current directory"))?;
    let found = match given {
        Some(given) => Some(given.to_owned()).filter(|given| given.is_file()),
        None => here
            .ancestors()
            .map(|folder| folder.join("scripts/lab"))
            .find(|script| script.is_file()),
    };
    let Some(script) = found else {
        return Err(Error::usage_with(
            "there is no scripts/lab here: the lab is a part of infrakt's source, not of the program",
            "get the source, and name the script: --lab-script PATH or INFRAKT_LAB=PATH",
        ));
    };
    let checked = output_of(Command::new(&script).arg("check"))?;
    match checked.success {
        true => Ok(script),
        false => Err(Error::usage(format!("the lab can't work here: {}", checked.stdout))),
    }
}

struct LabOutput {
    success: bool,
    /// Without line breaks at its end.
    stdout: String,
}

fn output_of(command: &mut Command) -> Result<LabOutput> {
    let program = PathBuf::from(command.get_program());
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(Error::file("start", &program))?;
    Ok(LabOutput {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).trim_end().to_owned(),
    })
}

impl Machine {
    fn up(script: &Path, recipe: &Recipe, case: &Case, number: usize) -> Result<Self> {
        let systems = case.systems();
        let release = match systems.first().map(String::as_str) {
            Some("debian-13") => "trixie",
            Some("debian-12") => "bookworm",
            other => {
                return Err(Error::usage_with(
                    format!("the lab has no machine for '{}'", other.unwrap_or_default()),
                    "it has debian-12 and debian-13",
                ));
            }
        };
        let machine = Self {
            script: script.to_owned(),
            name: format!("recipe-{}-{number}", std::process::id()),
            home: tempfile::tempdir().map_err(Error::file("create a folder in", &std::env::temp_dir()))?,
        };
        let address = machine.lab(["up", &machine.name, "--release", release])?;
        if let Some(setup) = &case.setup {
            machine.lab(["exec", &machine.name, "--", "sh", "-euc", setup])?;
        }
        let own = machine.home.path().join("recipes");
        symlink(recipe.library_folder(), &own).map_err(Error::file("create", &own))?;
        let (port, key) = (machine.lab(["port", &machine.name])?, machine.lab(["key"])?);
        let added = [
            "server", "add", NAME, "--host", &address, "--port", &port, "--key", &key,
        ];
        match machine.infrakt(added)? {
            LabOutput { success: true, .. } => Ok(machine),
            LabOutput { stdout, .. } => Err(Error::usage(format!("the machine could not be added: {stdout}"))),
        }
    }

    fn lab<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let words: Vec<&str> = words.into_iter().collect();
        let said = output_of(Command::new(&self.script).args(&words))?;
        match said.success {
            true => Ok(said.stdout),
            false => Err(Error::usage(format!(
                "scripts/lab {} failed: {}",
                words.join(" "),
                said.stdout
            ))),
        }
    }

    /// This program, with the home of the test.
    fn infrakt<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Result<LabOutput> {
        let program = std::env::current_exe().map_err(Error::file("find", "infrakt's own program"))?;
        output_of(Command::new(program).arg("--home").arg(self.home.path()).args(words))
    }

    fn try_twice(&self, recipe: &Recipe, case: &Case) -> Result<RecipeTested> {
        let path = recipe.path_beside(".rhai");
        let name = path.map_or_else(|| recipe.reference(), |path| path.display().to_string());
        let mut words = vec!["run".to_owned(), name];
        words.extend(["--server", NAME, "--confirm", NAME].map(str::to_owned));
        for (key, value) in &case.parameters {
            words.extend(["--set".to_owned(), format!("{key}={}", as_text(value))]);
        }
        let mut problems = Vec::new();
        let mut steps = None;
        for run in ["1", "2"] {
            let ended = self.infrakt(&words)?;
            if !ended.success {
                output::note(&ended.stdout);
                problems.push(format!("run {run} failed"));
                break;
            }
            let shown = self.infrakt(["--json", "runs", "show", run])?;
            let journal: Value = serde_json::from_str(&shown.stdout).map_err(|error| Error::Malformed {
                what: "the journal of the run".to_owned(),
                reason: error.to_string(),
                hint: None,
            })?;
            let done = journal
                .get("steps")
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            steps = Some(done.len());
            let again = done.iter().filter(|step| run == "2" && step["outcome"] == "changed");
            problems.extend(again.map(|step| {
                let title = step["title"].as_str().unwrap_or_default();
                format!("'{title}' changed again in the second run: give it a guard, with unless or only_if")
            }));
        }
        let result = if problems.is_empty() {
            TestResult::Passed
        } else {
            TestResult::Failed
        };
        Ok(RecipeTested {
            recipe: recipe.name.clone(),
            case: Some(case.name.clone()),
            result,
            steps,
            refused: None,
            problems,
            error: None,
            notes: Vec::new(),
        })
    }
}

/// A value as `--set` takes it.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Err(error) = self.lab(["down", &self.name]) {
            output::note(&format!(
                "{error}; take the machine down: {} down {}",
                self.script.display(),
                self.name
            ));
        }
    }
}
