//! What is written around the place of an error, for hints. It must not know what went wrong there.

use crate::error::Position;
use crate::recipe::scan;

/// A text, and a place in it.
pub(super) struct Written<'a> {
    pub text: &'a str,
    pub place: Option<Position>,
}

impl Written<'_> {
    /// The characters before the place; all of them if it is not known.
    pub fn before(&self) -> Vec<char> {
        self.text.chars().take(self.index()).collect()
    }

    /// The characters from the place on.
    pub fn after(&self) -> Vec<char> {
        self.text.chars().skip(self.index()).collect()
    }

    /// The code before the place; see [`scan::code_of`].
    pub fn code_before(&self) -> String {
        scan::code_of(self.text).into_iter().take(self.index()).collect()
    }

    /// The code from the place on.
    pub fn code_after(&self) -> String {
        scan::code_of(self.text).into_iter().skip(self.index()).collect()
    }

    fn index(&self) -> usize {
        self.place.as_ref().map_or(usize::MAX, |place| {
            let text: Vec<char> = self.text.chars().collect();
            scan::index_of(&text, place.line, place.column)
        })
    }

    /// The word that begins at the place; it may be empty.
    pub fn word(&self) -> String {
        let after = self.after();
        let word = after.iter().take_while(|c| c.is_alphanumeric() || **c == '_');
        word.collect()
    }

    /// Whether these characters stand right before the place.
    pub fn follows(&self, characters: &str) -> bool {
        let characters: Vec<char> = characters.chars().collect();
        self.before().ends_with(&characters)
    }

    /// The first character behind the word here that is not a blank.
    pub fn after_word(&self) -> Option<char> {
        let after = self.after();
        let rest = after.iter().skip_while(|c| c.is_alphanumeric() || **c == '_');
        rest.copied().find(|c| !c.is_whitespace())
    }

    pub fn is_in_function(&self) -> bool {
        let code = self.code_before();
        let Some((_, function)) = code.rsplit_once("fn ") else {
            return false;
        };
        function.matches('{').count() > function.matches('}').count()
    }
}
