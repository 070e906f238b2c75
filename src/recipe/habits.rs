//! What people write in a recipe who know Python, Ansible, a shell or JavaScript better than Rhai, and what to write
//! instead.

/// A word that Rhai does not know, but its neighbours do.
pub fn of_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "elif" | "elsif" | "elseif" => "write `else if`",
        "not" => "write `!x` for `not x`",
        "and" => "write `&&` for `and`",
        "or" => "write `||` for `or`",
        "is" => "write `==`, or `type_of(x) == \"string\"`",
        "def" | "function" | "func" | "proc" | "sub" => "write a function as: fn name(argument) { … }",
        "lambda" => "write a function without a name as: |x| x + 1",
        "foreach" | "with_items" => "write a loop as: for item in list { … }",
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "None" | "null" | "nil" | "undefined" | "NULL" => "write `()`, which is Rhai's empty value",
        "var" | "local" | "declare" | "my" => "write `let name = …;`",
        "then" | "fi" | "done" | "end" | "begin" | "endif" | "esac" => "blocks stand in braces: if x { … }",
        "match" | "case" => "write: switch value { 1 => …, _ => … }",
        "echo" | "sudo" | "cd" | "mkdir" | "cp" | "mv" | "apt" | "systemctl" | "set" => {
            "commands go into a step: ssh::run(\"Title\", \"command\")"
        }
        "require" | "include" | "from" | "use" => "write: import \"lib/apt\" as apt;",
        "raise" | "assert" => "refuse with a reason: fail(\"…\")",
        "pass" => "an empty block is: { }",
        "self" => "write `this`",
        "str" => "write `x.to_string()`",
        "int" => "write `parse_int(text)`",
        "float" => "write `parse_float(text)`",
        "dict" | "object" => "write a map as: #{ key: value }",
        "list" | "array" => "write a list as: [1, 2]",
        _ => return None,
    })
}

/// A function that other languages have.
pub fn of_function(name: &str) -> Option<&'static str> {
    Some(match name {
        "str" => "write `x.to_string()`",
        "int" => "write `parse_int(text)`",
        "float" => "write `parse_float(text)`",
        "append" => "add to a list with `list.push(value)`",
        "println" | "printf" | "echo" | "puts" => "write a note with `print(text)`",
        "format" | "sprintf" => "write the text in backticks: `port ${port}`",
        "strip" => "write `trim`, which changes the variable: text.trim();",
        "lower" | "tolower" | "toLowerCase" => "write `text.to_lower()`",
        "upper" | "toupper" | "toUpperCase" => "write `text.to_upper()`",
        "startswith" | "startsWith" => "write `text.starts_with(\"…\")`",
        "endswith" | "endsWith" => "write `text.ends_with(\"…\")`",
        "length" | "size" | "count" => "write `x.len()`",
        "from_json" | "json_decode" | "loads" => "write `json::parse(text)`",
        "to_yaml" | "to_nice_yaml" => "write `yaml::text(value)`",
        "to_nice_json" | "dumps" | "stringify" => "write `json::text(value)`",
        "default" => "write `x ?? \"default\"`",
        "env" | "getenv" => {
            "a recipe doesn't see the environment; declare a parameter: param(\"name\", \"default\", \"help\")"
        }
        "open" | "read_file" | "lookup" => "a recipe can't read files of this computer with this",
        _ => return None,
    })
}

/// A character that Rhai does not know where it stands.
pub fn of_character(c: char) -> Option<String> {
    Some(match c {
        '#' => "comments begin with //".to_owned(),
        '\'' => "texts stand in double quotes: \"text\", or in backticks with values: `text ${value}`".to_owned(),
        '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{3000}' => {
            format!(
                "this blank is U+{:04X}, which only looks like a space; write a space",
                u32::from(c)
            )
        }
        '\u{200b}' | '\u{feff}' | '\u{200d}' => {
            format!("this is U+{:04X}, which can't be seen; delete it", u32::from(c))
        }
        '“' | '”' | '„' | '«' | '»' => "write straight quotes: \"text\"".to_owned(),
        '‘' | '’' | '‚' => "write straight double quotes: \"text\"".to_owned(),
        '–' | '—' | '−' => "write a plain minus: -".to_owned(),
        '→' => "write =>".to_owned(),
        '@' | '$' => "values stand in backticks: `text ${value}`; a variable has no sign before its name".to_owned(),
        _ => return None,
    })
}
