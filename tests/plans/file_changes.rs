//! How a plan says what would change in files, and what it hides.

use infrakt::plan::{
    Content, DesiredFile, FileChange, Limit, LineKind, LocalFile, MOST_COMPARED, MOST_SHOWN, Piece, Present,
    PresentFile,
};

fn present(content: &[u8]) -> PresentFile {
    PresentFile {
        mode: "644".to_owned(),
        owner: "root:root".to_owned(),
        bytes: content.len() as u64,
        public: true,
        sha256: None,
        content: Some(content.to_vec()),
    }
}

fn change(content: &Content, mode: &str, present: Present) -> FileChange {
    let wanted = DesiredFile {
        path: "/etc/x",
        content,
        mode,
        owner: "root:root",
    };
    FileChange::of(1, wanted, present, &mut MOST_SHOWN.clone())
}

fn text(content: &str) -> Content {
    Content::text(content)
}

/// The diff as diff(1) would write it, with `?` for lines that must not be shown.
fn written(change: &FileChange) -> String {
    let lines = change.hunks.iter().flat_map(|hunk| &hunk.lines);
    let written = lines.map(|line| {
        let sign = match line.kind {
            LineKind::Same => ' ',
            LineKind::Added => '+',
            LineKind::Removed => '-',
        };
        format!("{sign}{}", line.text.as_deref().unwrap_or("?"))
    });
    written.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_change_shows_the_lines_that_differ_with_those_around_them() {
    let old: String = (1..=20).map(|number| format!("line {number}\n")).collect();
    let new = old.replace("line 10\n", "line ten\n");
    let change = change(&text(&new), "0644", Present::File(present(old.as_bytes())));
    assert_eq!(
        written(&change),
        " line 7\n line 8\n line 9\n-line 10\n+line ten\n line 11\n line 12\n line 13"
    );
    assert_eq!((change.hunks[0].from_line, change.hunks[0].to_line), (7, 7));
    assert_eq!((change.mode, change.owner, change.limit), (None, None, None));
}

#[test]
fn a_new_file_has_all_of_its_lines_added() {
    let change = change(&text("a\nb"), "0600", Present::Nothing);
    assert!(change.new && change.limit.is_none());
    assert_eq!(written(&change), "+a\n+b");
    assert!(change.hunks[0].lines[1].unfinished);
}

#[test]
fn mode_and_owner_are_named() {
    let file = PresentFile {
        mode: "4755".to_owned(),
        owner: "www-data:www-data".to_owned(),
        ..present(b"a\n")
    };
    let change = change(&text("a\n"), "644", Present::File(file));
    let mode = change.mode.expect("another mode");
    assert_eq!((mode.from.as_str(), mode.to.as_str()), ("4755", "0644"));
    assert_eq!(change.owner.expect("another owner").from, "www-data:www-data");
    assert!(change.hunks.is_empty());
}

#[test]
fn no_line_is_shown_of_a_file_that_others_can_not_read() {
    let old = b"user = app\npassword = hunter2\nhost = a\n";
    let new = text("user = app\npassword = ask\nhost = a\n");
    let file = |public| PresentFile { public, ..present(old) };
    for (mode, public) in [("0644", false), ("0640", true), ("0600", false)] {
        let change = change(&new, mode, Present::File(file(public)));
        assert_eq!(written(&change), " user = app\n-?\n+password = ask\n host = a");
        assert_eq!(change.limit, Some(Limit::Private));
        assert!(!format!("{change:?}").contains("hunter2"));
    }
    assert!(written(&change(&new, "0644", Present::File(file(true)))).contains("hunter2"));
    // Nor does a sum say what it is.
    for content in [&b"\xff\xfe hunter2"[..], &vec![b'x'; MOST_COMPARED + 1]] {
        let file = PresentFile {
            public: false,
            sha256: Some("5ebe2294".to_owned()),
            ..present(content)
        };
        let change = change(&new, "0644", Present::File(file));
        assert_eq!((change.before, change.after), (None, None));
    }
}

#[test]
fn a_secret_is_neither_shown_nor_compared() {
    let secret = Content::of([Piece::Secret {
        secret: "TOKEN".to_owned(),
    }]);
    let changed = change(&secret, "0644", Present::File(present(b"hunter2")));
    assert_eq!((changed.limit, changed.lines), (Some(Limit::Secret), None));
    assert!(!format!("{changed:?}").contains("hunter2"));
    assert_eq!(
        written(&change(&secret, "0600", Present::Nothing)),
        "+(the secret TOKEN)"
    );
}

#[test]
fn files_that_are_not_text_or_too_long_are_shown_by_size_and_checksum() {
    let long = vec![b'a'; MOST_COMPARED + 1];
    let unread = PresentFile {
        bytes: 1 << 30,
        content: None,
        ..present(b"")
    };
    for (file, new, limit) in [
        (present(b"\x7fELF\0\x01"), text("a\n"), Limit::Binary),
        (present(b"\xff\n"), text("a\n"), Limit::Binary),
        (unread, text("a\n"), Limit::Long),
        (
            present(b"a\n"),
            text(str::from_utf8(&long).expect("ASCII")),
            Limit::Long,
        ),
    ] {
        let bytes = file.bytes;
        let change = change(&new, "0644", Present::File(file));
        assert_eq!((change.limit, change.lines), (Some(limit), None));
        assert_eq!(change.before.expect("its size").bytes, bytes);
    }
    assert_eq!(change(&text("a\n"), "0644", Present::NoFile).limit, Some(Limit::NoFile));
}

#[test]
fn all_diffs_of_a_plan_show_no_more_than_there_is_room_for() {
    let new = text(&"0123456789\n".repeat(100));
    let wanted = DesiredFile {
        path: "/etc/x",
        content: &new,
        mode: "0644",
        owner: "root:root",
    };
    let mut room = 50;
    let cut = FileChange::of(1, wanted, Present::Nothing, &mut room);
    assert_eq!((cut.hunks[0].lines.len(), cut.left_out, room), (4, 96, 6));
    assert_eq!(cut.lines.expect("counted").added, 100);
}

#[test]
fn a_secret_inside_of_a_line_has_its_name_there_before_and_after() {
    let content = Content::of([
        Piece::Text("PORT=80\nKEY='".to_owned()),
        Piece::Secret {
            secret: "KEY".to_owned(),
        },
        Piece::Text("'\nEND=1\n".to_owned()),
    ]);
    let old = present(b"PORT=80\nKEY='hunter2'\nEND=0\n");
    let changed = change(&content, "0644", Present::File(old));
    assert_eq!(changed.limit, Some(Limit::Secret));
    assert_eq!(written(&changed), " PORT=80\n KEY='(the secret KEY)'\n-?\n+END=1");
    assert!(!format!("{changed:?}").contains("hunter2"));
}

#[test]
fn a_copied_file_is_compared_by_its_hash() {
    let copied = Content::File(LocalFile {
        file: "app.bin".to_owned(),
        sha256: "ab".repeat(32),
        bytes: 5_000_000,
    });
    let new = change(&copied, "0644", Present::Nothing);
    assert_eq!((new.new, new.limit), (true, Some(Limit::Binary)));
    assert_eq!(new.after.expect("its size").bytes, 5_000_000);
    let same = PresentFile {
        sha256: Some("ab".repeat(32)),
        ..present(b"old")
    };
    let same = change(&copied, "0755", Present::File(same));
    assert_eq!((same.limit, same.lines.map(|lines| lines.added)), (None, Some(0)));
    assert!(same.mode.is_some());
    let other = change(&copied, "0644", Present::File(present(b"old")));
    assert_eq!(other.limit, Some(Limit::Binary));
}
