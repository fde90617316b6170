//! The program `nashra`.

fn main() {}
