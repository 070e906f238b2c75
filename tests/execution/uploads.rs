//! What uploads write: texts, and texts with secrets in them.

use crate::local::{Memory, executed_with, holds};
use infrakt::event::Outcome;
use infrakt::executor::script::SPOOL;
use infrakt::plan::secret::{Secret, Secrets};
use std::os::unix::fs::PermissionsExt;

#[test]
#[ignore = "needs root"]
fn secrets_stand_inside_of_the_text_of_a_file_that_only_its_owner_can_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".env");
    let recipe = format!(
        "ssh::upload(\"Write the environment\", {:?}, [\"PORT=\", 8080, \"\\nKEY=\", secret(\"KEY\"), \"\\nEND='\", secret(\"END\"), \"'\\n\"]);
         ssh::run(\"Fail\", \"false\");",
        path.to_str().expect("UTF-8")
    );
    let secrets = Secrets::from([
        ("KEY".to_owned(), Secret::new("s3cr3t $HOME 'quoted'")),
        ("END".to_owned(), Secret::new("two\nlines\n")),
    ]);
    let (_, memory) = executed_with(&recipe, &secrets, Memory::default());
    assert_eq!(memory.outcomes().first(), Some(&Outcome::Changed));
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "PORT=8080\nKEY=s3cr3t $HOME 'quoted'\nEND='two\nlines\n'\n"
    );
    let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(
        holds(&format!("! grep -rq s3cr3t {SPOOL}")),
        "the value stays in no record"
    );

    let (_, memory) = executed_with(&recipe, &secrets, Memory::default());
    assert_eq!(memory.outcomes().first(), Some(&Outcome::NoChange));
    let other = Secrets::from([
        ("KEY".to_owned(), Secret::new("another")),
        ("END".to_owned(), Secret::new("two\nlines\n")),
    ]);
    let (_, memory) = executed_with(&recipe, &other, Memory::default());
    assert_eq!(memory.outcomes().first(), Some(&Outcome::Changed));
}
