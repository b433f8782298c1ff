//! Mexico: a creditor in Mexico City and debtors of four cities, over Christmas, New Year and the Day of the Constitution.
//!
//! No text on Saturdays and Sundays, 8 to 20 else: by the clock of Mexico City from 7 in Cancún, from 9 in Ciudad Juárez and
//! from 10 in Tijuana.

use super::*;

fn people() -> Vec<Person> {
    vec![
        // Never pays: the whole ladder. D-5 waits for Monday; D+1 is held over the weekend until D+3 overtakes it.
        person(
            "abel",
            &["525512340001"],
            vec![date(2026, 12, 10)],
            vec![],
            &[
                "12-07 08:00 a5",
                "12-09 08:00 a1",
                "12-10 08:00 d0",
                "12-14 05:00 d1 blocked: outdated",
                "12-14 08:00 d3",
                "12-17 08:00 d7",
                "12-28 08:00 d15",
                "01-11 08:00 d30",
                "01-25 05:00 d45 to letter",
                "02-08 05:00 d60 to bureau",
            ],
        ),
        person(
            "berta",
            &["526641234002"],
            vec![date(2026, 12, 2)],
            vec![("11-27 12:00", Act::Says("BAJA"))],
            &["11-27 10:00 a5", "11-27 12:00 says opt_out", "11-27 12:00 own answer"],
        ),
        // Says to have paid: nothing goes until somebody has looked.
        person(
            "ciro",
            &["529981234003"],
            vec![date(2026, 12, 9)],
            vec![("12-09 09:00", Act::Says("ya pagué")), ("12-15 11:00", Act::Tells(1, pays(None)))],
            &[
                "12-04 07:00 a5",
                "12-08 07:00 a1",
                "12-09 07:00 d0",
                "12-09 09:00 says held_unconfirmed",
                "12-14 05:00 d1 blocked: outdated",
                "12-15 11:00 payment_received: paid",
                "12-15 11:00 d3 blocked: paid",
                "12-15 11:00 payment_received",
            ],
        ),
        // The first number is another person's; the second is in another zone.
        person(
            "dora",
            &["526561234004", "525512340104"],
            vec![date(2026, 12, 14)],
            vec![("12-09 10:00", Act::Says("no soy yo")), ("12-14 13:00", Act::Tells(1, pays(None)))],
            &[
                "12-09 09:00 a5",
                "12-09 10:00 says wrong_person",
                "12-14 05:00 a1 blocked: outdated at the second number",
                "12-14 08:00 d0 at the second number",
                "12-14 13:00 payment_received: paid",
                "12-14 13:00 payment_received at the second number",
            ],
        ),
        // A promise by text for Friday; it and its grace are over on a Sunday, and the broken promise has the day of D+7.
        person(
            "elena",
            &["525512340005"],
            vec![date(2027, 1, 4)],
            vec![("01-04 10:00", Act::Says("pago el viernes")), ("01-20 10:00", Act::Tells(1, pays(None)))],
            &[
                "12-30 08:00 a5",
                "01-04 05:00 a1 blocked: outdated",
                "01-04 08:00 d0",
                "01-04 10:00 says held_promised",
                "01-04 10:00 promise: promised",
                "01-11 08:00 quebra",
                "01-19 08:00 d15",
                "01-20 10:00 payment_received: paid",
                "01-20 10:00 payment_received",
            ],
        ),
        // Due on the Sunday before the Day of the Constitution. A dispute by text, opened again on the day of D+7, and an agreement.
        person(
            "fidel",
            &["526641234006"],
            vec![date(2027, 1, 31)],
            vec![
                ("02-03 11:00", Act::Says("no reconozco esa deuda")),
                ("02-08 09:00", Act::Tells(1, Happening::Reopened)),
                ("02-16 09:00", Act::Tells(1, Happening::Agreement)),
            ],
            &[
                "01-26 10:00 a5",
                "01-31 05:00 a1 blocked: outdated",
                "02-01 00:00 d0 expired",
                "02-02 10:00 d1",
                "02-03 10:00 d3",
                "02-03 11:00 says held_disputed+ask_person",
                "02-03 11:00 dispute: disputed",
                "02-08 09:00 reopened: open",
                "02-08 10:00 d7",
                "02-15 10:00 d15",
                "02-16 09:00 agreement: agreed",
            ],
        ),
        // An extension over New Year, a part of the payment, and the end.
        person(
            "gema",
            &["529981234007"],
            vec![date(2026, 12, 18)],
            vec![
                ("12-17 12:00", Act::Tells(1, Happening::ExtensionGranted { due: date(2027, 1, 4) })),
                ("01-05 12:00", Act::Tells(1, pays(Some("10.50")))),
                ("01-08 10:00", Act::Tells(1, Happening::Cancelled)),
            ],
            &[
                "12-14 07:00 a5",
                "12-17 07:00 a1",
                "12-17 12:00 extension_granted: open",
                "12-30 07:00 a5",
                "01-04 05:00 a1 blocked: outdated",
                "01-04 07:00 d0",
                "01-05 07:00 d1",
                "01-05 12:00 payment_received: open",
                "01-05 12:00 payment_received",
                "01-07 07:00 d3",
                "01-08 10:00 cancelled: cancelled",
            ],
        ),
        person(
            "hilda",
            &["525512340008"],
            vec![date(2026, 12, 1)],
            vec![("11-26 09:00", Act::Says("ya falleció"))],
            &["11-26 08:00 a5", "11-26 09:00 says deceased+ask_person"],
        ),
        // Two debts of one day; one is paid. The caps move D+1 and D+3.
        person(
            "irma",
            &["525512340009"],
            vec![date(2027, 1, 12), date(2027, 1, 12)],
            vec![("01-12 12:00", Act::Tells(1, pays(None))), ("01-19 18:00", Act::Tells(2, pays(None)))],
            &[
                "01-07 08:00 a5 (1+2)",
                "01-11 08:00 a1 (1+2)",
                "01-12 08:00 d0 (1+2)",
                "01-12 12:00 payment_received: paid (1)",
                "01-12 12:00 payment_received (1)",
                "01-14 08:00 d1 (2)",
                "01-18 08:00 d3 (2)",
                "01-19 08:00 d7 (2)",
                "01-19 18:00 payment_received: paid (2)",
                "01-19 18:00 payment_received (2)",
            ],
        ),
        // Is taken in late: D+7 was on the day before.
        person(
            "juan",
            &["525512340010"],
            vec![date(2026, 12, 7)],
            vec![("12-15 10:00", Act::Arrives), ("12-23 09:00", Act::Tells(1, pays(None)))],
            &["12-22 08:00 d15", "12-23 09:00 payment_received: paid", "12-23 09:00 payment_received"],
        ),
        // Promises to the keeper, and keeps it.
        person(
            "lucas",
            &["526561234011"],
            vec![date(2027, 2, 10)],
            vec![
                ("02-10 15:00", Act::Tells(1, Happening::Promise { until: date(2027, 2, 12) })),
                ("02-12 15:00", Act::Tells(1, pays(None))),
            ],
            &[
                "02-05 09:00 a5",
                "02-09 09:00 a1",
                "02-10 09:00 d0",
                "02-10 15:00 promise: promised",
                "02-10 15:00 promise",
                "02-12 15:00 payment_received: paid",
                "02-12 15:00 payment_received",
            ],
        ),
    ]
}

