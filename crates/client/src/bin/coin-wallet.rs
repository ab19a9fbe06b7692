//! The program `coin-wallet`.

use std::process::ExitCode;

fn main() -> ExitCode {
    client::coin_wallet()
}
