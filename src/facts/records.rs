//! How a server's answer is split into records, so that no value from the machine can become a key. Each record begins
//! with a line that has a nonce, generated for this one answer. Line breaks and imitated records in a value therefore
//! stay part of the value.

use std::collections::BTreeMap;

/// The records of one answer, by key.
#[derive(Debug)]
pub struct Records<'a> {
    values: BTreeMap<&'a str, &'a [u8]>,
}

impl<'a> Records<'a> {
    /// Divides an answer. Its last record is `end`.
    ///
    /// # Errors
    /// A sentence that says what is wrong: something stands before the first record, a key is repeated, or the answer
    /// breaks off before its end. If the server itself reports an `error`, that is the sentence.
    pub fn read(nonce: &str, answer: &'a [u8]) -> Result<Self, String> {
        let start = format!("\n{nonce} ");
        let start = start.as_bytes();
        let mut rest = answer.strip_prefix(start).ok_or_else(|| match answer.is_empty() {
            true => "the answer is empty".to_owned(),
            false => format!("it begins with unexpected bytes: {}", excerpt(answer)),
        })?;
        let mut values = BTreeMap::new();
        loop {
            let next = split_once(rest, start);
            let record = next.map_or(rest, |(record, _)| record);
            let Some((key, value)) = split_once(record, b"\n") else {
                return Err("the answer is incomplete".to_owned());
            };
            let key = std::str::from_utf8(key).map_err(|_| format!("unexpected key: {}", excerpt(key)))?;
            if values.insert(key, value).is_some() {
                return Err(format!("it has '{key}' twice"));
            }
            match next {
                Some((_, after)) => rest = after,
                None => break,
            }
            if key == "end" {
                return Err("it continues after its end".to_owned());
            }
        }
        let mut records = Self { values };
        if let Ok(error) = records.text("error") {
            return Err(error);
        }
        match records.values.remove("end") {
            Some(b"") => Ok(records),
            Some(more) => Err(format!("it continues after its end: {}", excerpt(more))),
            None => Err("the answer is incomplete".to_owned()),
        }
    }

    /// The value of a key, which is then no longer there.
    ///
    /// # Errors
    /// If the answer has no such record.
    pub fn bytes(&mut self, key: &str) -> Result<&'a [u8], String> {
        self.values.remove(key).ok_or_else(|| format!("'{key}' is missing"))
    }

    /// As [`Records::bytes`], as text. What is not UTF-8 is replaced.
    ///
    /// # Errors
    /// As [`Records::bytes`].
    pub fn text(&mut self, key: &str) -> Result<String, String> {
        Ok(String::from_utf8_lossy(self.bytes(key)?).into_owned())
    }

    /// Whether the answer is `yes`.
    ///
    /// # Errors
    /// As [`Records::bytes`], and if it is neither `yes` nor `no`.
    pub fn yes(&mut self, key: &str) -> Result<bool, String> {
        match self.bytes(key)? {
            b"yes" => Ok(true),
            b"no" => Ok(false),
            other => Err(format!("'{key}' is neither yes nor no: {}", excerpt(other))),
        }
    }

    /// The lines of a value; empty ones are left out.
    ///
    /// # Errors
    /// As [`Records::bytes`].
    pub fn lines(&mut self, key: &str) -> Result<Vec<String>, String> {
        let text = self.text(key)?;
        Ok(text
            .split('\n')
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Values that Docker printed as JSON, one on each line.
    ///
    /// # Errors
    /// As [`Records::bytes`], and if a line does not have that form.
    pub fn json_lines<T: serde::de::DeserializeOwned>(&mut self, key: &str) -> Result<Vec<T>, String> {
        let parse = |line: &String| {
            serde_json::from_str(line)
                .map_err(|error| format!("cannot parse '{key}': {error}: {}", excerpt(line.as_bytes())))
        };
        self.lines(key)?.iter().map(parse).collect()
    }

    /// The fields of a value, each ended by a NUL byte. A last one without it was cut off and is left out.
    ///
    /// # Errors
    /// As [`Records::bytes`].
    pub fn fields(&mut self, key: &str) -> Result<Vec<String>, String> {
        let value = self.bytes(key)?;
        let mut fields: Vec<String> = value
            .split(|byte| *byte == 0)
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        fields.pop();
        Ok(fields)
    }

    /// Says that every record was understood.
    ///
    /// # Errors
    /// If a record is left that nothing has asked for.
    pub fn finish(self) -> Result<(), String> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("unexpected key: {}", excerpt(key.as_bytes()))),
        }
    }
}

/// # Errors
/// If the text is not a number.
pub fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("'{key}' is not a number: {}", excerpt(text.as_bytes())))
}

/// The beginning of something that is not understood, on one line.
pub fn excerpt(bytes: &[u8]) -> String {
    const MOST: usize = 80;
    let text = String::from_utf8_lossy(bytes.get(..MOST).unwrap_or(bytes));
    match bytes.len() > MOST {
        true => format!("{text:?}…"),
        false => format!("{text:?}"),
    }
}

/// Where `needle` begins in `haystack`.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// What stands before and after the first `needle`.
fn split_once<'a>(haystack: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (before, after) = haystack.split_at_checked(find(haystack, needle)?)?;
    Some((before, after.strip_prefix(needle)?))
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn imitated_records_stay_in_the_value_that_holds_them() {
        let value = "shop\nnonce marker\nno\n\nother marker\nno\nmarker\tno";
        let answer = format!("\nNONCE network\n{value}\nNONCE marker\nyes\nNONCE end\n");
        let mut records = Records::read("NONCE", answer.as_bytes()).expect("records");
        assert_eq!(records.text("network").as_deref(), Ok(value));
        assert_eq!(records.yes("marker"), Ok(true));
        records.finish().expect("nothing is left");
    }

    #[test]
    fn what_is_not_a_whole_answer_of_known_records_is_an_error() {
        for (answer, reason) in [
            ("", "is empty"),
            ("hello\nNONCE end\n", "begins with unexpected bytes"),
            ("\nNONCE a\n1", "is incomplete"),
            ("\nNONCE a\n1\nNONCE end", "is incomplete"),
            ("\nNONCE a\n1\nNONCE a\n2\nNONCE end\n", "'a' twice"),
            ("\nNONCE a\n1\nNONCE end\n\nNONCE b\n2", "continues after its end"),
            ("\nNONCE end\nmore", "continues after its end"),
            ("\nNONCE error\nno Docker\nNONCE end\n", "no Docker"),
        ] {
            let error = Records::read("NONCE", answer.as_bytes()).expect_err(answer);
            assert!(error.contains(reason), "{answer:?}: {error}");
        }
        let records = Records::read("NONCE", b"\nNONCE a\n1\nNONCE end\n").expect("records");
        assert!(records.finish().is_err());
    }

    #[test]
    fn a_field_that_was_cut_off_is_left_out() {
        let mut records = Records::read("N", b"\nN a\none\0two\0thr\nN end\n").expect("records");
        assert_eq!(records.fields("a").expect("fields"), ["one", "two"]);
    }
}
