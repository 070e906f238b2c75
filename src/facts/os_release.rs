//! Reads os-release(5): assignments, parsed as a shell would, without executing anything in the file.

use super::Os;

/// The values of a file; empty if missing.
pub fn parse(text: &str) -> Os {
    let mut os = Os {
        id: String::new(),
        version: String::new(),
        codename: String::new(),
        name: String::new(),
    };
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let place = match name {
            "ID" => &mut os.id,
            "VERSION_ID" => &mut os.version,
            "VERSION_CODENAME" => &mut os.codename,
            "PRETTY_NAME" => &mut os.name,
            _ => continue,
        };
        *place = unquoted(value);
    }
    os
}

/// A value without its quotes. In double quotes, a backslash escapes a character.
fn unquoted(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn quotes_and_escapes_are_those_of_a_shell() {
        let os = parse(
            "ID=debian\nVERSION_ID=\"13\"\n# VERSION_ID=12\nVERSION_CODENAME='trixie'\nPRETTY_NAME=\"a \\\"b\\\" \\$c\"\n$(reboot)\n",
        );
        assert_eq!(
            (
                os.id.as_str(),
                os.version.as_str(),
                os.codename.as_str(),
                os.name.as_str()
            ),
            ("debian", "13", "trixie", "a \"b\" $c")
        );
    }
}
