//! The journal on a medium that fails, tears, reorders and forgets.

mod damage;
mod enumeration;
mod epochs;
mod faults;
mod model;
mod properties;
mod sabotage;
mod upload;
