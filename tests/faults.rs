//! Faults of the process and the store (rows 43 to 54 of the table): the program itself dies, is stopped, or meets a disk
//! that fails, beside a server that counts copies. After every case the invariant is asserted from both sides.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

mod disk;
mod house;
mod import;
mod invariant;
mod kills;
mod store;

use house::{House, Policy, shown};
