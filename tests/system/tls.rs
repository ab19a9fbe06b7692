//! Agents behind TLS and wallets as people run them: roots, pins, and what is said without them.

use std::fs;
use std::io::BufRead;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tests::programs::Program;
use tests::world::{Running, World};

/// 25 agents with a certificate for `localhost`, signed by an authority of their own.
struct Place {
    dir: TempDir,
    world: World,
    _agents: Running,
}

impl Place {
    fn new() -> Place {
        let dir = TempDir::new().unwrap();
        let world = World::new(env!("CARGO_BIN_EXE_demo"), dir.path());
        world.mint("1x1", &dir.path().join("minted")).unwrap();
        write_papers(dir.path());
        let mut command = world.command(Program::Raida);
        command.args(["--listen", "127.0.0.1:0"]).arg("--data").arg(world.data());
        command.arg("--tls-cert").arg(dir.path().join("cert.pem"));
        command.arg("--tls-key").arg(dir.path().join("key.pem"));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut agents = Running::start("raida", &mut command).unwrap();
        let mut lines = agents.stdout().unwrap().lines();
        assert!(lines.any(|line| line.unwrap() == "ready"));
        Place { dir, world, _agents: agents }
    }

    /// Returns the agents' addresses by name, without pins.
    fn unpinned(&self) -> PathBuf {
        let pinned = fs::read_to_string(self.world.data().join("agents.txt")).unwrap();
        let line =
            |line: &str| line.split(' ').next().unwrap().replace("127.0.0.1", "localhost") + "\n";
        let path = self.dir.path().join("unpinned.txt");
        fs::write(&path, pinned.lines().map(line).collect::<String>()).unwrap();
        path
    }

    fn wallet(&self, arguments: &[&str], roots: &str) -> Command {
        let mut command = self.world.command(Program::CoinWallet);
        command.args(arguments).arg("--home").arg(self.dir.path().join("home"));
        command.env("SSL_CERT_FILE", self.dir.path().join(roots)).env_remove("SSL_CERT_DIR");
        command
    }

    /// Makes a home that knows these agents and imports the coin.
    fn import(&self, agents: &Path, roots: &str) -> (Option<i32>, String) {
        let _ = fs::remove_dir_all(self.dir.path().join("home"));
        let agents = agents.to_str().unwrap();
        let made = self.wallet(&["init", "--agents", agents], roots).output().unwrap();
        assert!(made.status.success(), "{}", said(&made));
        let minted = self.dir.path().join("minted");
        let imported = self.wallet(&["import", minted.to_str().unwrap()], roots).output().unwrap();
        (imported.status.code(), said(&imported))
    }
}

fn write_papers(dir: &Path) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "a community");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    fs::write(dir.join("roots.pem"), authority.pem()).unwrap();
    fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
    let mut private = fs::OpenOptions::new();
    let mut private =
        private.write(true).create_new(true).mode(0o600).open(dir.join("key.pem")).unwrap();
    std::io::Write::write_all(&mut private, key.serialize_pem().as_bytes()).unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn wallets_trust_the_roots_of_their_machine_or_the_pins_of_their_address_book() {
    let place = Place::new();
    let (code, said) = place.import(&place.unpinned(), "cert.pem");
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("agents 0 to 24: its certificate is signed by nobody"), "{said}");

    let (code, said) = place.import(&place.unpinned(), "missing.pem");
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("no root certificates") && said.contains("sha256:…"), "{said}");

    let by_roots = place.import(&place.unpinned(), "roots.pem");
    assert_eq!(by_roots.0, Some(0), "{}", by_roots.1);

    let again = place.import(&place.world.data().join("agents.txt"), "missing.pem");
    assert!(!again.1.contains("certificate"), "pinned agents were reached: {}", again.1);
    assert_ne!(again.0, Some(9), "{}", again.1);
}

#[test]
fn a_home_that_allows_plain_http_says_so_in_every_run() {
    let dir = TempDir::new().unwrap();
    let world = World::new(env!("CARGO_BIN_EXE_demo"), dir.path());
    let wallet = |arguments: &[&str]| {
        let mut command = world.command(Program::CoinWallet);
        command.args(arguments).arg("--home").arg(dir.path().join("home"));
        said(&command.output().unwrap())
    };
    // Nobody listens there: loopback alone is asked in a test.
    let init = ["init", "--insecure-http", "--agents", "http://127.1.{i}.1:1"];
    for arguments in [&init[..], &["resume"]] {
        let said = wallet(arguments);
        assert!(said.contains("insecure_http is set"), "{said}");
    }
}
