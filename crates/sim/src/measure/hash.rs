//! The hash of a report: two reports have the same hash only if every field of them is the same.
//!
//! The hash is taken while the report is serialized, so a new field is part of it as soon as the
//! field is part of the report. It depends on names and values alone, as JSON does: it is the same
//! for a report and for the JSON value that is written of it.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use std::fmt;

/// Returns the hash of a value: 16 hexadecimal digits, the same on every machine.
pub fn hash_of<T: Serialize + ?Sized>(value: &T) -> String {
    let mut hash = Hash::default();
    // `Serializer` requires an error type, but nothing below fails.
    value.serialize(&mut hash).expect("hashing cannot fail");
    hash.finish()
}

/// FNV-1a over halves of 64-bit words, with a final mix. It is not cryptographic.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

/// What comes next, so that values of different kinds or shapes never feed the same words.
#[derive(Clone, Copy)]
enum Tag {
    Null,
    Bool,
    Unsigned,
    Negative,
    Float,
    Text,
    List,
    Map,
    End,
}

impl Hash {
    fn word(&mut self, word: u64) {
        for half in [word & 0xffff_ffff, word >> 32] {
            self.0 = (self.0 ^ half).wrapping_mul(0x0000_0100_0000_01b3);
            self.0 ^= self.0 >> 29;
        }
    }

    fn tag(&mut self, tag: Tag) -> &mut Self {
        self.word(tag as u64);
        self
    }

    fn text(&mut self, text: &str) {
        self.tag(Tag::Text).word(text.len() as u64);
        for piece in text.as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..piece.len()].copy_from_slice(piece);
            self.word(u64::from_le_bytes(bytes));
        }
    }

    fn entry<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> fmt::Result {
        self.text(name);
        value.serialize(self)
    }

    fn end(&mut self) -> fmt::Result {
        self.tag(Tag::End);
        Ok(())
    }

    fn finish(self) -> String {
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", z ^ (z >> 31))
    }
}

/// Methods of [`Serializer`] for numbers that fit into a larger type, which does the work.
macro_rules! widened {
    ($($method:ident($from:ty) => $wide:ident($to:ty),)*) => {
        $(fn $method(self, value: $from) -> fmt::Result {
            self.$wide(<$to>::from(value))
        })*
    };
}

impl Serializer for &mut Hash {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    widened! {
        serialize_i8(i8) => serialize_i64(i64),
        serialize_i16(i16) => serialize_i64(i64),
        serialize_i32(i32) => serialize_i64(i64),
        serialize_u8(u8) => serialize_u64(u64),
        serialize_u16(u16) => serialize_u64(u64),
        serialize_u32(u32) => serialize_u64(u64),
        serialize_f32(f32) => serialize_f64(f64),
    }

    fn serialize_bool(self, value: bool) -> fmt::Result {
        self.tag(Tag::Bool).word(u64::from(value));
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> fmt::Result {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => {
                self.tag(Tag::Negative).word(value.unsigned_abs());
                Ok(())
            }
        }
    }

    fn serialize_u64(self, value: u64) -> fmt::Result {
        self.tag(Tag::Unsigned).word(value);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        // JSON has no such numbers, and the bits of a NaN differ between machines.
        if !value.is_finite() {
            return self.serialize_none();
        }
        self.tag(Tag::Float).word(value.to_bits());
        Ok(())
    }

    fn serialize_char(self, value: char) -> fmt::Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> fmt::Result {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> fmt::Result {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> fmt::Result {
        self.tag(Tag::Null);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> fmt::Result {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.tag(Tag::Map).entry(variant, value)?;
        self.end()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        Ok(self.tag(Tag::List))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, fmt::Error> {
        Ok(self.tag(Tag::List))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self.tag(Tag::List))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, fmt::Error> {
        self.tag(Tag::Map).text(variant);
        Ok(self.tag(Tag::List))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        Ok(self.tag(Tag::Map))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self.tag(Tag::Map))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, fmt::Error> {
        self.tag(Tag::Map).text(variant);
        Ok(self.tag(Tag::Map))
    }
}

/// Lists: traits of serde whose one method takes the next item.
macro_rules! lists {
    ($($list:ident::$method:ident,)*) => {
        $(impl $list for &mut Hash {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
                value.serialize(&mut **self)
            }

            fn end(self) -> fmt::Result {
                Hash::end(self)
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
}

impl SerializeTupleVariant for &mut Hash {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Hash::end(self)?;
        Hash::end(self)
    }
}

impl SerializeMap for &mut Hash {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Hash::end(self)
    }
}

impl SerializeStruct for &mut Hash {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> fmt::Result {
        self.entry(name, value)
    }

    fn end(self) -> fmt::Result {
        Hash::end(self)
    }
}

impl SerializeStructVariant for &mut Hash {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> fmt::Result {
        self.entry(name, value)
    }

    fn end(self) -> fmt::Result {
        Hash::end(self)?;
        Hash::end(self)
    }
}
