//! JSON objects of names and values, in the order in which they were written: [`Pairs`].

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// Names and values: a name has one value or a list of them. Whoever reads them into a map loses
/// the order of parameters, which a signature of the query depends on.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts, or of lists of texts")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0).min(64));
        while let Some((name, values)) = map.next_entry::<String, Option<Values>>()? {
            match values {
                Some(Values::One(value)) => pairs.push((name, value)),
                Some(Values::Many(values)) => {
                    pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
                None => {}
            }
        }
        Ok(Pairs(pairs))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetitions_stay() {
        let json = r#"{"z": "1", "a": ["2", "3"], "Z": "4", "n": null, "e": []}"#;
        let pairs: Pairs = serde_json::from_str(json).expect("pairs");
        let pairs: Vec<_> = pairs.0.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(pairs, ["z=1", "a=2", "a=3", "Z=4"]);
    }

    #[test]
    fn values_that_are_no_text_are_refused() {
        for json in [r#"{"a": 1}"#, r#"{"a": [1]}"#, r#"{"a": {}}"#, "[]"] {
            assert!(serde_json::from_str::<Pairs>(json).is_err(), "{json}");
        }
    }
}
