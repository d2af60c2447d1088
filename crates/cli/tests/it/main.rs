//! The one binary as its users run it: real processes, files, sockets and kills.
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod apportion;
mod archives;
mod cases;
mod charge;
mod city;
mod demo;
mod disruption;
mod exports;
mod fares;
mod keys;
mod lists;
mod operator;
mod postgres;
mod redis;
mod serve;
mod settle;
mod shadow;
mod statement;
mod support;
mod token;
