//! Keeps the house in order: which crate may import which, a header in every
//! file, files of a readable length, and crates without I/O that have none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};

/// Which of our crates each crate may import. What stands here is the
/// architecture; a crate that does not stand here may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("coin", &[]),
    ("protocol", &["coin"]),
    ("wallet", &["coin"]),
    ("raida", &["coin"]),
    ("agent", &["raida", "coin"]),
    ("relay", &["protocol"]),
    ("bench", &[]),
    ("client", &["protocol", "wallet", "raida", "coin"]),
    ("tests", &["coin", "protocol", "wallet", "raida", "agent", "relay", "client"]),
];

/// The crates that never touch a file, a socket or a clock.
const PURE: &[&str] = &["crates/coin/src", "crates/protocol/src"];

/// What pure crates do not name. Of `std::net` the addresses are only data.
const IMPURE: &[&str] = &["std::fs", "std::net", "SystemTime::now", "Instant::now"];
const ADDRESSES: &[&str] = &["IpAddr", "Ipv4Addr", "Ipv6Addr", "SocketAddr"];

const LINES_MAX: usize = 400;

#[test]
fn crates_import_only_what_the_architecture_allows() {
    let packages = packages(&metadata());
    assert_eq!(packages.len(), ALLOWED.len(), "{packages:?}");
    assert_tidy(&packages.iter().flat_map(forbidden_arrows).collect::<Vec<_>>());
}

#[test]
fn every_file_is_tidy() {
    let files = source_files();
    assert!(files.iter().any(|(path, _)| path.ends_with("tests/tidy.rs")));
    assert_tidy(&files.iter().flat_map(|(path, text)| faults(path, text)).collect::<Vec<_>>());
}

#[track_caller]
fn assert_tidy(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// One of our crates, and which of our crates it imports outside of its tests.
#[derive(Debug, PartialEq)]
struct Package {
    name: String,
    imports: BTreeSet<String>,
}

/// Asks cargo about the workspace.
fn metadata() -> Value {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(cargo).args(asked).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

/// Reads our crates from cargo's answer. Build dependencies count like normal
/// ones; those of tests do not, and dependencies without a path are not ours.
fn packages(metadata: &Value) -> Vec<Package> {
    let of = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().expect("it has a name").to_owned();
    let ours = |import: &Value| import["path"].is_string() && import["kind"] != "dev";
    let package = |package: &Value| Package {
        name: name(package),
        imports: of(package, "dependencies").iter().filter(|it| ours(it)).map(name).collect(),
    };
    of(metadata, "packages").iter().map(package).collect()
}

fn forbidden_arrows(package: &Package) -> Vec<String> {
    let Package { name, imports } = package;
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
        return vec![format!("crate {name} has no place in the architecture")];
    };
    let forbidden = imports.iter().filter(|import| !allowed.contains(&import.as_str()));
    forbidden.map(|import| format!("{name} may not import {import}")).collect()
}

/// Finds what is wrong with a source file, by its path from the root.
fn faults(path: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{}: {what}", path.display()));
    if !text.starts_with("//!") {
        fault("does not begin with a `//!` header".into());
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !is_test(path) {
        fault(format!("{lines} lines are more than {LINES_MAX}"));
    }
    if PURE.iter().any(|folder| path.starts_with(folder)) {
        for name in impure_names(text) {
            fault(format!("names {name} in a crate without I/O"));
        }
    }
    faults
}

/// Tells whether a file holds nothing but tests.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// Finds names of files, sockets and clocks, comments aside.
fn impure_names(text: &str) -> Vec<&'static str> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let code: Vec<&str> = text.lines().filter(code).collect();
    // `use std::{fs, net};` names both as well.
    let code = code.join(" ");
    let grouped = code.split("std::{").skip(1).map(|rest| rest.split(';').next().unwrap_or(rest));
    let grouped: Vec<&str> = grouped.flat_map(|group| group.split([' ', ',', ':', '}'])).collect();
    let named = |name: &str| {
        let after = code.split(name).skip(1).any(|after| name != "std::net" || !is_address(after));
        after || name.strip_prefix("std::").is_some_and(|last| grouped.contains(&last))
    };
    IMPURE.iter().copied().filter(|name| named(name)).collect()
}

/// Tells whether what follows `std::net` names addresses alone.
fn is_address(after: &str) -> bool {
    let Some(names) = after.strip_prefix("::") else { return false };
    let is_known = |name: &str| ADDRESSES.contains(&name.trim());
    match names.strip_prefix('{').and_then(|names| names.split_once('}')) {
        Some((group, _)) => group.split(',').filter(|name| !name.trim().is_empty()).all(is_known),
        None => names.split(|letter: char| !letter.is_alphanumeric()).next().is_some_and(is_known),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Reads every source file of ours, with its path from the root.
fn source_files() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("crates"), root().join("tests")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(root()).expect("it is below the root").to_owned();
                files.push((path, text));
            }
        }
    }
    files
}

