//! Doing: tasks and threads that each own one resource and drive the pure parts. They wait, feed one input, drain every
//! output and rearm one timer; they decide nothing about protocol or policy.

pub mod audit;
pub mod campaign;
mod checkpoint;
pub mod erasure;
pub mod errand;
pub mod fleet;
pub mod gateway;
mod heads;
pub mod heartbeat;
pub mod hotplug;
mod idle;
mod inbox;
pub mod ladder;
pub(crate) mod letter;
pub mod modem;
pub mod place;
pub mod probe;
pub mod record;
pub mod reload;
pub mod reset;
pub mod retention;
pub mod rollup;
mod rounds;
pub mod trigger;
pub mod webhook;
pub mod writer;
