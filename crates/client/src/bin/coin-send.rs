//! The program `coin-send`.

use std::process::ExitCode;

fn main() -> ExitCode {
    client::coin_send()
}
