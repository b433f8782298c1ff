//! Brazil: a creditor in São Paulo and debtors of five states, over Christmas, New Year and Carnival.
//!
//! What a journal rests on: three texts in seven days, so that D+1 waits for D+2 and D+3 for D+6 where D-5, D-1 and D+0 have
//! all gone; no text on Sundays, and in Rio and Manaus none on Saturdays; hours by the clock of São Paulo are 8 to 20 there,
//! from 9 in Rio (9 to 19), 8 to 19 in Pernambuco (because of Noronha), 9 to 19 for Manaus and from 10 for Acre.

use super::*;

fn people() -> Vec<Person> {
    vec![
        // Never pays: the whole ladder. D-5 is a Saturday, D+3 a Sunday, D+15 Christmas, D+30 a Saturday, D+45 a Sunday.
        person(
            "ana",
            &["5511987650001"],
            vec![date(2026, 12, 10)],
            vec![],
            &[
                "12-05 08:00 a5",
                "12-09 08:00 a1",
                "12-10 08:00 d0",
                "12-12 08:00 d1",
                "12-16 08:00 d3",
                "12-17 08:00 d7",
                "12-28 08:00 d15",
                "12-28 08:00 d15 code",
                "01-11 08:00 d30",
                "01-25 05:00 d45 to letter",
                "02-08 05:00 d60 to bureau",
            ],
        ),
        // Pays before it is due. D-5 is a Sunday.
        person(
            "bia",
            &["5521987650002"],
            vec![date(2026, 12, 4)],
            vec![("12-02 15:00", Act::Tells(1, pays(None)))],
            &["11-30 09:00 a5", "12-02 15:00 payment_received: paid", "12-02 15:00 payment_received"],
        ),
        // Pays in two parts after D+3, which waits for the week to have room.
        person(
            "caio",
            &["5581987650003"],
            vec![date(2026, 12, 1)],
            vec![
                ("12-07 11:00", Act::Tells(1, pays(Some("50.50")))),
                ("12-10 10:00", Act::Tells(1, pays(Some("60.00")))),
            ],
            &[
                "11-26 08:00 a5",
                "11-30 08:00 a1",
                "12-01 08:00 d0",
                "12-03 08:00 d1",
                "12-07 08:00 d3",
                "12-07 11:00 payment_received: open",
                "12-07 11:00 payment_received",
                "12-08 08:00 d7",
                "12-10 10:00 payment_received: paid",
                "12-10 10:00 payment_received",
            ],
        ),
        // Two debts of one day; one is paid. D-1 is a Sunday, and the due day overtakes it.
        person(
            "davi",
            &["5511987650004"],
            vec![date(2026, 12, 14), date(2026, 12, 14)],
            vec![("12-18 10:00", Act::Tells(1, pays(None))), ("12-22 16:00", Act::Tells(2, pays(None)))],
            &[
                "12-09 08:00 a5 (1+2)",
                "12-14 05:00 a1 blocked: outdated (1+2)",
                "12-14 08:00 d0 (1+2)",
                "12-15 08:00 d1 (1+2)",
                "12-17 08:00 d3 (1+2)",
                "12-18 10:00 payment_received: paid (1)",
                "12-18 10:00 payment_received (1)",
                "12-21 08:00 d7 (2)",
                "12-22 16:00 payment_received: paid (2)",
                "12-22 16:00 payment_received (2)",
            ],
        ),
        // Two debts at different steps travel under the one that is further on, until there is an agreement about both.
        person(
            "elis",
            &["5592987650005"],
            vec![date(2026, 11, 30), date(2026, 12, 3)],
            vec![
                ("12-09 14:00", Act::Tells(1, Happening::Agreement)),
                ("12-09 14:00", Act::Tells(2, Happening::Agreement)),
            ],
            &[
                "11-25 09:00 a5 (1)",
                // That of the second waits over a weekend; what is up for the first takes it along twice.
                "11-29 05:00 a5 blocked: outdated (2)",
                "11-30 05:00 a1 blocked: outdated (1+2)",
                "11-30 09:00 d0 (1+2)",
                "12-01 09:00 d1 (1)",
                "12-02 09:00 a1 (2)",
                // D+3 of the first and the due day of the second: there is no room in the week until both are further on.
                "12-07 05:00 d3 blocked: outdated (1+2)",
                "12-07 09:00 d7 (1+2)",
                "12-09 14:00 agreement: agreed (1)",
                "12-09 14:00 agreement: agreed (2)",
            ],
        ),
        // Promises by text, and keeps it. D-5 was over when the debt was taken in.
        person(
            "fabio",
            &["5511987650006"],
            vec![date(2026, 11, 27)],
            vec![("11-27 10:00", Act::Says("pago dia 4")), ("12-04 12:00", Act::Tells(1, pays(None)))],
            &[
                "11-26 08:00 a1",
                "11-27 08:00 d0",
                "11-27 10:00 says held_promised",
                "11-27 10:00 promise: promised",
                "12-04 12:00 payment_received: paid",
                "12-04 12:00 payment_received",
            ],
        ),
        // Promises to the keeper, and does not keep it: two days of grace end on a Friday. Then it is cancelled.
        person(
            "gil",
            &["5521987650007"],
            vec![date(2026, 12, 2)],
            vec![
                ("12-03 15:00", Act::Tells(1, Happening::Promise { until: date(2026, 12, 9) })),
                ("12-21 10:00", Act::Tells(1, Happening::Cancelled)),
            ],
            &[
                "11-27 09:00 a5",
                "12-01 09:00 a1",
                "12-02 09:00 d0",
                "12-03 15:00 promise: promised",
                "12-03 15:00 d1 blocked: outdated",
                "12-03 15:00 promise",
                "12-14 09:00 quebra",
                "12-17 09:00 d15",
                "12-17 09:00 d15 code",
                "12-21 10:00 cancelled: cancelled",
            ],
        ),
        // Disputes by text; the keeper has settled it and opens it again. A holiday of Acre is a Saturday, and is not moved to the
        // Friday before: D+1 goes then, and D+3, on Monday, waits for the week to have room.
        person(
            "hugo",
            &["5568987650008"],
            vec![date(2027, 1, 20)],
            vec![
                ("01-25 11:00", Act::Says("não reconheço essa dívida")),
                ("02-08 10:00", Act::Tells(1, Happening::Reopened)),
            ],
            &[
                "01-15 10:00 a5",
                "01-19 10:00 a1",
                "01-20 10:00 d0",
                "01-22 10:00 d1",
                "01-25 11:00 says held_disputed+ask_person",
                "01-25 11:00 dispute: disputed",
                "01-25 11:00 d3 blocked: outdated",
                "02-08 10:00 reopened: open",
                "02-19 10:00 d30",
            ],
        ),
        // Wants no more texts, and is told once that there will be none.
        person(
            "iara",
            &["5511987650009"],
            vec![date(2026, 12, 8)],
            vec![("12-03 09:30", Act::Says("PARE"))],
            &["12-03 08:00 a5", "12-03 09:30 says opt_out", "12-03 09:30 own answer"],
        ),
        // The first number is another person's.
        person(
            "joao",
            &["5511987650010", "5511987650110"],
            vec![date(2026, 12, 11)],
            vec![("12-07 09:00", Act::Says("número errado")), ("12-11 17:00", Act::Tells(1, pays(None)))],
            &[
                "12-07 08:00 a5",
                "12-07 09:00 says wrong_person",
                "12-10 08:00 a1 at the second number",
                "12-11 08:00 d0 at the second number",
                "12-11 17:00 payment_received: paid",
                "12-11 17:00 payment_received at the second number",
            ],
        ),
        // Has died.
        person(
            "karla",
            &["5581987650011", "5511987650111"],
            vec![date(2026, 12, 7)],
            vec![("12-02 12:00", Act::Says("ele faleceu"))],
            &["12-02 08:00 a5", "12-02 12:00 says deceased+ask_person"],
        ),
        // Gets an extension, and is reminded anew; then Christmas.
        person(
            "lia",
            &["5511987650012"],
            vec![date(2026, 12, 9)],
            vec![
                ("12-08 14:00", Act::Tells(1, Happening::ExtensionGranted { due: date(2026, 12, 23) })),
                ("12-31 10:00", Act::Tells(1, pays(None))),
            ],
            &[
                "12-04 08:00 a5",
                "12-08 08:00 a1",
                "12-08 14:00 extension_granted: open",
                "12-18 08:00 a5",
                "12-22 08:00 a1",
                "12-23 08:00 d0",
                "12-26 08:00 d1",
                "12-29 08:00 d3",
                "12-30 08:00 d7",
                "12-31 10:00 payment_received: paid",
                "12-31 10:00 payment_received",
            ],
        ),
        // Is taken in late: nothing of what was is made up for.
        person(
            "mauro",
            &["5511987650013"],
            vec![date(2026, 12, 14)],
            vec![("01-04 10:00", Act::Arrives), ("02-01 09:00", Act::Tells(1, pays(None)))],
            &[
                "01-13 08:00 d30",
                "01-28 05:00 d45 to letter",
                "02-01 09:00 payment_received: paid",
                "02-01 09:00 payment_received",
            ],
        ),
        // Is cancelled.
        person(
            "nina",
            &["5521987650014"],
            vec![date(2027, 2, 1)],
            vec![("02-02 12:00", Act::Tells(1, Happening::Cancelled))],
            &[
                "01-27 09:00 a5",
                "02-01 05:00 a1 blocked: outdated",
                "02-01 09:00 d0",
                "02-02 09:00 d1",
                "02-02 12:00 cancelled: cancelled",
            ],
        ),
        // D+1 is held by the week over a weekend, until D+3 overtakes it. D+15 is New Year.
        person(
            "otto",
            &["5521987650015"],
            vec![date(2026, 12, 17)],
            vec![],
            &[
                "12-14 09:00 a5",
                "12-16 09:00 a1",
                "12-17 09:00 d0",
                "12-21 05:00 d1 blocked: outdated",
                "12-21 09:00 d3",
                "12-24 09:00 d7",
                "01-04 09:00 d15",
                "01-04 09:00 d15 code",
                "01-18 09:00 d30",
                "02-01 05:00 d45 to letter",
                "02-15 05:00 d60 to bureau",
            ],
        ),
        // Due on Christmas Eve: D+1 and D+3 roll to one day, and the later one goes.
        person(
            "paula",
            &["5511987650016"],
            vec![date(2026, 12, 24)],
            vec![("01-08 09:00", Act::Tells(1, pays(None)))],
            &[
                "12-19 08:00 a5",
                "12-23 08:00 a1",
                "12-24 08:00 d0",
                "12-28 08:00 d3",
                "12-31 08:00 d7",
                "01-08 08:00 d15",
                "01-08 08:00 d15 code",
                "01-08 09:00 payment_received: paid",
                "01-08 09:00 payment_received",
            ],
        ),
        // Carnival's Tuesday is a holiday in Rio. A promise by text that is broken takes the day of D+15.
        person(
            "rita",
            &["5521987650017"],
            vec![date(2027, 2, 8)],
            vec![("02-15 10:00", Act::Says("vou pagar dia 20"))],
            &[
                "02-03 09:00 a5",
                "02-08 05:00 a1 blocked: outdated",
                "02-08 09:00 d0",
                "02-10 09:00 d1",
                "02-11 09:00 d3",
                "02-15 09:00 d7",
                "02-15 10:00 says held_promised",
                "02-15 10:00 promise: promised",
                "02-23 09:00 quebra",
            ],
        ),
        // Promises to the keeper, and keeps it. D-5 is New Year.
        person(
            "saulo",
            &["5592987650018"],
            vec![date(2027, 1, 6)],
            vec![
                ("01-05 16:00", Act::Tells(1, Happening::Promise { until: date(2027, 1, 8) })),
                ("01-08 11:00", Act::Tells(1, pays(None))),
            ],
            &[
                "01-04 09:00 a5",
                "01-05 09:00 a1",
                "01-05 16:00 promise: promised",
                "01-05 16:00 promise",
                "01-08 11:00 payment_received: paid",
                "01-08 11:00 payment_received",
            ],
        ),
        // Says to have paid: nothing goes until somebody has looked.
        person(
            "tais",
            &["5511987650019"],
            vec![date(2026, 11, 30)],
            vec![("11-30 10:00", Act::Says("já paguei")), ("12-03 15:00", Act::Tells(1, pays(None)))],
            &[
                "11-25 08:00 a5",
                "11-30 05:00 a1 blocked: outdated",
                "11-30 08:00 d0",
                "11-30 10:00 says held_unconfirmed",
                "12-03 05:00 d1 blocked: outdated",
                "12-03 15:00 payment_received: paid",
                "12-03 15:00 d3 blocked: paid",
                "12-03 15:00 payment_received",
            ],
        ),
    ]
}

