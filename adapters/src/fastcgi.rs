//! FastCGI 1.0.
#![allow(dead_code)]
mod breach;
mod closing;
mod exchange;
mod management;
mod pairs;
mod pipe;
mod protocol;
mod record;
mod rules;
mod serving;
mod site;
mod stall;
mod stderr;
mod verdict;