// The checks themselves can fail:

fn check_faults(path: &str, text: &str, expected: &[&str]) {
    let found = faults(Path::new(path), text);
    let expected: Vec<String> = expected.iter().map(|what| format!("{path}: {what}")).collect();
    assert_eq!(found, expected, "{text}");
}

fn arrows_from(name: &str, imports: &[&str]) -> Vec<String> {
    let imports = imports.iter().map(|&import| import.to_owned()).collect();
    forbidden_arrows(&Package { name: name.to_owned(), imports })
}

#[test]
fn an_arrow_against_the_architecture_is_found() {
    assert_eq!(arrows_from("coin", &["wallet"]), ["coin may not import wallet"]);
    assert_eq!(arrows_from("relay", &["protocol", "coin"]), ["relay may not import coin"]);
    assert_eq!(arrows_from("client", &["agent", "tests"]).len(), 2);
    assert_eq!(arrows_from("purse", &[]), ["crate purse has no place in the architecture"]);
    for (name, allowed) in ALLOWED {
        assert_eq!(arrows_from(name, allowed), [""; 0]);
        assert_eq!(arrows_from(name, &["tests"]), [format!("{name} may not import tests")]);
    }
}

#[test]
fn normal_and_build_dependencies_count_and_those_of_tests_do_not() {
    let import = |name, kind: Value| json!({ "name": name, "kind": kind, "path": "/x" });
    let metadata = json!({ "packages": [{ "name": "coin", "dependencies": [
        import("wallet", Value::Null),
        import("relay", "build".into()),
        import("tests", "dev".into()),
        { "name": "serde", "kind": null },
    ]}]});
    let imports = ["relay", "wallet"].map(str::to_owned).into();
    assert_eq!(packages(&metadata), [Package { name: "coin".to_owned(), imports }]);
}

#[test]
fn a_file_without_a_header_is_found() {
    let missing = "does not begin with a `//!` header";
    check_faults("crates/wallet/src/a.rs", "//! A.\n", &[]);
    check_faults("crates/wallet/src/a.rs", "use std::fs;\n//! A.\n", &[missing]);
    check_faults("tests/system/a.rs", "", &[missing]);
}

#[test]
fn a_file_of_more_than_400_lines_is_found_unless_it_is_all_tests() {
    let long = "//!\n".repeat(401);
    let too_long = ["401 lines are more than 400"];
    check_faults("crates/coin/src/a.rs", &long[4..], &[]);
    check_faults("crates/coin/src/a.rs", &long, &too_long);
    check_faults("crates/coin/src/contests.rs", &long, &too_long);
    for path in ["crates/coin/src/a/tests.rs", "crates/coin/tests/a.rs", "tests/system/a.rs"] {
        check_faults(path, &long, &[]);
    }
}

#[test]
fn a_file_socket_or_clock_in_a_pure_crate_is_found() {
    for (code, names) in [
        ("use std::fs::File;", &["std::fs"][..]),
        ("use std::{\n    fmt, fs,\n    net::TcpStream,\n};", &["std::fs", "std::net"]),
        ("let now = std::time::Instant::now();", &["Instant::now"]),
        ("let now = SystemTime::now();", &["SystemTime::now"]),
        ("use std::net::{IpAddr, TcpStream};", &["std::net"]),
        ("use std::net;", &["std::net"]),
        ("use std::net::IpAddr; use std::net::UdpSocket;", &["std::net"]),
        ("use std::net::{IpAddr, Ipv6Addr}; fn f(_: std::net::SocketAddr) {}", &[]),
        ("use std::{fmt, mem};", &[]),
        ("// std::fs and Instant::now are not for this crate", &[]),
    ] {
        let text = format!("//! A file.\n{code}\n");
        let found = names.iter().map(|name| format!("names {name} in a crate without I/O"));
        let found: Vec<String> = found.collect();
        let expected: Vec<&str> = found.iter().map(String::as_str).collect();
        check_faults("crates/protocol/src/a.rs", &text, &expected);
        check_faults("crates/coin/src/a/b.rs", &text, &expected);
        check_faults("crates/wallet/src/a.rs", &text, &[]);
    }
}