/// The hours of Mexico by hand.
fn hours(number: &str, day: Date) -> Place {
    let zones: &[&str] = match &number[2..4] {
        "55" => &["America/Mexico_City"],
        "99" => &["America/Cancun"],
        _ if number[2..].starts_with("664") => &["America/Tijuana"],
        _ if number[2..].starts_with("656") => &["America/Ciudad_Juarez"],
        area => panic!("nobody has {area}"),
    };
    let is_holiday = [(12, 25), (1, 1), (2, 1)].contains(&(day.month(), day.day()));
    Place { zones, hours: of_week(day, (8, 20), None).filter(|_| !is_holiday) }
}

#[test]
fn three_months_of_a_portfolio_in_mexico() {
    let step = |id: &str, on: &str| json!({ "id": id, "on": on, "roll": "next", "text": id });
    let before = |id: &str, on: &str| json!({ "id": id, "on": on, "text": id });
    let portfolio = Portfolio {
        country: "MX",
        zone: "America/Mexico_City",
        language: Language::Spanish,
        currency: Currency::Mxn,
        asks: &[
            ("a5", "{{ sender }}: {{ first_name }}, {{ total | money }} vence el {{ due | date }}."),
            ("a1", "{{ sender }}: {{ first_name }}, falta un día: {{ total | money }}."),
            ("d0", "{{ sender }}: {{ first_name }}, {{ total | money }} vence hoy."),
            ("d1", "{{ sender }}: {{ first_name }}, {{ total | money }} venció."),
            ("d3", "{{ sender }}: {{ first_name }}, {{ total | money }} sigue pendiente."),
            ("d7", "{{ sender }}: {{ first_name }}, {{ total | money }} con una semana de atraso."),
            ("d15", "{{ sender }}: {{ first_name }}, {{ total | money }} con dos semanas de atraso."),
            ("d30", "{{ sender }}: {{ first_name }}, {{ total | money }} con un mes de atraso. Llámenos."),
            ("quebra", "{{ sender }}: {{ first_name }}, el pago prometido no llegó."),
        ],
        confirms: &[
            (
                "payment_received",
                "{{ sender }}: recibimos {{ paid | money }}\
                 {% if remaining %}; restan {{ remaining | money }}{% endif %}. Gracias.",
            ),
            ("promise", "{{ sender }}: quedamos para el {{ promise_date | date }}."),
        ],
        ladder: json!({ "steps": [
            before("a5", "D-5"), before("a1", "D-1"), before("d0", "D+0"),
            step("d1", "D+1"), step("d3", "D+3"), step("d7", "D+7"), step("d15", "D+15"), step("d30", "D+30"),
            { "id": "d45", "on": "D+45", "roll": "next", "exit": "letter" },
            { "id": "d60", "on": "D+60", "roll": "next", "exit": "bureau" },
            step("quebra", "P+1"),
        ] }),
        people: people(),
        hours,
    };
    portfolio.play();
}
