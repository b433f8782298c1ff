//! What a column may be, and what the files of three languages call it.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The debtor's id.
    Debtor,
    /// The debtor's name.
    Name,
    /// The debtor's identity document; the id where there is no other.
    Document,
    /// A number, or several. This one may have several columns.
    Phone,
    /// The area code of the numbers, where it stands in a column of its own. This one may have several columns.
    Area,
    /// Whether the number of the column of numbers at the same place is confirmed. This one may have several columns.
    Confirmed,
    /// What the debtor is written in.
    Language,
    /// What kind of customer it is.
    Kind,
    /// Customer since.
    Since,
    /// Words about the debtor.
    DebtorTags,
    /// The debt's id.
    Debt,
    /// To whom it is owed.
    Creditor,
    /// What amounts are in.
    Currency,
    /// What it was at first.
    Original,
    /// What it is now.
    Amount,
    /// When it is due.
    Due,
    /// Which instalment it is, with or without of how many.
    Instalment,
    /// Of how many.
    Instalments,
    /// The contract.
    Contract,
    /// What was bought.
    Product,
    /// On which terms.
    Terms,
    /// The digitable line.
    Boleto,
    /// The Pix code.
    Pix,
    /// Where it can be paid or looked at.
    Link,
    /// What opens the link.
    AccessCode,
    /// The ladder that it goes by.
    Ladder,
    /// Words about the debt.
    Tags,
    /// How it stands.
    Status,
    /// The last day of a promise.
    Until,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Debtor,
        Self::Name,
        Self::Document,
        Self::Phone,
        Self::Area,
        Self::Confirmed,
        Self::Language,
        Self::Kind,
        Self::Since,
        Self::DebtorTags,
        Self::Debt,
        Self::Creditor,
        Self::Currency,
        Self::Original,
        Self::Amount,
        Self::Due,
        Self::Instalment,
        Self::Instalments,
        Self::Contract,
        Self::Product,
        Self::Terms,
        Self::Boleto,
        Self::Pix,
        Self::Link,
        Self::AccessCode,
        Self::Ladder,
        Self::Tags,
        Self::Status,
        Self::Until,
    ];

    /// The word by which a column is mapped.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debtor => "debtor",
            Self::Name => "name",
            Self::Document => "document",
            Self::Phone => "phone",
            Self::Area => "area",
            Self::Confirmed => "confirmed",
            Self::Language => "language",
            Self::Kind => "kind",
            Self::Since => "since",
            Self::DebtorTags => "debtor_tags",
            Self::Debt => "debt",
            Self::Creditor => "creditor",
            Self::Currency => "currency",
            Self::Original => "original_amount",
            Self::Amount => "amount",
            Self::Due => "due",
            Self::Instalment => "instalment",
            Self::Instalments => "instalments",
            Self::Contract => "contract",
            Self::Product => "product",
            Self::Terms => "terms",
            Self::Boleto => "boleto",
            Self::Pix => "pix",
            Self::Link => "link",
            Self::AccessCode => "access_code",
            Self::Ladder => "ladder",
            Self::Tags => "tags",
            Self::Status => "status",
            Self::Until => "until",
        }
    }

    /// The field of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// What files call it besides its own name, in folded form. Names that mean different things in different files are left
    /// out: `cliente` is a name or an id, `estado` a state or a status, `titulo` the same for all instalments.
    fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Debtor => &[
                "debtor_id",
                "id_debtor",
                "customer_id",
                "devedor",
                "id_devedor",
                "devedor_id",
                "codigo_devedor",
                "cod_devedor",
                "id_cliente",
                "cliente_id",
                "codigo_cliente",
                "cod_cliente",
                "deudor",
                "id_deudor",
                "deudor_id",
                "codigo_deudor",
            ],
            Self::Name => &[
                "full_name",
                "debtor_name",
                "customer_name",
                "nome",
                "nome_completo",
                "nome_devedor",
                "nome_cliente",
                "razao_social",
                "nombre",
                "nombre_completo",
                "nombre_deudor",
                "nombre_cliente",
            ],
            Self::Document => {
                &["documento", "doc", "tax_id", "cpf", "cnpj", "cpf_cnpj", "cnpj_cpf", "cpfcnpj", "rfc", "curp"]
            }
            Self::Phone => &[
                "phone_number",
                "telephone",
                "mobile",
                "mobile_phone",
                "cell",
                "cell_phone",
                "cellphone",
                "telefone",
                "fone",
                "tel",
                "celular",
                "numero_telefone",
                "numero_celular",
                "telefone_celular",
                "telefone_residencial",
                "telefono",
                "telefono_celular",
                "movil",
                "numero_telefono",
            ],
            Self::Area => &["area_code", "ddd", "lada", "clave_lada", "codigo_area"],
            Self::Confirmed => &[
                "phone_confirmed",
                "confirmed_phone",
                "confirmado",
                "telefone_confirmado",
                "celular_confirmado",
                "numero_confirmado",
                "telefono_confirmado",
            ],
            Self::Language => &["idioma", "lingua"],
            Self::Kind => &["customer_type", "debtor_type", "tipo_cliente", "tipo_devedor", "tipo_deudor"],
            Self::Since => &["customer_since", "cliente_desde"],
            Self::DebtorTags => &["tags_devedor", "tags_cliente", "etiquetas_deudor", "etiquetas_cliente"],
            Self::Debt => &[
                "debt_id",
                "id_debt",
                "divida",
                "id_divida",
                "divida_id",
                "codigo_divida",
                "cod_divida",
                "deuda",
                "id_deuda",
                "deuda_id",
                "codigo_deuda",
            ],
            Self::Creditor => {
                &["creditor_id", "id_creditor", "credor", "id_credor", "codigo_credor", "acreedor", "id_acreedor"]
            }
            Self::Currency => &["moeda", "moneda"],
            Self::Original => &["original", "valor_original", "valor_principal", "monto_original", "importe_original"],
            Self::Amount => &[
                "current_amount",
                "amount_due",
                "balance",
                "valor",
                "valor_atual",
                "valor_atualizado",
                "valor_divida",
                "valor_parcela",
                "saldo",
                "saldo_devedor",
                "saldo_atual",
                "monto",
                "monto_actual",
                "importe",
                "saldo_actual",
                "adeudo",
            ],
            Self::Due => &[
                "due_date",
                "vencimento",
                "data_vencimento",
                "dt_vencimento",
                "vcto",
                "data_vcto",
                "dt_vcto",
                "vencimiento",
                "fecha_vencimiento",
                "fecha_limite",
            ],
            Self::Instalment => &[
                "installment",
                "parcela",
                "numero_parcela",
                "n_parcela",
                "no_parcela",
                "num_parcela",
                "nr_parcela",
                "cuota",
                "numero_cuota",
                "mensualidad",
            ],
            Self::Instalments => &[
                "installments",
                "parcelas",
                "total_parcelas",
                "qtd_parcelas",
                "quantidade_parcelas",
                "cuotas",
                "total_cuotas",
                "mensualidades",
            ],
            Self::Contract => &[
                "contract_number",
                "contrato",
                "numero_contrato",
                "n_contrato",
                "no_contrato",
                "num_contrato",
                "nr_contrato",
            ],
            Self::Product => &["produto", "producto"],
            Self::Terms => &["condicao", "condicoes", "condiciones"],
            Self::Boleto => &["linha_digitavel", "codigo_barras", "barcode"],
            Self::Pix => &["codigo_pix", "pix_code", "pix_copia_e_cola", "pix_copia_cola", "br_code", "brcode"],
            Self::Link => &["url", "portal"],
            Self::AccessCode => &["codigo_acesso", "codigo_acceso"],
            Self::Ladder => &["regua", "regua_cobranca"],
            Self::Tags => &["tag", "etiquetas", "etiqueta"],
            Self::Status => &["situacao", "situacion", "estatus"],
            Self::Until => &[
                "promised_until",
                "promise_date",
                "promessa",
                "promessa_ate",
                "data_promessa",
                "dt_promessa",
                "promesa",
                "promesa_hasta",
                "fecha_promesa",
            ],
        }
    }

    /// Whether several columns may be this one.
    pub fn is_repeated(self) -> bool {
        matches!(self, Self::Phone | Self::Area | Self::Confirmed)
    }

    /// What a heading seems to be.
    pub(super) fn of_heading(heading: &str) -> Option<Self> {
        let folded = fold(heading);
        let is = |field: &Self| field.name() == folded || field.headings().contains(&folded.as_str());
        if let Some(field) = Self::ALL.into_iter().find(is) {
            return Some(field);
        }
        // Several columns of numbers are counted: `telefone1`, `Celular 2`.
        let uncounted = folded.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
        let is = |field: Self| uncounted == field.name() || field.headings().contains(&uncounted);
        Self::ALL.into_iter().find(|field| field.is_repeated() && is(*field))
    }
}

