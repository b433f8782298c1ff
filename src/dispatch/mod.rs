//! Who may send what next: the gate, budgets of SIMs, routes and the plan that brings them together.
//!
//! Pure. The plan says which lane a line should draw from and when to ask again; drawing itself, and every count that must
//! survive a restart, is the store's.

pub mod balance;
pub mod budget;
pub mod forecast;
pub mod gate;
pub mod health;
pub mod plan;
pub mod route;
pub mod sim;
