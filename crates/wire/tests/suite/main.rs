//! Tests of `wire` through its public interface, in one binary.

#[cfg(test)]
mod adversarial;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod encodings;
#[cfg(test)]
mod equality;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod note;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod rfc;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod sizes;
mod tap;
#[cfg(test)]
mod text;
