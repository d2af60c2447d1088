//! Signed lists: what is refused, what follows what, and that nothing ever goes back.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod damage;
mod delta;
mod machine;
mod seeded_bugs;
mod world;
