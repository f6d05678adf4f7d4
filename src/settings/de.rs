//! serde over the spanned tree: typed fields decide what a scalar means, and [`Spanned`] keeps where it stood.
//!
//! The tree was checked against the schema of the same types before, so errors here are bugs, not the user's.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};

use super::tree::{Kind, Mark, Node, boolean};

/// Name under which a [`Spanned`] asks for its mark; no real type can have it.
const SPANNED: &str = "$orca::Spanned";

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) mark: Mark,
    pub(super) value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(SPANNED, 4, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the spanned tree")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let missing = || de::Error::custom("a place is three numbers");
        let file = seq.next_element()?.ok_or_else(missing)?;
        let line = seq.next_element()?.ok_or_else(missing)?;
        let column = seq.next_element()?.ok_or_else(missing)?;
        let value = seq.next_element()?.ok_or_else(missing)?;
        Ok(Spanned { mark: Mark { file, line, column }, value })
    }
}

/// Any value of the tree, borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeDe<'a>(pub(super) &'a Node);

impl IntoDeserializer<'_, Error> for NodeDe<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl NodeDe<'_> {
    fn number<T: std::str::FromStr>(self) -> Result<T, Error> {
        self.0.text().parse().map_err(|_| de::Error::custom("not a number of the field's type"))
    }
}

impl<'de> Deserializer<'de> for NodeDe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Scalar { text, .. } => visitor.visit_str(text),
            Kind::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(NodeDe))),
            Kind::Map(entries) => {
                visitor.visit_map(MapDeserializer::new(entries.iter().map(|(key, value)| (NodeDe(key), NodeDe(value)))))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(boolean(self.0.text()).ok_or_else(|| de::Error::custom("not a boolean"))?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            SPANNED => visitor.visit_seq(Place { node: self.0, next: 0 }),
            _ => self.deserialize_any(visitor),
        }
    }

    /// An enum of words is chosen by its word; an enum of shapes has variants `text`, `list` and `map`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = match &self.0.kind {
            Kind::Scalar { .. } if variants.contains(&"text") => "text",
            Kind::List(_) => "list",
            Kind::Map(_) => "map",
            Kind::Scalar { .. } | Kind::Null => self.0.text(),
        };
        visitor.visit_enum(Shape { variant, node: self.0 })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple map struct
        identifier ignored_any
    }
}

/// A mark and a node as the four elements that [`Spanned`] reads.
struct Place<'a> {
    node: &'a Node,
    next: u8,
}

impl<'de> de::SeqAccess<'de> for Place<'_> {
    type Error = Error;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Mark { file, line, column } = self.node.mark;
        self.next += 1;
        let element = match self.next {
            1 => seed.deserialize(file.into_deserializer()),
            2 => seed.deserialize(line.into_deserializer()),
            3 => seed.deserialize(column.into_deserializer()),
            4 => seed.deserialize(NodeDe(self.node)),
            _ => return Ok(None),
        };
        element.map(Some)
    }
}

struct Shape<'a> {
    variant: &'a str,
    node: &'a Node,
}

impl<'a, 'de> de::EnumAccess<'de> for Shape<'a> {
    type Error = Error;
    type Variant = NodeDe<'a>;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NodeDe<'a>), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, NodeDe(self.node)))
    }
}

impl<'de> de::VariantAccess<'de> for NodeDe<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests;
