//! Equal inputs give equal outputs, whatever the bytes and however they are cut.

use proptest::strategy::Strategy as _;

use super::*;

/// Everything that two modems say and log under trouble, for an hour of traffic.
fn transcript(seed: u64) -> String {
    let names = [
        "drop_result",
        "drop_before_send",
        "late_result",
        "split",
        "garbage",
        "echo",
        "double_cr",
        "urc",
        "early_report",
        "report_loss",
        "report_dup",
        "no_prompt",
        "hang",
        "vanish",
        "storage_full",
        "prompt_survives",
    ];
    let faults = names.iter().map(|name| format!("{name}=0.05").parse().unwrap()).collect();
    let reply_rate = Rate::new(0.3).unwrap();
    let mut bench = Bench::new(Config { modems: 2, seed, faults, reply_rate, ..Config::default() });
    for round in 0..300 {
        bench.start_up();
        bench.submit(&format!("+55119876{round:05}"), "Oi");
        bench.pass(ms(3000));
        if round % 10 == 0 {
            bench.close();
            bench.open();
        }
    }
    let log: Vec<String> = bench.accepted.iter().map(LogLine::to_json_line).collect();
    format!("{:?} {:?} {:?} {}", bench.pieces, bench.comings, bench.written, log.concat())
}

#[test]
fn a_seed_decides_every_byte() {
    assert_eq!(transcript(3), transcript(3));
    assert_ne!(transcript(3), transcript(4));
}

#[test]
fn modems_do_not_move_one_another() {
    let alone = |with_company: bool| {
        let faults = vec!["cms=38=0.3".parse().unwrap()];
        let mut bench = Bench::new(Config { modems: 2, seed: 5, faults, ..Config::default() });
        bench.start_up();
        for _ in 0..50 {
            if with_company {
                bench.network.handle_bytes(1, b"AT+CPMS?\rAT+CMGS=20\r00\x1a", bench.now());
            }
            bench.send(TO);
        }
        bench.accepted.iter().map(LogLine::to_json_line).collect::<String>()
    };
    assert_eq!(alone(false), alone(true));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]

    #[test]
    fn no_bytes_make_it_panic_and_chunking_changes_nothing(
        bytes in proptest::collection::vec(proptest::prop_oneof![
            proptest::arbitrary::any::<u8>().boxed(),
            proptest::sample::select(b"AT+CMGS=20\r\x1a\x1b0123\"".to_vec()).boxed(),
        ], 0..300),
        chunk in 1_usize..40,
    ) {
        let said = |chunk: usize| {
            let mut bench = Bench::started(&[]);
            for piece in bytes.chunks(chunk) {
                bench.network.handle_bytes(0, piece, bench.now());
                bench.drain();
            }
            bench.pass(ms(1000));
            bench.written.remove(0)
        };
        proptest::prop_assert_eq!(said(chunk), said(300));
    }
}
