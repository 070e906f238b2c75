//! What the server said when a plan was made for it: what each step would do now, and how that was asked.

use super::Step;
use super::file_change::FileChange;
use schemars::JsonSchema;
use serde::Serialize;

/// What the server said of a plan's steps when it was asked; see `infrakt plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// One for each step.
    pub marks: Vec<Mark>,
    /// Why steps would fail.
    pub findings: Vec<Finding>,
    /// How files would change, in the order of the steps.
    pub changes: Vec<FileChange>,
    /// Steps that may change something although their marks say that they would not.
    pub doubts: Vec<Doubt>,
}

/// A step that would change nothing now, but may once earlier steps have changed files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Doubt {
    /// The step, counted from 1.
    pub step: usize,
    /// The earlier steps that change files which its guards name, counted from 1.
    pub after: Vec<usize>,
}

/// Why a step would fail, in the words of its check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The step, counted from 1.
    pub step: usize,
    pub message: String,
}

/// The result of a step's guards during planning; see `infrakt plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    WouldChange,
    /// It would change something if one of the steps in its `when_changed` does, and at least one of them would.
    WouldChangeIf,
    /// A guard holds, so there is nothing to do.
    NoChange,
    /// The step is a check: it never changes anything.
    Check,
    /// A check that would fail now.
    WouldFail,
}

impl Mark {
    /// Whether the step would change something, or would if another one does.
    pub fn may_change(self) -> bool {
        matches!(self, Self::WouldChange | Self::WouldChangeIf)
    }

    /// The mark of a step that has something to do only if an earlier one changes something. `marks` are those of the steps
    /// before it.
    pub fn if_one_changes(self, step: &Step, marks: &[Self]) -> Self {
        match (self, awaited(step, marks).next()) {
            (_, None) => Self::NoChange,
            (Self::WouldChange, Some(_)) => Self::WouldChangeIf,
            (mark, Some(_)) => mark,
        }
    }
}

/// The numbers of the steps that the step depends on and that would change something.
fn awaited<'a>(step: &'a Step, marks: &'a [Mark]) -> impl Iterator<Item = usize> + 'a {
    step.when_changed.iter().copied().filter(|number| {
        let mark = number.checked_sub(1).and_then(|index| marks.get(index));
        mark.is_some_and(|mark| mark.may_change())
    })
}

/// Numbers as a sentence has them: `4, 6 or 7`.
pub fn any_of(numbers: impl Iterator<Item = usize>) -> String {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    match numbers.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        numbers => numbers.concat(),
    }
}

/// On which of the steps before it a step depends, if its mark says that it does: `if 4 or 6 does`.
pub fn condition(step: &Step, mark: Mark, marks: &[Mark]) -> Option<String> {
    (mark == Mark::WouldChangeIf).then(|| format!("if {} does", any_of(awaited(step, marks))))
}

/// Whether the queries and guards that ran for the plan could have changed files on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asked {
    /// The server's file systems were read-only for them.
    pub read_only: bool,
    /// Why they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Preview {
    /// `2 or 3`: the steps that may change the answers of a step's guards, if that would change nothing now. The step is
    /// counted from 0.
    pub fn doubt_of(&self, index: usize) -> Option<String> {
        let doubt = self.doubts.iter().find(|doubt| doubt.step == index + 1)?;
        Some(any_of(doubt.after.iter().copied()))
    }

    /// How a step would change a file. The step is counted from 0.
    pub fn change_of(&self, index: usize) -> Option<&FileChange> {
        self.changes.iter().find(|change| change.step == index + 1)
    }
}

impl Asked {
    pub fn read_only() -> Self {
        Self {
            read_only: true,
            reason: None,
        }
    }

    pub fn unguarded(reason: &str) -> Self {
        Self {
            read_only: false,
            reason: Some(reason.to_owned()),
        }
    }
}
