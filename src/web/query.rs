//! The query of a page or of a question to the API.

use super::format::encode;

/// A path with parameters; empty ones are left out.
pub(super) fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_the_rest_encoded() {
        assert_eq!(query("/x", &[]), "/x");
        assert_eq!(query("/x", &[("to", "+55 11"), ("state", ""), ("batch", "a&b")]), "/x?to=%2B55%2011&batch=a%26b");
    }
}