/// A heading without accents, case, marks, and words that say nothing: `Data de Vencimento` is `data_vencimento`.
pub(super) fn fold(heading: &str) -> String {
    const EMPTY: [&str; 8] = ["de", "do", "da", "del", "la", "el", "of", "the"];
    let spelt: String = heading
        .chars()
        .flat_map(|c| if c.is_alphanumeric() { any_ascii::any_ascii_char(c).chars() } else { " ".chars() })
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let words = spelt.split_whitespace().filter(|word| !EMPTY.contains(word));
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[track_caller]
    fn check(heading: &str, field: Option<Field>) {
        assert_eq!(Field::of_heading(heading), field, "{heading}");
    }

    #[test]
    fn headings_are_known_in_three_languages() {
        check("Nome do Devedor", Some(Field::Name));
        check("NOMBRE", Some(Field::Name));
        check("full name", Some(Field::Name));
        check("Data de Vencimento", Some(Field::Due));
        check("Fecha de vencimiento", Some(Field::Due));
        check("CPF/CNPJ", Some(Field::Document));
        check("Nº Contrato", Some(Field::Contract));
        check("N° do contrato", Some(Field::Contract));
        check("Situação", Some(Field::Status));
        check("Linha Digitável", Some(Field::Boleto));
        check("due", Some(Field::Due));
        check("Telefone", Some(Field::Phone));
        check("telefone1", Some(Field::Phone));
        check("Celular 2", Some(Field::Phone));
        check("phone_3", Some(Field::Phone));
        check("DDD", Some(Field::Area));
        check("ddd2", Some(Field::Area));
        check("Clave Lada", Some(Field::Area));
        check("Telefone confirmado", Some(Field::Confirmed));
        check("confirmado2", Some(Field::Confirmed));
        check("Promessa até", Some(Field::Until));
    }

    #[test]
    fn what_may_mean_several_things_is_left_alone() {
        for heading in ["cliente", "Estado", "título", "telefone comercial", "valor2", "", "1"] {
            check(heading, None);
        }
    }

    #[test]
    fn no_two_fields_share_a_heading() {
        let mut seen = BTreeSet::new();
        for field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
            for heading in field.headings().iter().chain([&field.name()]) {
                assert!(seen.insert(*heading), "{heading}");
                assert_eq!(fold(heading), *heading);
            }
        }
    }
}
