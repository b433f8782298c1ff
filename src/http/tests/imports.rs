//! Files of debtors and debts, as a browser gives them to the daemon.

use super::*;

/// A file as a spreadsheet writes it: one row is bad, and one name is a formula.
const FILE: &str = "CPF;Nome;Telefone;Contrato;Parcela;Valor;Vencimento;Obs\r\n\
    12345678909;Maria;(11) 98765-4321;c1;1/2;1.110,00;30/11/2026;x\r\n\
    98765432100;\"=HYPERLINK(\"\"x\"\")\";11 98765-4322;c2;1/1;80,50;31/11/2026;=1+1\r\n\
    11144477735;=cmd;11 98765-4323;c3;1/1;99,90;30/11/2026;y\r\n";

async fn house() -> House {
    let house = House::new();
    let loja = json!({ "id": "loja", "name": "Loja Ltda", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    house.post("/v1/creditors", loja).await;
    house
}

/// Imports a file, and how it ended.
async fn imported(house: &House, token: &str, path: &str, file: &str) -> Value {
    let begun = house.with(token, "POST", path, file).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
    let path = format!("/v1/imports/{}", begun.json["id"]);
    loop {
        let now = house.with(token, "GET", &path, "").await.json;
        if now["state"] != "running" {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

async fn token(house: &House, scopes: &[&str]) -> String {
    house.token(json!({ "client": "crm", "scopes": scopes })).await
}

#[tokio::test]
async fn a_file_is_checked_and_then_imported_beside_its_bad_rows() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let dry = imported(&house, &all, "/v1/imports?creditor=loja&dry_run=true", FILE).await;
    assert_eq!(
        (&dry["state"], &dry["fit"], &dry["refused"], &dry["part"]),
        (&json!("done"), &json!(2), &json!(1), &json!(100))
    );
    assert_eq!(house.get("/v1/debts").await.json["items"], json!([]));
    let told = imported(&house, &all, "/v1/imports?creditor=loja", FILE).await;
    assert_eq!((&told["rows"], &told["created"], &told["refused"]), (&json!(3), &json!(2), &json!(1)));
    let error = &told["errors"]["first"][0];
    assert_eq!(
        (&error["line"], &error["column"], &error["cell"]),
        (&json!(3), &json!("Vencimento"), &json!("31/11/2026"))
    );
    let stored = house.get("/v1/debts?debtor=12345678909").await.json;
    assert_eq!((&stored["items"][0]["amount"], &stored["items"][0]["due"]), (&json!("1110.00"), &json!("2026-11-30")));
    let again = imported(&house, &all, "/v1/imports?creditor=loja", FILE).await;
    assert_eq!((&again["same"], &again["created"]), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn no_cell_of_the_errors_is_a_formula_and_none_is_shown_without_pii() {
    let house = house().await;
    let file = "CPF;Contrato;Parcela;Valor;Vencimento\n1;c1;1/1;10,00;=1+1\n2;c2;1/1;@SUM(A1);30/11/2026\n";
    let all = token(&house, &["send", "read", "pii"]).await;
    let told = imported(&house, &all, "/v1/imports?creditor=loja&dry_run=true", file).await;
    let table = house.with(&all, "GET", &format!("/v1/imports/{}/errors", told["id"]), "").await;
    assert!(table.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert!(table.text.contains(",'=1+1\r\n") && table.text.contains(",'@SUM(A1)\r\n"), "{}", table.text);
    let masked = token(&house, &["send", "read"]).await;
    let blind = house.with(&masked, "GET", &format!("/v1/imports/{}/errors", told["id"]), "").await;
    assert!(!blind.text.contains("SUM") && blind.text.contains("3,Valor,error,"), "{}", blind.text);
    let blind = house.with(&masked, "GET", &format!("/v1/imports/{}", told["id"]), "").await.json;
    assert_eq!(blind["errors"]["first"][0]["cell"], "");
    let other = house.token(json!({ "client": "erp", "scopes": ["send", "read", "pii"] })).await;
    house.with(&other, "GET", &format!("/v1/imports/{}", told["id"]), "").await.is_problem(404, "not-found", None);
    let reads = token(&house, &["read"]).await;
    house.with(&reads, "POST", "/v1/imports", file).await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn columns_are_told_by_the_beginning_and_mapped_by_the_caller() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let file = "cpf;divida;valor;valor atualizado;vencto\n1;d1;10,00;11,00;30/11/2026\n";
    let looked = house.with(&all, "POST", "/v1/imports/columns?creditor=loja", file).await.json;
    assert_eq!(looked["columns"][1], json!({ "heading": "divida", "field": "debt" }));
    assert_eq!(looked["rows"], json!([["1", "d1", "10,00", "11,00", "30/11/2026"]]));
    let problems = looked["problems"].as_array().unwrap();
    assert!(problems[0].as_str().unwrap().contains("may both be amount"), "{problems:?}");
    let mapping = "mapping=%7B%22columns%22%3A%7B%22amount%22%3A%5B%22valor%20atualizado%22%5D%2C%22due%22%3A%5B%22vencto%22%5D%7D%7D";
    let mapped = house.with(&all, "POST", &format!("/v1/imports/columns?creditor=loja&{mapping}"), file).await.json;
    assert_eq!((&mapped["problems"], &mapped["columns"][2]["field"]), (&json!([]), &Value::Null));
    let dry = imported(&house, &all, &format!("/v1/imports?creditor=loja&dry_run=true&{mapping}"), file).await;
    assert_eq!(dry["fit"], 1);
    assert_eq!(house.get("/v1/imports/mapping?creditor=loja").await.json["columns"], json!({}));
    imported(&house, &all, &format!("/v1/imports?creditor=loja&{mapping}"), file).await;
    assert_eq!(house.get("/v1/debts/d1").await.json["amount"], "11.00");
    // What was said once holds for the next file.
    let next = imported(&house, &all, "/v1/imports?creditor=loja", file).await;
    assert_eq!(next["same"], 1, "{next}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    for (path, file, word) in [
        ("/v1/imports?creditor=loja", "", "no headings"),
        ("/v1/imports?creditor=loja", "nome;cor\nx;y\n", "no column is due"),
        ("/v1/imports?creditor=outra", FILE, "no creditor has this id"),
        ("/v1/imports", FILE, "no column is the creditor"),
    ] {
        let told = imported(&house, &all, path, file).await;
        assert_eq!(told["state"], "failed", "{told}");
        assert!(told["problem"].as_str().unwrap().contains(word), "{told}");
    }
    for (query, field) in [("dry_run=1", "dry_run"), ("mapping=%7B%22rows%22%3A1%7D", "rows")] {
        let refused = house.with(&all, "POST", &format!("/v1/imports?{query}"), FILE).await;
        assert_eq!((refused.status.as_u16(), &refused.json["field"]), (400, &json!(field)), "{}", refused.text);
    }
    let limited = house.token(json!({ "client": "crm", "scopes": ["send"], "creditors": ["outra"] })).await;
    house.with(&limited, "POST", "/v1/imports?creditor=loja", FILE).await.is_problem(
        403,
        "forbidden",
        Some("creditor"),
    );
}

/// A debtor and a debt of which everything is known.
const WHOLE: &str = "CPF;Nome;Telefone;Idioma;Tipo Cliente;Cliente desde;Tags devedor;Contrato;Parcela;Valor original;\
    Valor;Vencimento;Produto;Condicao;Boleto;Link;Codigo acesso;Regua;Tags;Moeda\n\
    12345678909;Maria;(11) 98765-4321/11 98765-4322;es-MX;ouro;02/05/2019;vip;c1;1/2;100,00;110,00;30/11/2026;TV;30 dias;\
    00190.50095 40144.816069 06809.350314 3 37370000000100;https://example.com/x;0042;leve;a;USD\n";

/// Both as they are stored.
async fn stored(house: &House) -> (Value, Value) {
    (house.get("/v1/debtors/12345678909").await.json, house.get("/v1/debts/c1%2F1").await.json)
}

#[tokio::test]
async fn what_a_file_has_no_column_for_stays_as_it_is_stored() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let told = imported(&house, &all, "/v1/imports?creditor=loja", WHOLE).await;
    assert_eq!(told["created"], 1, "{told}");
    let (debtor, mut debt) = stored(&house).await;
    let narrow = "CPF;Contrato;Parcela;Valor;Vencimento\n12345678909;c1;1;112,00;30/11/2026\n";
    let told = imported(&house, &all, "/v1/imports?creditor=loja", narrow).await;
    assert_eq!((&told["changed"], &told["errors"]["count"]), (&json!(1), &json!(0)), "{told}");
    debt["amount"] = json!("112.00");
    assert_eq!(stored(&house).await, (debtor, debt));
}

#[tokio::test]
async fn an_empty_cell_takes_away_what_its_column_said() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    imported(&house, &all, "/v1/imports?creditor=loja", WHOLE).await;
    let emptied = "CPF;Nome;Telefone;Contrato;Parcela;Valor original;Valor;Vencimento;Link;Tags;Situacao\n\
        12345678909;;;c1;1/2;;112,00;30/11/2026;;;\n";
    let told = imported(&house, &all, "/v1/imports?creditor=loja", emptied).await;
    assert_eq!(told["warnings"]["first"][0]["code"], "no_number", "{told}");
    let (debtor, debt) = stored(&house).await;
    assert_eq!((&debtor["name"], &debtor["numbers"], &debtor["kind"]), (&Value::Null, &json!([]), &json!("ouro")));
    assert_eq!((&debt["link"], &debt["tags"], &debt["product"]), (&Value::Null, &json!([]), &json!("TV")));
    // What must be something stays: nothing else can be meant.
    assert_eq!((&debt["original_amount"], &debt["status"]), (&json!("100.00"), &json!("open")));
}

#[tokio::test]
async fn a_row_without_a_number_takes_none_of_another_row_away() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let file = "CPF;Telefone;Contrato;Parcela;Valor;Vencimento\n\
        12345678909;(11) 98765-4321;c1;1/2;10,00;30/11/2026\n12345678909;;c1;2/2;10,00;30/12/2026\n";
    imported(&house, &all, "/v1/imports?creditor=loja", file).await;
    assert_eq!(stored(&house).await.0["numbers"], json!(["+5511987654321"]));
}

#[tokio::test]
async fn an_amount_that_grows_by_the_day_leaves_what_was_owed_at_first() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    for (amount, original) in [("100,00", "100.00"), ("101,00", "100.00"), ("102,00", "100.00")] {
        let file = format!("CPF;Contrato;Parcela;Valor;Vencimento\n12345678909;c1;1/2;{amount};30/11/2026\n");
        imported(&house, &all, "/v1/imports?creditor=loja", &file).await;
        assert_eq!(stored(&house).await.1["original_amount"], original, "{amount}");
    }
}

#[tokio::test]
async fn a_file_confirms_numbers_and_tells_of_promises() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let file = "CPF;Telefone;Confirmado;Contrato;Parcela;Valor;Vencimento;Situacao;Promessa\n\
        12345678909;(11) 98765-4321;sim;c1;1/2;10,00;30/11/2026;aberto;05/12/2026\n";
    let told = imported(&house, &all, "/v1/imports?creditor=loja", file).await;
    assert_eq!((&told["created"], &told["errors"]["count"]), (&json!(1), &json!(0)), "{told}");
    let (debtor, debt) = stored(&house).await;
    assert_eq!(debtor["confirmed"], json!(["+5511987654321"]));
    assert_eq!((&debt["status"], &debt["until"]), (&json!("promised"), &json!("2026-12-05")));
    let silent = "CPF;Telefone;Contrato;Parcela;Valor;Vencimento\n12345678909;11987654321;c1;1/2;10,00;30/11/2026\n";
    imported(&house, &all, "/v1/imports?creditor=loja", silent).await;
    assert_eq!(stored(&house).await, (debtor, debt));
}

#[tokio::test]
async fn headings_of_other_files_are_passed_over_and_told() {
    let house = house().await;
    let all = token(&house, &["send", "read", "pii"]).await;
    let path =
        "/v1/imports?creditor=loja&mapping=%7B%22columns%22%3A%7B%22phone%22%3A%5B%22Fone%22%2C%22Recado%22%5D%7D%7D";
    let both = "CPF;Fone;Recado;Contrato;Parcela;Valor;Vencimento\n12345678909;11987654321;;c1;1/2;10,00;30/11/2026\n";
    let told = imported(&house, &all, path, both).await;
    assert_eq!(told["warnings"]["count"], 0, "{told}");
    let neither = "CPF;Contrato;Parcela;Valor;Vencimento\n12345678909;c1;1/2;10,00;30/11/2026\n";
    let told = imported(&house, &all, "/v1/imports?creditor=loja", neither).await;
    let warnings = told["warnings"]["first"].as_array().unwrap();
    let told: Vec<_> =
        warnings.iter().map(|one| (one["column"].as_str().unwrap(), one["code"].as_str().unwrap())).collect();
    assert_eq!(told, [("Fone", "no_heading"), ("Recado", "no_heading")]);
    assert_eq!(stored(&house).await.0["numbers"], json!(["+5511987654321"]));
}
