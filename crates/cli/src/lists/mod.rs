//! Signed lists on the command line: roots, denied codes, and what `serve` says in its lists.

pub(crate) mod arguments;
pub(crate) mod deny;
pub(crate) mod publish;
pub(crate) mod root;
mod said;
