//! What an agent understands of a request, and what it answers `dud` to.

use super::*;

const AN: &str = "00112233445566778899aabbccddeeff";
const PAN: &str = "FFEEDDCCBBAA99887766554433221100";

fn one(text: &str) -> Result<CoinQuestion, Dud> {
    one_coin(&Form::parse(text.as_bytes())?, Proposal::Needed)
}

fn many(text: &str) -> Result<Vec<Result<CoinQuestion, Dud>>, Dud> {
    many_coins(&Form::parse(text.as_bytes())?, Proposal::Needed)
}

#[test]
fn a_written_question_reads_the_same() {
    let secrets: Vec<_> = (0..6).map(|i| AuthenticityNumber::from_bytes([i * 40; 16])).collect();
    let sns = [1, 2_097_153, 16_777_216].map(|sn| SerialNumber::new(sn).unwrap());
    let coins = sns.iter().zip(secrets.chunks(2));
    let about = coins.map(|(&sn, pair)| AboutCoin { sn, an: &pair[0], pan: &pair[1] });
    let written = write_coins(about.collect::<Vec<_>>().into_iter());
    assert_eq!(written.capacity(), 4 + 3 * COIN_BYTES_MAX, "the buffer must not have grown");

    let form = Form::parse(&written).unwrap();
    let read = many_coins(&form, Proposal::Needed).unwrap();
    for (i, question) in read.into_iter().enumerate() {
        let (an, pan) = (secrets[2 * i].clone(), secrets[2 * i + 1].clone());
        assert_eq!(question, Ok(CoinQuestion { sn: sns[i], an, pan }));
    }
}

#[test]
fn both_names_of_the_denomination_and_both_of_the_network_number_are_taken() {
    for text in [
        format!("nn=1&sn=77&an={AN}&pan={PAN}&denomination=1"),
        format!("sn=77&an={AN}&pan={PAN}&dn=1"),
    ] {
        assert_eq!(one(&text).unwrap().sn.get(), 77);
    }
    for text in [
        format!("nns[]=1&sns[]=77&ans[]={AN}&pans[]={PAN}&dn[]=1"),
        format!("nn=1&sns[]=77&ans[]={AN}&pans[]={PAN}&denomination[]=1"),
    ] {
        assert_eq!(many(&text).unwrap()[0].as_ref().unwrap().sn.get(), 77);
    }
}

#[test]
fn each_bad_field_of_a_coin_is_named() {
    let cases = [
        (format!("nn=2&sn=77&an={AN}&pan={PAN}&dn=1"), Dud::NetworkNumber),
        (format!("nn=&sn=77&an={AN}&pan={PAN}&dn=1"), Dud::NetworkNumber),
        (format!("an={AN}&pan={PAN}&dn=1"), Dud::Missing { field: "sn" }),
        (format!("sn=0&an={AN}&pan={PAN}&dn=1"), Dud::SerialNumber),
        (format!("sn=16777217&an={AN}&pan={PAN}&dn=250"), Dud::SerialNumber),
        (format!("sn=-1&an={AN}&pan={PAN}&dn=1"), Dud::SerialNumber),
        (format!("sn=99999999999999999999&an={AN}&pan={PAN}&dn=1"), Dud::SerialNumber),
        (format!("sn=77&pan={PAN}&dn=1"), Dud::Missing { field: "an" }),
        (format!("sn=77&an={AN}0&pan={PAN}&dn=1"), Dud::Secret { field: "an" }),
        (format!("sn=77&an={}&pan={PAN}&dn=1", &AN[1..]), Dud::Secret { field: "an" }),
        (format!("sn=77&an={AN}&dn=1"), Dud::Missing { field: "pan" }),
        (format!("sn=77&an={AN}&pan=g{}&dn=1", &PAN[1..]), Dud::Secret { field: "pan" }),
        (format!("sn=77&an={AN}&pan={PAN}"), Dud::Missing { field: "denomination" }),
        (format!("sn=77&an={AN}&pan={PAN}&dn=5"), Dud::Denomination { expected: 1 }),
        (format!("sn=77&an={AN}&pan={PAN}&dn=one"), Dud::Denomination { expected: 1 }),
    ];
    for (text, dud) in cases {
        assert_eq!(one(&text), Err(dud), "{text}");
        assert!(!dud.to_string().contains(AN));
    }
}

#[test]
fn a_bad_coin_among_many_is_a_dud_in_its_place() {
    let bad = &AN[1..];
    let coins = many(&format!(
        "sns[]=77&sns[]=0&sns[]=77&sns[]=78&ans[]={AN}&ans[]={AN}&ans[]={AN}&ans[]={bad}\
         &pans[]={PAN}&pans[]={PAN}&pans[]={PAN}&pans[]={PAN}&dn[]=1&dn[]=1&dn[]=1&dn[]=1"
    ))
    .unwrap();
    assert!(coins[0].is_ok());
    assert_eq!(coins[1], Err(Dud::SerialNumber));
    assert_eq!(coins[2], Err(Dud::Twice));
    assert_eq!(coins[3], Err(Dud::Secret { field: "ans" }));
}

#[test]
fn arrays_of_other_lengths_make_the_whole_request_a_dud() {
    let cases = [
        ("".to_owned(), Dud::Missing { field: "sns" }),
        (format!("sns[]=7&ans[]={AN}&pans[]={PAN}"), Dud::Missing { field: "denomination" }),
        (
            format!("sns[]=7&ans[]={AN}&pans[]={PAN}&pans[]={PAN}&dn[]=1"),
            Dud::OtherLength { field: "pans", expected: 1, got: 2 },
        ),
        (
            format!("sns[]=7&sns[]=8&ans[]={AN}&pans[]={PAN}&dn[]=1"),
            Dud::OtherLength { field: "ans", expected: 2, got: 1 },
        ),
        ("sns[]=7&sns[2]=8".to_owned(), FormError::IndexOutOfOrder { expected: 1, got: 2 }.into()),
    ];
    for (text, dud) in cases {
        assert_eq!(many(&text), Err(dud), "{text}");
    }
}

#[test]
fn a_route_that_changes_nothing_reads_no_pan() {
    let text = format!("sn=77&an={AN}&pan=nonsense&dn=1");
    let coin = one_coin(&Form::parse(text.as_bytes()).unwrap(), Proposal::Ignored).unwrap();
    assert_eq!(coin.an, coin.pan);
}
