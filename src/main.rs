//! The `recado` command.

fn main() {}
