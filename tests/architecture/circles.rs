//! Files do not depend on each other in circles. What two files share belongs in a third file that depends on neither.
//!
//! A file depends on another file if it names something that is defined there: in a `use`, or with a path. Names are
//! followed through re-exports to the file that defines them, so `mod.rs` may declare its files and re-export from them.

use crate::source::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn files_do_not_depend_on_each_other_in_circles() {
    let known = known_by_file();
    let circles = circles(&known);
    let lines: Vec<String> = circles
        .iter()
        .map(|circle| {
            let edges = circle.iter().flat_map(|file| {
                let names = known[*file]
                    .iter()
                    .filter(|(other, _)| circle.contains(&other.as_str()));
                names.map(move |(other, name)| format!("    {file} names {name} of {other}"))
            });
            format!("{}:\n{}", circle.join(", "), edges.collect::<Vec<_>>().join("\n"))
        })
        .collect();
    assert!(
        lines.is_empty(),
        "these files depend on each other in a circle:\n{}",
        lines.join("\n")
    );
}

/// For each file the files that it knows, with one name of each.
type Known = BTreeMap<String, BTreeMap<String, String>>;

fn known_by_file() -> Known {
    let modules = Modules::read();
    let mut known = Known::new();
    for module in modules.0.values() {
        let files = known.entry(module.file.clone()).or_default();
        let reexported: Vec<&Import> = module.imports.iter().filter(|import| import.public).collect();
        let named = module.paths.iter().chain(
            module
                .imports
                .iter()
                .filter(|import| !import.public || module.words.contains(&import.name))
                .map(|import| &import.path),
        );
        for path in named {
            // A re-export that is used here belongs to the child.
            if path.len() == 1 && reexported.iter().any(|import| import.name == path[0]) {
                continue;
            }
            if let Some(file) = modules.file_of(&module.path, path, 0)
                && file != module.file
            {
                files.entry(file).or_insert_with(|| path.join("::"));
            }
        }
    }
    known
}

/// The modules of the crate, by path.
struct Modules(BTreeMap<Vec<String>, Module>);

struct Module {
    file: String,
    path: Vec<String>,
    imports: Vec<Import>,
    /// Paths outside of `use`.
    paths: Vec<Vec<String>>,
    /// Words outside of `use`.
    words: BTreeSet<String>,
}

struct Import {
    name: String,
    path: Vec<String>,
    public: bool,
}

impl Modules {
    fn read() -> Self {
        let modules = sources().into_iter().map(|source| {
            let module = Module::read(&source);
            (module.path.clone(), module)
        });
        Self(modules.collect())
    }

    /// The file that defines what a path means in a module; `None` if it is of another crate, or no path of modules.
    fn file_of(&self, at: &[String], path: &[String], depth: usize) -> Option<String> {
        assert!(depth < 20, "re-exports form a loop: {path:?}");
        let (mut here, mut rest) = match path.first()?.as_str() {
            "crate" | "infrakt" => (Vec::new(), &path[1..]),
            "self" => (at.to_vec(), &path[1..]),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                (at[..at.len().checked_sub(ups)?].to_vec(), &path[ups..])
            }
            first => {
                let own = self.0.get(at)?;
                let child = self.child(at, first).is_some();
                let imported = own
                    .imports
                    .iter()
                    .any(|import| import.name == first && import.path[0] != first);
                if !child && !imported {
                    return None;
                }
                (at.to_vec(), path)
            }
        };
        while let Some(first) = rest.first() {
            if let Some(child) = self.child(&here, first) {
                (here, rest) = (child, &rest[1..]);
                continue;
            }
            let module = self.0.get(&here)?;
            if let Some(import) = module.imports.iter().find(|import| import.name == *first) {
                // It may come from another crate.
                return self.file_of(&here, &import.path, depth + 1);
            }
            break;
        }
        self.0.get(&here).map(|module| module.file.clone())
    }

    fn child(&self, of: &[String], name: &str) -> Option<Vec<String>> {
        let mut path = of.to_vec();
        path.push(name.to_owned());
        self.0.contains_key(&path).then_some(path)
    }
}

