//! Rounds between readers, message by message.
