use super::*;
use jiff::civil::date;
use proptest::prelude::*;

use crate::contact::reply::Language;
use crate::dunning::debt::{Instalment, Status};

const HEADING: &str = "CPF;Nome;Telefone;Celular;Contrato;Parcela;Valor;Vencimento";

fn options() -> Options {
    Options {
        creditor: Some("loja".to_owned()),
        creditors: [("loja", Currency::Brl), ("banco", Currency::Usd)]
            .map(|(id, currency)| (id.to_owned(), currency))
            .into(),
        country: Country::BRAZIL,
        decimals: None,
        dates: Dates::Any,
        mapping: Vec::new(),
    }
}

/// Both readings of a file.
fn read_octets(file: &[u8], options: Options) -> Result<Vec<Result<Row, Vec<Fault>>>, String> {
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(delimiter(file)).has_headers(false).flexible(true);
    let records = || reader.from_reader(file).into_byte_records().map(Result::unwrap);
    let heading = records().next().unwrap_or_default();
    let told = |errors: Vec<HeadingError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let mut survey = Survey::new(&heading, options).map_err(told)?;
    let line = |record: &ByteRecord| record.position().map_or(0, csv::Position::line);
    for record in records().skip(1) {
        survey.look(&record, line(&record));
    }
    let import = survey.conclude().map_err(|error| error.to_string())?;
    Ok(records().skip(1).filter_map(|record| import.row(&record, line(&record)).transpose()).collect())
}

/// The only row of a file with this heading.
#[track_caller]
fn row(heading: &str, line: &str) -> Result<Row, Vec<Fault>> {
    let mut rows = read_octets(format!("{heading}\n{line}\n").as_bytes(), options()).unwrap();
    assert_eq!(rows.len(), 1, "{line}");
    rows.remove(0)
}

/// What is wrong with a line, as `line column: what (cell)`.
#[track_caller]
fn check(heading: &str, line: &str, expected: &[&str]) {
    let faults = row(heading, line).expect_err("something is wrong with it");
    let shown = |fault: &Fault| {
        let Fault { line, column, cell, what } = fault;
        format!("{line} {}: {what} ({cell})", column.as_deref().unwrap_or("-"))
    };
    assert_eq!(faults.iter().map(shown).collect::<Vec<_>>(), expected, "{line}");
}

#[test]
fn a_line_becomes_a_debtor_and_a_debt() {
    let read =
        row(HEADING, "123.456.789-09; MARIA  DA SILVA ;(11) 98765-4321;;77/8;3/12;R$ 1.234,56;24/11/2026").unwrap();
    assert_eq!((read.line, read.status, read.warnings.as_slice()), (2, None, &[][..]));
    let debtor = read.debtor;
    assert_eq!((debtor.id.as_str(), debtor.document.as_deref()), ("12345678909", Some("12345678909")));
    assert_eq!(debtor.name.as_deref(), Some("MARIA DA SILVA"));
    assert_eq!(debtor.numbers.iter().map(|number| number.e164()).collect::<Vec<_>>(), ["+5511987654321"]);
    let debt = read.debt;
    assert_eq!((debt.id.as_str(), debt.creditor.as_str(), debt.debtor.as_str()), ("77/8/3", "loja", "12345678909"));
    assert_eq!((debt.amount.hundredths(), debt.original.hundredths()), (123_456, 123_456));
    assert_eq!((debt.due, debt.instalment), (date(2026, 11, 24), Some(Instalment { number: 3, of: 12 })));
    assert_eq!((debt.contract.as_deref(), debt.status, debt.currency), (Some("77/8"), Status::Open, Currency::Brl));
}

