//! `raida backup`, `restore`, `acknowledge` and `verify` as an operator runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;

use coin::{AGENTS, Coin};

use super::http::each;
use super::process::{Home, Raida, command, text};
use super::town::ans;

/// A form that takes a coin at an agent from its first secrets to those of a round.
fn pown(coin: &Coin, agent: usize, round: u8) -> String {
    let (an, pan) = (coin.ans.get(agent).to_hex(), ans(round));
    let (sn, value) = (coin.sn, coin.denomination());
    let pan = pan.get(agent).to_hex();
    format!("nn=1&sns[]={sn}&ans[]={}&pans[]={}&denomination[]={value}", *an, *pan)
}

fn at(home: &Home, words: &[&str]) -> Output {
    command(words).arg("--data").arg(home.data()).output().unwrap()
}

/// Runs a command that must succeed and returns the lines that it says on stdout.
#[track_caller]
fn done(output: &Output) -> Vec<String> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[track_caller]
fn check_refused(output: &Output, code: i32, reasons: &[&str]) {
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for reason in reasons {
        assert!(said.contains(reason), "{said}");
    }
}

fn backup(home: &Home) -> Vec<PathBuf> {
    let out = home.out().with_file_name("backups");
    let made = at(home, &["backup", "--out", out.to_str().unwrap()]);
    let made: Vec<PathBuf> = done(&made).into_iter().map(PathBuf::from).collect();
    assert_eq!(made.len(), AGENTS);
    for path in &made {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    made
}

fn status(raida: &Raida, agent: usize, form: &str) -> Vec<String> {
    each(&raida.post(agent, "fix_lost", form), "status").iter().map(ToString::to_string).collect()
}

#[test]
fn a_backup_of_running_agents_is_restored_and_counts_as_forgetful() {
    let home = Home::with_coins("2x1");
    let coins = home.coins();
    let raida = home.start(&[]);
    let form = pown(&coins[0], 7, 2);
    assert_eq!(each(&raida.post(7, "multi_detect", &form), "status"), ["pass"]);
    let backups = backup(&home);
    let later = pown(&coins[1], 7, 2);
    assert_eq!(each(&raida.post(7, "multi_detect", &later), "status"), ["pass"]);
    raida.kill();

    let from = backups[7].to_str().unwrap();
    let restore = |words: &[&str]| at(&home, &[&["restore", "--from", from], words].concat());
    check_refused(&restore(&[]), 3, &["agent-07 is there already", "try: move that ledger away"]);
    fs::rename(home.data().join("agent-07"), home.data().join("away")).unwrap();
    check_refused(&restore(&["--agent", "8"]), 3, &["a backup of agent 7, not of agent 8"]);
    let restored = restore(&["--agent", "7"]);
    assert!(done(&restored)[0].ends_with("agent-07"));
    assert!(text(&restored.stderr).contains("it counts as forgetful"));

    let warning = "counts as forgetful: what came after the backup is forgotten";
    for _ in 0..2 {
        let raida = home.start(&[]);
        assert_eq!(status(&raida, 7, &form), ["pan"], "from before the backup");
        assert_eq!(status(&raida, 7, &later), ["an"], "from after it");
        let (_, log) = raida.stop("TERM");
        assert_eq!(log.matches(warning).count(), 1, "{log}");
    }
    done(&at(&home, &["acknowledge", "--agent", "7"]));
    let (_, log) = home.start(&[]).stop("TERM");
    assert!(!log.contains(warning), "{log}");
}

#[test]
fn agents_that_are_stopped_are_backed_up_too() {
    let home = Home::with_coins("1x1");
    backup(&home);
    let raida = home.start(&[]);
    backup(&home);
    fs::write(home.out().with_file_name("file"), "").unwrap();
    let file = home.out().with_file_name("file").join("below");
    let refused = at(&home, &["backup", "--out", file.to_str().unwrap()]);
    check_refused(&refused, 3, &["not backed up: agent 0"]);
    assert_eq!(raida.stop("TERM").0.code(), Some(20));
    assert!(!home.data().join("control").exists());
}

#[test]
fn verify_says_a_line_for_each_agent_and_finds_what_is_damaged() {
    let home = Home::with_coins("3x250,2x1");
    let good = done(&at(&home, &["verify"]));
    assert_eq!(good.len(), AGENTS);
    assert_eq!(good[7], "agent 7: good, 5 coins worth 752, 1 commits");

    let raida = home.start(&[]);
    check_refused(&at(&home, &["verify"]), 10, &["is in use by process"]);
    raida.stop("TERM");

    fs::rename(home.data().join("agent-03"), home.data().join("away")).unwrap();
    let journal = home.data().join("agent-09/store-1/0.jnl");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() / 2]).unwrap();
    let found = at(&home, &["verify"]);
    check_refused(
        &found,
        11,
        &[
            "agent 2: good, 5 coins worth 752",
            "agent 3: damaged, the ledger of agent 3 cannot be opened",
            "agent 9: damaged, the ledger of agent 9 cannot be opened",
            "agent 24: good, 5 coins worth 752",
        ],
    );
}
