//! What these tests do to homes, and see of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::process::Running;
use tests::programs::Program;
use tests::world::{Agents, Home, World, files_below};

use crate::stage::{WITHIN, quiet, said};

/// Seconds to wait for a peer that is not expected.
pub(crate) const SHORT: u64 = 3;

/// 25 agents of another network.
pub(crate) struct Abroad {
    pub(crate) addresses: Vec<String>,
    network: String,
    _agents: Agents,
}

impl Abroad {
    pub(crate) fn beside(world: &World) -> Abroad {
        let world = World { dir: world.dir.join("abroad"), ..world.clone() };
        fs::create_dir(&world.dir).unwrap();
        world.mint("1x1", &world.dir.join("purse")).unwrap();
        let agents = world.start_agents().unwrap();
        let network = network(&world.home("one", &agents).unwrap());
        Abroad { addresses: addresses(&agents), network, _agents: agents }
    }

    /// Expects that both networks are named.
    #[track_caller]
    pub(crate) fn is_told_from(&self, home: &Home, said: &str) {
        assert!(said.contains(&self.network) && said.contains(&network(home)), "{said}");
    }
}

fn network(home: &Home) -> String {
    fs::read_to_string(home.dir.join("network")).unwrap().trim().to_owned()
}

pub(crate) fn addresses(agents: &Agents) -> Vec<String> {
    fs::read_to_string(&agents.file).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the addresses with the first so many replaced by ones where nobody listens.
pub(crate) fn unreachable(addresses: &[String], agents: usize) -> Vec<String> {
    let nobody = (0..agents).map(|agent| format!("127.0.99.{agent}:1"));
    nobody.chain(addresses.iter().skip(agents).cloned()).collect()
}

/// Lets a home ask the agents at these addresses.
pub(crate) fn ask(home: &Home, addresses: &[String]) {
    fs::write(home.dir.join("config.toml"), format!("agents = {addresses:?}\n")).unwrap();
}

/// Returns the command that takes coin files in.
pub(crate) fn import(home: &Home, files: &Path) -> Command {
    let mut command = home.command(Program::CoinWallet, &["import"]);
    command.arg(files);
    quiet(command)
}

pub(crate) fn resume(home: &Home) -> Command {
    quiet(home.command(Program::CoinWallet, &["resume", "--wait", &SHORT.to_string()]))
}

#[track_caller]
pub(crate) fn ends_with(code: i32, mut command: Command) -> String {
    said_with(code, Running::start("a program", &mut command).unwrap())
}

#[track_caller]
pub(crate) fn said_with(code: i32, program: Running) -> String {
    let output = program.output(WITHIN).unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// Coin files by their path below the home.
pub(crate) type CoinFiles = BTreeMap<PathBuf, String>;

pub(crate) fn coin_files(home: &Home) -> CoinFiles {
    let files = files_below(&home.dir).unwrap().into_iter();
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "stack"));
    files
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            (file.strip_prefix(&home.dir).unwrap().to_owned(), text)
        })
        .collect()
}

pub(crate) fn coin_files_in(home: &Home, folder: &str) -> CoinFiles {
    coin_files(home).into_iter().filter(|(file, _)| file.starts_with(folder)).collect()
}

#[track_caller]
pub(crate) fn nothing_is_in(home: &Home, folders: &[&str]) {
    for folder in folders {
        let files = coin_files_in(home, folder);
        assert!(files.is_empty(), "{folder}: {:?}", files.keys());
    }
}

/// Returns the name of an older file of the same coin.
pub(crate) fn old_name(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    let coin: Vec<&str> = name.split('.').take(4).collect();
    format!("{}.oldcopy1.stack", coin.join("."))
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for file in files_below(from).unwrap() {
        let copy = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, &copy).unwrap();
    }
}
