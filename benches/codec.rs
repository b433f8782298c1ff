//! Messages per second through the codec, on one core: `cargo bench --bench codec`.
//!
//! One message is what a modem driver does with it: text to octets of an SMS-SUBMIT, and octets of an SMS-DELIVER back to
//! text. Each round is timed as a whole; the best and the median of the rounds are printed.
#![expect(clippy::print_stdout, reason = "printing is what a bench is for")]

use std::hint::black_box;

use recado::clock::Clock;
use recado::pdu::{Address, Dcs, DeliverTpdu, Direction, Pdu, Scts, SubmitTpdu, Tpdu, UserData, Validity};
use recado::sms::segment::Segments;
use recado::sms::text::TextOptions;

const ROUNDS: usize = 101;
const MESSAGES_PER_ROUND: u32 = 10_000;

/// 160 septets each.
const PLAIN: &str = "Ola Maria, sua parcela 03/12 de R$ 148,90 vence em 25/11. Pague pelo Pix no app ou responda 1 \
                     para falar com a gente. Se ja pagou, desconsidere. Loja Exemplo.";
const ACCENTED: &str = "Hola José, su cuota de $ 1.489,90 vence mañana. ¿Cómo prefiere pagar? Responda 1 para tarjeta, \
                        2 para débito. Si ya pagó, ignore este aviso. Cía. Ñandú 24 hs...";

fn main() {
    let clock = Clock::host();
    println!("{:<44} {:>12} {:>12} {:>9} {:>9}", "160 septets, one core", "best/s", "median/s", "best ns", "median ns");
    for (name, text) in [("plain", PLAIN), ("accented", ACCENTED)] {
        let text = fit(text);
        let octets = deliver(&text).encode().map(|encoded| encoded.octets).unwrap_or_default();
        print(&clock, &format!("{name}: text to SUBMIT and DELIVER to text"), || {
            encode(black_box(&text)).len() + decode(black_box(&octets)).len()
        });
        print(&clock, &format!("{name}: text to SUBMIT"), || encode(black_box(&text)).len());
        print(&clock, &format!("{name}: DELIVER to text"), || decode(black_box(&octets)).len());
        print(&clock, &format!("{name}: text to parts"), || {
            Segments::new(black_box(&text), &TextOptions::default(), 0).map_or(0, |segments| segments.units())
        });
    }
}

/// The text cut or filled to 160 characters that take one septet each.
fn fit(text: &str) -> String {
    text.chars().filter(|c| recado::pdu::GSM7.cost(*c) == Some(1)).chain(std::iter::repeat('.')).take(160).collect()
}

fn encode(text: &str) -> Vec<u8> {
    let submit =
        UserData::from_gsm7(text).zip(Address::international("5511987654321").ok()).map(|(user_data, tp_da)| {
            let tpdu = SubmitTpdu {
                rd: false,
                rp: false,
                srr: true,
                tp_mr: 0,
                tp_da,
                tp_pid: 0,
                tp_dcs: Dcs::default(),
                validity: Some(Validity::Relative(167)),
                user_data,
            };
            Pdu { smsc: None, tpdu: Tpdu::Submit(tpdu) }
        });
    submit.and_then(|submit| submit.encode().ok()).map(|encoded| encoded.octets).unwrap_or_default()
}

fn decode(octets: &[u8]) -> String {
    match Pdu::decode(octets, Direction::Mt) {
        Ok(Pdu { tpdu: Tpdu::Deliver(tpdu), .. }) => tpdu.user_data.text(tpdu.tp_dcs).unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}

fn deliver(text: &str) -> Pdu {
    let tpdu = DeliverTpdu {
        mms: true,
        sri: false,
        lp: false,
        rp: false,
        tp_oa: Address::international("5511987654321").expect("digits"),
        tp_pid: 0,
        tp_dcs: Dcs::default(),
        tp_scts: Scts::new(2026, 11, 24, 10, 0, 0, -12).expect("a date"),
        user_data: UserData::from_gsm7(text).expect("the text is in the default alphabet"),
    };
    Pdu { smsc: Address::international("5511900000000").ok(), tpdu: Tpdu::Deliver(tpdu) }
}

fn print(clock: &Clock, name: &str, mut one: impl FnMut() -> usize) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = clock.now().instant;
            for _ in 0..MESSAGES_PER_ROUND {
                black_box(one());
            }
            let elapsed = clock.now().instant.saturating_since(start);
            elapsed.as_secs_f64() * 1e9 / f64::from(MESSAGES_PER_ROUND)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let best = rounds.first().copied().unwrap_or_default();
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    println!("{name:<44} {:>12.0} {:>12.0} {best:>9.0} {median:>9.0}", 1e9 / best, 1e9 / median);
}