/// The hours of Brazil by hand.
fn hours(number: &str, day: Date) -> Place {
    const SAO_PAULO: &[&str] = &["America/Sao_Paulo"];
    let is_national = [(12, 25), (1, 1)].contains(&(day.month(), day.day()));
    let is_of = |days: &[(i8, i8)]| is_national || days.contains(&(day.month(), day.day()));
    let usual = of_week(day, (8, 20), Some((8, 14)));
    let (zones, hours, closed): (&[&str], _, _) = match &number[2..4] {
        "11" => (SAO_PAULO, usual, is_of(&[])),
        "21" => (SAO_PAULO, of_week(day, (9, 19), None), is_of(&[(2, 9)])),
        "81" => (&["America/Recife", "America/Noronha"], usual, is_of(&[])),
        "92" => (&["America/Manaus"], of_week(day, (8, 18), None), is_of(&[])),
        "68" => (&["America/Rio_Branco"], usual, is_of(&[(1, 23)])),
        area => panic!("nobody has {area}"),
    };
    Place { zones, hours: hours.filter(|_| !closed) }
}

#[test]
fn three_months_of_a_portfolio_in_brazil() {
    let step = |id: &str, on: &str| json!({ "id": id, "on": on, "roll": "next", "text": id });
    let before = |id: &str, on: &str| json!({ "id": id, "on": on, "text": id });
    let portfolio = Portfolio {
        country: "BR",
        zone: "America/Sao_Paulo",
        language: Language::Portuguese,
        currency: Currency::Brl,
        asks: &[
            ("a5", "{{ sender }}: {{ first_name }}, {{ total | money }} vence em {{ due | date }}."),
            ("a1", "{{ sender }}: {{ first_name }}, falta um dia: {{ total | money }}."),
            ("d0", "{{ sender }}: {{ first_name }}, {{ total | money }} vence hoje."),
            ("d1", "{{ sender }}: {{ first_name }}, {{ total | money }} venceu."),
            ("d3", "{{ sender }}: {{ first_name }}, {{ total | money }} ainda em aberto."),
            ("d7", "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso há uma semana."),
            ("boleto", "{{ sender }}: {{ first_name }}, novo boleto de {{ total | money }}. Segue o código."),
            ("d30", "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso há um mês. Fale conosco."),
            ("quebra", "{{ sender }}: {{ first_name }}, o pagamento prometido não chegou."),
        ],
        confirms: &[
            (
                "payment_received",
                "{{ sender }}: recebemos {{ paid | money }}\
                 {% if remaining %}; restam {{ remaining | money }}{% endif %}. Obrigado.",
            ),
            ("promise", "{{ sender }}: combinado para {{ promise_date | date }}."),
        ],
        ladder: json!({ "steps": [
            before("a5", "D-5"), before("a1", "D-1"), before("d0", "D+0"),
            step("d1", "D+1"), step("d3", "D+3"), step("d7", "D+7"),
            { "id": "d15", "on": "D+15", "roll": "next", "text": "boleto" },
            step("d30", "D+30"),
            { "id": "d45", "on": "D+45", "roll": "next", "exit": "letter" },
            { "id": "d60", "on": "D+60", "roll": "next", "exit": "bureau" },
            step("quebra", "P+1"),
        ] }),
        people: people(),
        hours,
    };
    portfolio.play();
}
