//! Finds the pages, and in them the code blocks. A page is read as its readers see it: what stands in a code block is no
//! link, and what stands outside of one is no command.

use std::path::{Path, PathBuf};

/// A page and where it lies.
pub struct Page {
    /// From the root of the project, for messages.
    pub name: String,
    pub path: PathBuf,
    pub text: String,
}

/// A fenced code block.
pub struct Block {
    /// `docs/recipes.md:12`, the line of the fence.
    pub place: String,
    pub language: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the root, of docs/ and of frontend/, sorted.
pub fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/decisions", "frontend"] {
        let folder = root().join(folder);
        for entry in std::fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                let text = std::fs::read_to_string(&path).expect("a page in UTF-8");
                pages.push(Page { name, path, text });
            }
        }
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(pages.len() > 5, "the pages were not found");
    pages
}

impl Page {
    /// The code blocks, in their order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (number, line) in self.text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), blocks.last_mut()) {
                (Some(_), Some(_)) if open => open = false,
                (Some(language), _) => {
                    open = true;
                    blocks.push(Block {
                        place: format!("{}:{}", self.name, number + 1),
                        language: language.trim().to_owned(),
                        text: String::new(),
                    });
                }
                (None, Some(block)) if open => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, _) => {}
            }
        }
        assert!(!open, "{}: a code block has no end", self.name);
        blocks
    }

    /// The lines outside of code blocks, each with its number from 1.
    pub fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut open = false;
        self.text.lines().enumerate().filter_map(move |(number, line)| {
            let fence = line.trim_start().starts_with("```");
            open ^= fence;
            (!open && !fence).then_some((number + 1, line))
        })
    }
}

/// All code blocks of these languages, on all pages.
pub fn blocks_in(languages: &[&str]) -> Vec<Block> {
    let blocks = pages().into_iter().flat_map(|page| page.blocks());
    blocks
        .filter(|block| languages.contains(&block.language.as_str()))
        .collect()
}