impl Module {
    fn read(source: &Source) -> Self {
        let stem = source.path.trim_end_matches(".rs");
        let path: Vec<String> = match stem {
            "lib" => Vec::new(),
            _ => stem.trim_end_matches("/mod").split('/').map(str::to_owned).collect(),
        };
        let code: Vec<String> = source.lines().map(|line| without_strings(line.code)).collect();
        let tokens = tokens(&code.join("\n"));
        let mut module = Self {
            file: source.path.clone(),
            path,
            imports: Vec::new(),
            paths: Vec::new(),
            words: BTreeSet::new(),
        };
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at] == "use" {
                let end = at + tokens[at..].iter().position(|token| token == ";").expect("a use ends");
                // `pub(super) use` ends with a parenthesis.
                let public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
                let mut tree = tokens[at + 1..end].iter().map(String::as_str).peekable();
                read_tree(&mut tree, &mut Vec::new(), public, &mut module.imports);
                at = end + 1;
                continue;
            }
            if is_word(&tokens[at]) && (at == 0 || tokens[at - 1] != "::") {
                let visibility = at > 1 && tokens[at - 2] == "(" && tokens[at - 1] == "in";
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_word(token))
                {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                module.words.insert(path[0].clone());
                // `pub(in crate::ssh)` names no file.
                if path.len() > 1 && !visibility {
                    module.paths.push(path);
                }
            }
            at += 1;
        }
        module
    }
}

/// Reads one tree of a `use`: `a::{b, c as d, e::*}`.
fn read_tree<'a>(
    tree: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    before: &mut Vec<String>,
    public: bool,
    imports: &mut Vec<Import>,
) {
    let depth = before.len();
    while let Some(token) = tree.next() {
        match token {
            "{" => {
                while tree.peek().is_some_and(|token| *token != "}") {
                    read_tree(tree, before, public, imports);
                    tree.next_if_eq(&",");
                }
                tree.next();
                before.truncate(depth);
                return;
            }
            "::" => {}
            "*" => before.push("*".to_owned()),
            word => before.push(word.to_owned()),
        }
        if tree.peek() != Some(&"::") && token != "::" {
            break;
        }
    }
    let mut path = before.clone();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if tree.next_if_eq(&"as").is_some() {
        name = tree.next().unwrap_or_default().to_owned();
    }
    imports.push(Import { name, path, public });
    before.truncate(depth);
}

fn is_word(token: &str) -> bool {
    token
        .chars()
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
}

/// Words, `::`, and all other characters one by one, without blanks.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("::") => 2,
            first if first.is_alphanumeric() || first == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = after.trim_start();
    }
    tokens
}

/// The line without the contents of string literals, which may look like paths.
fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The sets of files that reach each other, by name.
fn circles(known: &Known) -> Vec<Vec<&str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        known.keys().map(|file| (file.as_str(), reached(known, file))).collect();
    let circles: BTreeSet<Vec<&str>> = reach
        .iter()
        .filter(|(file, reached)| reached.contains(*file))
        .map(|(file, reached)| {
            reached
                .iter()
                .copied()
                .filter(|other| reach[other].contains(file))
                .collect()
        })
        .collect();
    circles.into_iter().collect()
}

fn reached<'a>(known: &'a Known, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for other in known.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(other.as_str()) {
                open.push(other);
            }
        }
    }
    reached
}

#[test]
fn imports_are_read_from_all_forms_of_a_use() {
    let source = Source {
        path: "a/b.rs".to_owned(),
        room: "a".to_owned(),
        text: "use super::{c::{D, self}, e as f};\npub use g::*;\nfn x(y: crate::h::I) { d::e(\"j::k\") }\n".to_owned(),
    };
    let module = Module::read(&source);
    let imports: Vec<String> = module
        .imports
        .iter()
        .map(|import| {
            format!(
                "{}{}={}",
                if import.public { "pub " } else { "" },
                import.name,
                import.path.join("::")
            )
        })
        .collect();
    assert_eq!(imports, ["D=super::c::D", "c=super::c", "f=super::e", "pub *=g::*"]);
    let paths: Vec<String> = module.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["crate::h::I", "d::e"]);
}

#[test]
fn a_circle_is_found_through_files_between() {
    let known: Known = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "e")]
        .into_iter()
        .map(|(file, other)| (file.to_owned(), [(other.to_owned(), "x".to_owned())].into()))
        .collect();
    assert_eq!(circles(&known), [vec!["a", "b", "c"], vec!["e"]]);
}