#[test]
fn every_field_has_its_column() {
    let heading = "debtor,name,document,phone,language,kind,since,debtor_tags,debt,creditor,currency,original_amount,amount,due,\
                   instalment,instalments,contract,product,terms,link,access_code,ladder,tags,status";
    let line = "d1,Ana,ABC-1,+525512345678,es,gold,2019-05-02,\"vip, old\",x1,banco,mxn,900.00,1000.50,2026-11-24,\
                2,6,c1,TV,net 30,https://example.com/x?a=1,0042,soft,\"a;b\",Pagado";
    let Row { debtor, debt, status, .. } = row(heading, line).unwrap();
    assert_eq!((debtor.id.as_str(), debtor.document.as_deref()), ("d1", Some("ABC1")));
    assert_eq!((debtor.kind.as_deref(), debtor.since), (Some("gold"), Some(date(2019, 5, 2))));
    assert_eq!(
        (debtor.language.map(Language::code), debtor.tags),
        (Some("es-MX"), vec!["vip".to_owned(), "old".to_owned()])
    );
    assert_eq!((debt.id.as_str(), debt.creditor.as_str(), debt.currency), ("x1", "banco", Currency::Mxn));
    assert_eq!((debt.original.hundredths(), debt.amount.hundredths()), (90_000, 100_050));
    assert_eq!(debt.instalment, Some(Instalment { number: 2, of: 6 }));
    assert_eq!((debt.product.as_deref(), debt.terms.as_deref()), (Some("TV"), Some("net 30")));
    assert_eq!((debt.link.as_deref(), debt.access_code.as_deref()), (Some("https://example.com/x?a=1"), Some("0042")));
    assert_eq!((debt.ladder.as_deref(), debt.tags), (Some("soft"), vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!((status, debt.status), (Some(Status::Paid), Status::Paid));
}

/// How a line stands by its cells of status and until.
#[track_caller]
fn stands(status: &str, until: &str) -> Option<Status> {
    row("cpf;divida;valor;vencimento;situacao;promessa", &format!("1;d1;10,00;24/11/2026;{status};{until}"))
        .unwrap()
        .status
}

#[test]
fn a_promise_has_its_day_in_a_column() {
    let promised = Some(Status::Promised { until: date(2026, 12, 1) });
    for status in ["Promessa", "promised", "em aberto", ""] {
        assert_eq!(stands(status, "01/12/2026"), promised, "{status}");
    }
    assert_eq!(stands("pago", "01/12/2026"), Some(Status::Paid));
    assert_eq!(stands("contestado", "01/12/2026"), Some(Status::Disputed));
    assert_eq!((stands("", ""), stands("aberto", "")), (None, Some(Status::Open)));
    let heading = "cpf;divida;valor;vencimento;situacao;promessa";
    let needs = "a promise needs its last day in a column of its own; map until to its heading";
    check(heading, "1;d1;10,00;24/11/2026;promessa;", &[&format!("2 situacao: {needs} (promessa)")]);
    let no_day = "2 promessa: not a day such as 31/12/2026 or 2026-12-31 (logo)";
    check(heading, "1;d1;10,00;24/11/2026;promessa;logo", &[no_day]);
}

#[test]
fn a_column_says_of_the_number_at_its_place_whether_it_is_confirmed() {
    let heading = "cpf;telefone1;telefone2;confirmado;confirmado2;divida;valor;vencimento";
    let said = |cells: &str| {
        let row = row(heading, &format!("1;{cells};d1;10,00;24/11/2026")).unwrap();
        row.confirmations.iter().map(|one| (one.number.e164(), one.is_confirmed)).collect::<Vec<_>>()
    };
    let (a, b) = ("+5511987654321".to_owned(), "+5511987654322".to_owned());
    assert_eq!(said("11987654321;11987654322;Sim;não"), [(a.clone(), true), (b, false)]);
    assert_eq!(said("11987654321;11987654322;x;"), [(a, true)]);
    assert_eq!(said("11987654321;11987654322;;"), []);
    check(heading, "1;11987654321;;talvez;;d1;10,00;24/11/2026", &["2 confirmado: not a yes or a no (talvez)"]);
}

#[test]
fn everything_wrong_with_a_line_is_told_at_once() {
    check(
        HEADING,
        ";Ana;98765-4321;11 3333-4444;77;x;1234,567;31/02/2026",
        &[
            "2 CPF: empty ()",
            "2 Telefone: too short for its country (98765-4321)",
            "2 Celular: a landline, which cannot receive texts (11 3333-4444)",
            "2 Parcela: not an instalment such as 3/12 (x)",
            "2 Valor: more than two decimals (1234,567)",
            "2 Vencimento: not a day such as 31/12/2026 or 2026-12-31 (31/02/2026)",
        ],
    );
    check(
        HEADING,
        "1;Ana;;;;;;",
        &[
            "2 Parcela: the debt has no id: fill in the column of the id, or contract and instalment ()",
            "2 Valor: empty ()",
            "2 Vencimento: empty ()",
        ],
    );
    check(HEADING, "1;Ana;;;77;13/12;10,00;24/11/2026", &["2 Parcela: not an instalment such as 3/12 (13/12)"]);
    check(
        HEADING,
        "1;Ana;;;77;1;10,00;24/11/2026;surplus",
        &["2 -: more cells than headings; a cell with a delimiter in it is to stand in quotes ()"],
    );
    check(
        HEADING,
        "1;Ana;;;77;1;US$ 10,00;24/11/2026",
        &["2 Valor: the amount is in USD, the debt in BRL (US$ 10,00)"],
    );
    check(
        "cpf;divida;valor;vencimento;situacao",
        "1;x;1,00;24/11/2026;baixado",
        &["2 situacao: not a status; there are open, promised, agreed, disputed, paid and cancelled (baixado)"],
    );
}

#[test]
fn of_several_numbers_the_good_ones_stay() {
    let heading = "cpf;divida;valor;vencimento;telefone1;telefone2";
    let good = row(heading, "1;x;1,00;24/11/2026;11 98765-4321 / 11 3333-4444;11987654321, 21 98888-7777").unwrap();
    assert_eq!(good.debtor.numbers.iter().map(|n| n.e164()).collect::<Vec<_>>(), ["+5511987654321", "+5521988887777"]);
    let [warning] = good.warnings.as_slice() else { panic!("{:?}", good.warnings) };
    assert_eq!((warning.column.as_deref(), warning.cell.as_str()), (Some("telefone1"), "11 3333-4444"));
    assert_eq!(warning.what.to_string(), "left out: a landline, which cannot receive texts");
    let none = row(heading, "1;x;1,00;24/11/2026;;").unwrap();
    assert_eq!(none.warnings.iter().map(|warning| warning.what).collect::<Vec<_>>(), [Doubt::NoNumber]);
}

#[test]
fn papers_are_checked_and_compared() {
    let heading = "cpf;divida;valor;vencimento;boleto;pix";
    let boleto = "00190.50095 40144.816069 06809.350314 3 37370000000100";
    let pix = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";
    let read = row(heading, &format!("1;x;1,50;31/12/2007;{boleto};{pix}")).unwrap();
    assert_eq!(read.debt.boleto.as_deref(), Some("00190500954014481606906809350314337370000000100"));
    assert_eq!(read.debt.pix.as_deref(), Some(pix));
    assert_eq!(
        read.warnings.iter().map(|w| w.what.to_string()).collect::<Vec<_>>(),
        ["the boleto says 1.00, the debt 1.50"]
    );
    check(
        heading,
        &format!("1;x;1,00;31/12/2007;{};{}", boleto.replacen('9', "8", 1), &pix[1..]),
        &[
            &format!("2 boleto: the check digit of field 1 is wrong ({})", boleto.replacen('9', "8", 1)),
            &format!("2 pix: not a pix code: it does not divide into fields after character 24 ({})", &pix[1..=100]),
        ],
    );
}

#[test]
fn files_of_all_kinds_say_the_same() {
    let comma = "nome,cpf,divida,valor,vencimento\n\"São João\",1,x,\"1.234,56\",24/11/2026\n";
    let semicolon = "nome;cpf;divida;valor;vencimento\r\nSão João;1;x;1234,56;2026-11-24\r\n;;;;\r\n";
    let tab = "nome\tcpf\tdivida\tvalor\tvencimento\nSão João\t1\tx\t1,234.56\t24/11/26\n\n";
    let western = |file: &str| file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let marked = [BYTE_ORDER_MARK, semicolon.as_bytes()].concat();
    let files = [comma.as_bytes(), semicolon.as_bytes(), tab.as_bytes(), &marked, &western(comma), &western(tab)];
    for file in files {
        let rows = read_octets(file, options()).unwrap();
        let [Ok(row)] = rows.as_slice() else { panic!("{}: {rows:?}", String::from_utf8_lossy(file)) };
        assert_eq!(row.debtor.name.as_deref(), Some("São João"));
        assert_eq!((row.debt.amount.hundredths(), row.debt.due), (123_456, date(2026, 11, 24)));
    }
}

#[test]
fn a_line_end_in_quotes_belongs_to_its_cell_and_lines_are_counted() {
    let file = "nome;cpf;divida;valor;vencimento\n\"Ana\nMaria\";1;x;1,00;24/11/2026\nEva;2;y;;24/11/2026\n";
    let rows = read_octets(file.as_bytes(), options()).unwrap();
    assert_eq!(rows[0].as_ref().unwrap().debtor.name.as_deref(), Some("Ana Maria"));
    assert_eq!(rows[1].as_ref().unwrap_err()[0].line, 4);
}

#[test]
fn a_file_that_can_be_read_in_two_ways_is_not_guessed() {
    let file = "cpf;divida;valor;vencimento\n1;x;500;24/11/2026\n1;y;1.234;24/11/2026\n";
    let unclear = "line 3: an amount such as 1.234 may be a thousand or a fraction; say decimals: comma or point";
    assert_eq!(read_octets(file.as_bytes(), options()).unwrap_err(), unclear);
    let told = Options { decimals: Some(Decimals::Comma), ..options() };
    let rows = read_octets(file.as_bytes(), told).unwrap();
    assert_eq!(rows[1].as_ref().unwrap().debt.amount.hundredths(), 123_400);
}

#[test]
fn columns_are_told_with_those_that_are_not_read() {
    let heading = ByteRecord::from(vec!["cpf", "divida", "valor", "vencimento", "loja"]);
    let import = Survey::new(&heading, options()).unwrap().conclude().unwrap();
    let unread: Vec<_> = import.columns().filter(|(_, field)| field.is_none()).map(|(heading, _)| heading).collect();
    assert_eq!((unread, import.encoding().name()), (vec!["loja"], "UTF-8"));
}

#[test]
fn nothing_of_a_debtor_is_shown_in_logs() {
    let good = row(HEADING, "11122233344;Ana;11987654321;;77;1;10,00;24/11/2026").unwrap();
    let bad = row(HEADING, "11122233344;Ana;bad-phone;;77;1;zehn;24/11/2026").unwrap_err();
    let shown = format!(
        "{:?} {bad:?}",
        Row { debtor: crate::dunning::debtor::Debtor { id: "1".into(), ..good.debtor }, ..good }
    );
    for secret in ["Ana", "11987654321", "bad-phone", "zehn", "10.00"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn delimiters_are_those_of_the_heading() {
    for (line, expected) in [
        ("a;b;c\n1,2,3,4", b';'),
        ("a,b,c", b','),
        ("a\tb\tc,d", b'\t'),
        ("\"a;b;c\",d", b','),
        ("one", b';'),
        ("", b';'),
    ] {
        assert_eq!(delimiter(line.as_bytes()), expected, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_is_answered(
        file in prop::collection::vec(any::<u8>(), 0..400),
        cells in prop::collection::vec("[0-9a-z/.,\" -]{0,12}|.{0,8}", 8..9),
    ) {
        let good_heading = format!("{HEADING}\n{}\n", cells.join(";"));
        for octets in [file.as_slice(), &[HEADING.as_bytes(), b"\n", &file].concat(), good_heading.as_bytes()] {
            for row in read_octets(octets, options()).into_iter().flatten() {
                let is_answered = match row {
                    Ok(row) => row.debt.debtor == row.debtor.id && !row.debt.id.is_empty(),
                    Err(faults) => !faults.is_empty(),
                };
                prop_assert!(is_answered);
            }
        }
    }
}

#[test]
fn an_area_code_in_its_own_column_is_joined_to_what_is_short_of_one() {
    let numbers = |heading: &str, line: &str| -> Vec<String> {
        row(heading, line).unwrap().debtor.numbers.iter().map(|number| number.e164()).collect()
    };
    let one = "cpf;divida;valor;vencimento;ddd;celular;celular2";
    assert_eq!(
        numbers(one, "1;x;1,00;24/11/2026;011;98765-4321;(21) 98765-4322"),
        ["+5511987654321", "+5521987654322"]
    );
    let two = "cpf;divida;valor;vencimento;ddd1;celular1;ddd2;celular2";
    assert_eq!(numbers(two, "1;x;1,00;24/11/2026;11;98765-4321;(47);98765-4322"), ["+5511987654321", "+5547987654322"]);
    // Without it nobody has such a number.
    check(
        "cpf;divida;valor;vencimento;ddd;celular",
        "1;x;1,00;24/11/2026;;98765-4321",
        &["2 celular: too short for its country (98765-4321)"],
    );
}
