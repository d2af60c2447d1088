//! `faregate fares`: what travel costs by a city's rules, without anybody travelling.

mod input;
pub(crate) mod quote;
