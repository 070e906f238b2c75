//! Paths in /proc/self/mountinfo, proc_pid_mountinfo(5).

/// A path as /proc/self/mountinfo writes it: spaces, tabs, line breaks and backslashes as three octal digits
/// (proc_pid_mountinfo(5)).
pub(super) fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.split_at_checked(3).and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 8).ok()?, after))
        });
        match escaped {
            Some((character, after)) if byte == b'\\' => {
                bytes.push(character);
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn paths_of_mounts_are_read_as_the_kernel_writes_them() {
        for (written, path) in [
            ("/opt/infrakt", "/opt/infrakt"),
            (r"/opt/infrakt/a\040b\011c\012d\134040", "/opt/infrakt/a b\tc\nd\\040"),
            (r"/opt/infrakt/\", "/opt/infrakt/\\"),
            (r"/opt/infrakt/\09", "/opt/infrakt/\\09"),
        ] {
            assert_eq!(unescaped(written), path);
        }
    }
}
