//! Reads a shell text as the simple commands that it is made of (POSIX.1-2017, Shell Command Language, 2.9.1), with the
//! files that each writes through a redirection. Commands in substitutions, and in texts passed to another shell, are
//! read too.
//!
//! It must not know what any program does. For a text that it can't parse, it returns the commands that it found.

/// The deepest nesting that is read; deeper commands are ignored.
pub(super) const DEEPEST: usize = 12;

/// A program and its arguments, without quotes. Variables (`$x`) stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simple {
    pub words: Vec<String>,
    /// The files that it redirects output to.
    pub writes: Vec<String>,
}

/// All simple commands of a text.
pub fn commands(text: &str) -> Vec<Simple> {
    read(text).commands
}

/// What is known of a shell text.
#[derive(Debug, Default)]
pub struct ShellReading {
    pub commands: Vec<Simple>,
    /// Syntax of bash that sh lacks, as it is written or in short: `<<<`, `${x^^}`, `{a,b}`.
    pub bash: Vec<String>,
    /// The marks of here-documents that never end because the line with the mark is indented.
    pub unended: Vec<String>,
    /// The commands whose output goes to another one, and whose exit status is therefore lost.
    pub piped: Vec<Simple>,
}

pub fn read(text: &str) -> ShellReading {
    let mut reader = Reader::new(text, 0);
    reader.read();
    ShellReading {
        commands: reader.found,
        bash: reader.bash,
        unended: reader.unended,
        piped: reader.piped,
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
    depth: usize,
    found: Vec<Simple>,
    now: Simple,
    word: String,
    /// Whether a word has begun, which may be empty: `""`.
    in_word: bool,
    /// The redirection whose target is the next word.
    redirects: Option<Redirect>,
    open: usize,
    /// The delimiters of here-documents whose text begins on the next line, and whether tabs may stand before them.
    documents: Vec<(String, bool)>,
    bash: Vec<String>,
    unended: Vec<String>,
    piped: Vec<Simple>,
}

#[derive(Clone, Copy, PartialEq)]
enum Redirect {
    In,
    Out,
    Document { tabs: bool },
}

impl Reader {
    fn new(text: &str, depth: usize) -> Self {
        Self {
            text: text.replace("\\\n", "").chars().collect(),
            at: 0,
            depth,
            found: Vec::new(),
            now: Simple::default(),
            word: String::new(),
            in_word: false,
            redirects: None,
            open: 0,
            documents: Vec::new(),
            bash: Vec::new(),
            unended: Vec::new(),
            piped: Vec::new(),
        }
    }

    fn note(&mut self, what: &str) {
        self.bash.push(what.to_owned());
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn read(&mut self) {
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '\n' => {
                    self.end_command();
                    self.skip_documents();
                }
                ' ' | '\t' | '\r' => self.end_word(),
                '#' if !self.in_word => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '&' if self.peek(0) == Some('>') => {
                    self.note("&>");
                    self.redirect('>');
                }
                '|' if self.peek(0) == Some('|') => {
                    self.at += 1;
                    self.end_command();
                }
                '|' => {
                    if self.peek(0) == Some('&') {
                        self.note("|&");
                    }
                    self.end_word();
                    self.piped.push(self.now.clone());
                    self.end_command();
                }
                ';' | '&' => self.end_command(),
                '(' => {
                    if self.in_word && self.word.ends_with('=') {
                        self.note("=(…)");
                    } else if self.peek(0) == Some('(') && !self.in_word {
                        self.note("((");
                    }
                    // `name()` defines a function; a word before a parenthesis is not a command.
                    self.drop_command();
                    self.open += 1;
                }
                ')' if self.open == 0 => self.drop_command(), // the pattern of a `case`
                ')' => {
                    self.open -= 1;
                    self.end_command();
                }
                '<' | '>' if self.peek(0) == Some('(') => {
                    self.note(if c == '<' { "<(…)" } else { ">(…)" });
                    self.at += 1;
                    self.substitution(')');
                }
                '<' | '>' => self.redirect(c),
                _ => self.part_of_word(c),
            }
        }
        self.end_command();
    }

    fn part_of_word(&mut self, c: char) {
        self.in_word = true;
        match c {
            '\\' => {
                if let Some(next) = self.peek(0) {
                    self.at += 1;
                    self.word.push(next);
                }
            }
            '\'' => {
                while let Some(c) = self.peek(0) {
                    self.at += 1;
                    if c == '\'' {
                        break;
                    }
                    self.word.push(c);
                }
            }
            '"' => self.double_quotes(),
            '`' => self.substitution('`'),
            '$' => {
                if self.peek(0) == Some('\'') {
                    self.note("$'…'");
                }
                self.expansion();
            }
            '{' => {
                self.braces();
                self.word.push('{');
            }
            c => self.word.push(c),
        }
    }

    /// After a `{` in a word: whether it stands for several words in bash.
    fn braces(&mut self) {
        let within: String = self
            .text
            .iter()
            .skip(self.at)
            .take(200)
            .take_while(|c| **c != '}')
            .collect();
        let closed = self.text.get(self.at + within.chars().count()) == Some(&'}');
        let plain = !within.is_empty() && !within.contains(|c: char| c.is_whitespace() || "{$'\"`;|&<>()".contains(c));
        if !closed || !plain {
            return;
        }
        let ends = within.split_once("..");
        let short = |end: &str| !end.is_empty() && end.chars().all(|c| c.is_ascii_alphanumeric());
        if within.contains(',') {
            self.note("{a,b}");
        } else if ends.is_some_and(|(from, to)| short(from) && short(to)) {
            self.note("{1..5}");
        }
    }

    /// After a `${`: whether it is an expansion that only bash has.
    fn bash_expansion(&mut self) {
        let within: String = self
            .text
            .iter()
            .skip(self.at + 1)
            .take(100)
            .take_while(|c| **c != '}' && **c != '\n')
            .collect();
        let name = within.trim_start_matches('#');
        let rest = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let length = name.len() - rest.len();
        let is_bash = match rest.chars().next() {
            Some('^' | ',' | '@' | '[' | '/') => length > 0,
            Some(':') => length > 0 && ![":-", ":=", ":?", ":+"].iter().any(|form| rest.starts_with(form)),
            Some('!') => length == 0,
            _ => false,
        };
        if is_bash {
            self.note(&format!("${{{within}}}"));
        }
    }

    fn double_quotes(&mut self) {
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match c {
                '"' => return,
                '\\' => match self.peek(0).filter(|c| "\"\\$`".contains(*c)) {
                    Some(escaped) => {
                        self.word.push(escaped);
                        self.at += 1;
                    }
                    None => self.word.push(c),
                },
                '`' => self.substitution('`'),
                '$' => self.expansion(),
                c => self.word.push(c),
            }
        }
    }

    /// After a `$`.
    fn expansion(&mut self) {
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                // Arithmetic contains no commands.
                self.word.push('$');
                while self.peek(0).is_some() && (self.peek(0), self.peek(1)) != (Some(')'), Some(')')) {
                    self.at += 1;
                }
                self.at += 2;
            }
            Some('(') => {
                self.at += 1;
                self.substitution(')');
            }
            Some('{') => {
                self.bash_expansion();
                // What stands in it is no list of words.
                self.word.push_str("${");
                self.at += 1;
            }
            _ => self.word.push('$'),
        }
    }

    /// Reads the commands of a substitution up to its end.
    fn substitution(&mut self, end: char) {
        self.in_word = true;
        self.word.push('$');
        let from = self.at;
        let mut open = 0;
        let mut quote = None;
        while let Some(c) = self.peek(0) {
            let before = self.at.checked_sub(1).and_then(|at| self.text.get(at)).copied();
            self.at += 1;
            match (quote, c) {
                (_, '\\') if quote != Some('\'') => self.at += 1,
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None, '(') if end == ')' => open += 1,
                (None, ')') if end == ')' && open > 0 => open -= 1,
                // A substitution within double quotes has parentheses of its own.
                (Some('"'), '(') if end == ')' && before == Some('$') => open += 1,
                (Some('"'), ')') if end == ')' && open > 0 => open -= 1,
                (None, c) if c == end => break,
                _ => {}
            }
        }
        let to = self.at.saturating_sub(1);
        let body: String = self.text.iter().take(to).skip(from).collect();
        if self.depth < DEEPEST {
            let mut inner = Reader::new(&body, self.depth + 1);
            inner.read();
            self.found.append(&mut inner.found);
            self.bash.append(&mut inner.bash);
            self.unended.append(&mut inner.unended);
        }
    }

    /// After a `<` or `>`.
    fn redirect(&mut self, c: char) {
        // The number of a descriptor belongs to the redirection.
        if self.in_word && self.word.chars().all(|c| c.is_ascii_digit()) {
            self.word.clear();
            self.in_word = false;
        }
        self.end_word();
        if c == '<' && self.peek(0) == Some('<') && self.peek(1) == Some('<') {
            self.note("<<<");
            // What follows is a word, and no here-document.
            self.at += 2;
            self.redirects = Some(Redirect::In);
            return;
        }
        let mut kind = if c == '>' { Redirect::Out } else { Redirect::In };
        while let Some(next) = self.peek(0).filter(|c| "<>&|-".contains(*c)) {
            match next {
                '<' => kind = Redirect::Document { tabs: false },
                '>' => kind = Redirect::Out,
                '-' => match kind {
                    Redirect::Document { .. } => kind = Redirect::Document { tabs: true },
                    _ => break,
                },
                _ => {}
            }
            self.at += 1;
        }
        self.redirects = Some(kind);
    }

    fn end_word(&mut self) {
        if !self.in_word {
            return;
        }
        self.in_word = false;
        let word = std::mem::take(&mut self.word);
        match self.redirects.take() {
            None => self.now.words.push(word),
            Some(Redirect::Out) => self.now.writes.push(word),
            Some(Redirect::Document { tabs }) => self.documents.push((word, tabs)),
            Some(Redirect::In) => {}
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirects = None;
        let command = std::mem::take(&mut self.now);
        if !command.words.is_empty() || !command.writes.is_empty() {
            self.found.push(command);
        }
    }

    fn drop_command(&mut self) {
        self.end_word();
        self.now.words.clear();
        self.end_command();
    }

    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.documents) {
            let mut indented = false;
            loop {
                let line: String = self.text.iter().skip(self.at).take_while(|c| **c != '\n').collect();
                self.at += line.chars().count() + 1;
                let ends = match tabs {
                    true => line.trim_start_matches('\t') == end,
                    false => line == end,
                };
                if ends {
                    break;
                }
                indented |= line.trim() == end;
                if self.at >= self.text.len() {
                    if indented {
                        self.unended.push(end);
                    }
                    break;
                }
            }
        }
    }
}
