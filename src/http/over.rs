//! Writing over what was read: two people who change one thing at a time (RFC 9110, section 13.1).

use axum::http::{HeaderMap, HeaderName, header};

use super::problem::{Kind, Problem};

/// The version that somebody read before writing: `If-Match: "3"`; 0 for `If-None-Match: *`, where there must be none yet.
/// Nothing where whoever writes does not care.
pub(super) fn read(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let given = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    if let Some(none) = given(&header::IF_NONE_MATCH) {
        let only = || Problem::bad("If-None-Match", "only * is possible: write it where there is none yet");
        return (none == "*").then_some(Some(0)).ok_or_else(only);
    }
    match given(&header::IF_MATCH) {
        None | Some("*") => Ok(None),
        Some(tag) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = version.and_then(|version| version.parse().ok());
            let form = || Problem::bad("If-Match", "give the version that was read, as \"3\" with its quotes");
            version.map(Some).ok_or_else(form)
        }
    }
}

/// The tag of a version.
pub(super) fn tag(version: u32) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{version}\""))]
}

/// Somebody was faster.
pub(super) fn changed(newest: u32) -> Problem {
    let detail = match newest {
        0 => "there is none of this name any more, or not yet".to_owned(),
        newest => format!("version {newest} was written since it was read; read it, and write yours anew"),
    };
    Problem::new(Kind::Changed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &HeaderName, value: &str, expected: Result<Option<u32>, ()>) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        assert_eq!(read(&headers).map_err(drop), expected, "{name}: {value}");
    }

    #[test]
    fn a_version_is_written_over_or_whatever_there_is() {
        assert_eq!(read(&HeaderMap::new()), Ok(None));
        check(&header::IF_MATCH, "\"3\"", Ok(Some(3)));
        check(&header::IF_MATCH, "*", Ok(None));
        check(&header::IF_NONE_MATCH, "*", Ok(Some(0)));
        for (name, value) in [(header::IF_MATCH, "3"), (header::IF_MATCH, "\"a\""), (header::IF_NONE_MATCH, "\"3\"")] {
            check(&name, value, Err(()));
        }
    }
}
