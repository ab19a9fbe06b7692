//! Whole-system tests: real programs, real sockets, real files.

mod tap;
