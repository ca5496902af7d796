//! All path parameters as one value, by serde.

use std::{borrow::Cow, fmt, vec};

use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected,
        IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{BorrowedStrDeserializer, CowStrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{Params, text, unfit};
use crate::{Error, Result};

impl Params {
    /// The parameters in `path`, as a `T`.
    pub(crate) fn deserialize<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for (name, span) in self.spans() {
            // The innermost route's, where two have the name.
            pairs.retain(|(known, _)| *known != name);
            pairs.push((name, text(path, name, span)?));
        }
        T::deserialize(All(pairs)).map_err(|error| match error {
            Unfit::Value { name, problem } => unfit(&name, problem),
            Unfit::Shape(_) => Error::from(error),
        })
    }
}

/// Why no value came of the parameters.
#[derive(Debug)]
enum Unfit {
    /// A value does not fit: the client's fault, a 400.
    Value { name: String, problem: String },
    /// What is asked for is not what the route has: the app's fault, a 500.
    Shape(String),
}

impl Unfit {
    /// Says of which parameter it is the value.
    fn of(self, parameter: &str) -> Unfit {
        match self {
            Unfit::Value { name, problem } if name.is_empty() => Unfit::Value {
                name: parameter.to_owned(),
                problem,
            },
            other => other,
        }
    }
}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(problem: T) -> Unfit {
        Unfit::Value {
            name: String::new(),
            problem: problem.to_string(),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Unfit {
        Unfit::Shape(format!("{found} is not {expected}"))
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Unfit {
        Unfit::Shape(format!("the route has {found}, not {expected}"))
    }

    fn missing_field(field: &'static str) -> Unfit {
        Unfit::Shape(format!("the route has no parameter `{field}`"))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Unfit {
        Unfit::Shape(format!("nothing asks for the parameter `{field}`"))
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Value { name, problem } => write!(f, "path parameter `{name}`: {problem}"),
            Unfit::Shape(problem) => write!(f, "path parameters: {problem}"),
        }
    }
}

impl std::error::Error for Unfit {}

/// All parameters: a map, a sequence of their values, or the one value.
struct All<'de>(Vec<(&'de str, Cow<'de, str>)>);

macro_rules! of_the_only_one {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            let count = self.0.len();
            match <[_; 1]>::try_from(self.0) {
                Ok([(name, text)]) => One(text).$method(visitor).map_err(|error| error.of(name)),
                Err(_) => Err(Unfit::invalid_length(count, &"one parameter")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for All<'de> {
    type Error = Unfit;

    of_the_only_one! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_map(Entries::new(self.0))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_seq(Entries::new(self.0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if self.0.len() != length {
            return Err(Unfit::invalid_length(self.0.len(), &visitor));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let count = self.0.len();
        match <[_; 1]>::try_from(self.0) {
            Ok([(parameter, text)]) => One(text)
                .deserialize_enum(name, variants, visitor)
                .map_err(|error| error.of(parameter)),
            Err(_) => Err(Unfit::invalid_length(count, &"one parameter")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! { map struct unit unit_struct ignored_any }
}

/// The parameters one by one.
struct Entries<'de> {
    left: vec::IntoIter<(&'de str, Cow<'de, str>)>,
    value: Option<(&'de str, Cow<'de, str>)>,
}

impl<'de> Entries<'de> {
    fn new(pairs: Vec<(&'de str, Cow<'de, str>)>) -> Entries<'de> {
        Entries {
            left: pairs.into_iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        self.value = self.left.next();
        let name = self.value.as_ref().map(|(name, _)| *name);
        name.map(|name| seed.deserialize(BorrowedStrDeserializer::new(name)))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unfit> {
        match self.value.take() {
            Some((name, text)) => seed.deserialize(One(text)).map_err(|error| error.of(name)),
            None => Err(Unfit::Shape("a value was asked for before its name".into())),
        }
    }
}

impl<'de> SeqAccess<'de> for Entries<'de> {
    type Error = Unfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unfit> {
        let next = self.left.next();
        next.map(|(name, text)| seed.deserialize(One(text)).map_err(|error| error.of(name)))
            .transpose()
    }
}

/// The value of one parameter.
struct One<'de>(Cow<'de, str>);

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            visitor.$visit(self.0.parse().map_err(Unfit::custom)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for One<'de> {
    type Error = Unfit;

    parsed! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
        deserialize_char visit_char
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let text: CowStrDeserializer<'de, Unfit> = self.0.into_deserializer();
        text.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let text: CowStrDeserializer<'de, Unfit> = self.0.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}
