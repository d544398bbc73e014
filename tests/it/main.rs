//! The integration tests: one binary, one file per promise.

#[cfg(test)]
mod chart;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod face;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod gitops;
#[cfg(test)]
mod habits;
#[cfg(test)]
mod house;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod install;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod operator_objects;
#[cfg(test)]
mod operator_process;
#[cfg(test)]
mod operator_replicas;
#[cfg(test)]
mod operator_surface;
#[cfg(test)]
mod operator_tasks;
#[cfg(test)]
mod pull_request_flow;
#[cfg(test)]
mod pull_request_reviews;
#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod real_components;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scim_connector;
#[cfg(test)]
mod scim_peers;
#[cfg(test)]
mod setbacks;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod third_party;
#[cfg(test)]
mod vendors;
#[cfg(test)]
mod wrong_objects;
