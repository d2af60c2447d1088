//! Schemas of the values inside bodies, for the OpenAPI document. Where a field's Rust type reads
//! and writes a text, its schema is one of these.

use std::borrow::Cow;

use utoipa::openapi::schema::{
    KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, schema};
use utoipa::{PartialSchema, ToSchema};

/// An object schema of one primitive type.
fn text(description: &str) -> ObjectBuilder {
    let builder = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    builder.description(Some(description))
}

fn done(builder: ObjectBuilder) -> RefOr<schema::Schema> {
    RefOr::T(Schema::Object(Object::from(builder)))
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $description:literal, $format:expr, $pattern:literal,
       $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let format: Option<SchemaFormat> = $format;
                done(text($description).format(format).pattern(Some($pattern)).examples([$example]))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

const fn known(format: KnownFormat) -> SchemaFormat {
    SchemaFormat::KnownFormat(format)
}

texts! {
    /// Schema of ids.
    Uuid, "An id.", Some(SchemaFormat::Custom("uuid".to_owned())),
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        "0190163d-8694-739b-aea5-966c26f8ad91";
    /// Schema of service days.
    Day, "A service day: it ends when the city says, not at midnight.",
        Some(known(KnownFormat::Date)), "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2019-01-07";
    /// Schema of instants.
    Time, "An instant (RFC 3339), in answers always in UTC.", Some(known(KnownFormat::DateTime)),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T", "2019-01-07T00:15:00Z";
    /// Schema of the names of issuer keys.
    KeyName, "The short name of an issuer's key (COSE `kid`) in hexadecimal.", None,
        "^[0-9a-f]{8}$", "73683031";
    /// Schema of ids that the city's GTFS files give.
    GtfsId, "An id of the city's GTFS files.", None, "^.+$", "north";
    /// Schema of idempotency keys.
    IdempotencyKey, "A string in double quotes, new for each thing that is wanted; the same for \
        the same thing sent again. Its answer is kept for a day.", None,
        "^\"[ !#-\\[\\]-~]{1,64}\"$", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"";
    /// Schema of bytes of any number.
    Bytes, "Bytes as base64url without padding (RFC 4648 section 5).", None,
        "^[A-Za-z0-9_-]*$", "hEOhASY";
    /// Schema of 32 bytes.
    Bytes32, "32 bytes as base64url without padding (RFC 4648 section 5).", None,
        "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
    /// Schema of 64 bytes.
    Bytes64, "64 bytes as base64url without padding (RFC 4648 section 5).", None,
        "^[A-Za-z0-9_-]{85}[AQgw]$",
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QA";
}
