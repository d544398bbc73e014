//! What is particular to each vendor: its quirks, refusals and floors of calls, against its simulator.

mod harvest;
mod manual;
