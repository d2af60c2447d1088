//! The issuer's routes over the whole router and a real database file.

mod codes;
mod problems;
mod registration;
mod secrets;
mod world;
