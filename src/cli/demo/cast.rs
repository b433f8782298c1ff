//! The people of the demo's portfolio: a file of debts, the words for them, and what becomes of each.

/// The file, as a collection system writes it. The amount in its last row is none.
pub(super) const FILE: &str = "\
contrato;parcela;cliente;nome;telefone;valor;vencimento
AUR-1;3/12;ana;ANA LIMA;(11) 90000-2011;R$ 148,90;23/11/2026
AUR-2;1/6;ana;ANA LIMA;(11) 90000-2011;R$ 1.089,50;23/11/2026
AUR-3;2/10;bia;BEATRIZ ROCHA;(21) 90000-2012;R$ 230,00;27/11/2026
AUR-4;5/5;caio;CAIO MENDES;(11) 90000-2013;R$ 75,00;23/11/2026
AUR-5;4/8;davi;DAVI SOUZA;(31) 90000-2014;R$ 310,00;23/11/2026
AUR-6;7/9;eva;EVA DUARTE;(41) 90000-2015;R$ 99,00;17/11/2026
AUR-7;1/2;fred;FRED NUNES;(51) 90000-2016;a combinar;23/11/2026
";

/// Templates: the name, why it is sent, and the words.
pub(super) const TEMPLATES: [(&str, &str, &str); 5] = [
    (
        "lembrete",
        "reminder",
        "{{ sender }}: {{ first_name }}, sua parcela de {{ amount | money }} vence em {{ due | date }}. Ja pagou? Desconsidere.",
    ),
    ("hoje", "reminder", "{{ sender }}: {{ first_name }}, sua parcela de {{ amount | money }} vence hoje."),
    (
        "atraso",
        "collection",
        "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso. Responda SIM para combinar; PARE para nao receber.",
    ),
    (
        "promessa",
        "collection",
        "{{ sender }}: {{ first_name }}, o pagamento de {{ amount | money }} que combinamos nao chegou. Podemos ajudar?",
    ),
    ("obrigado", "confirmation", "{{ sender }}: {{ first_name }}, recebemos o seu pagamento. Obrigado!"),
];

/// The ladder (régua de cobrança).
pub(super) fn ladder() -> serde_json::Value {
    serde_json::json!({ "group": true, "steps": [
        { "id": "antes", "on": "D-3", "text": "lembrete" },
        { "id": "no-dia", "on": "D+0", "text": "hoje" },
        { "id": "d1", "on": "D+1", "text": "atraso" },
        { "id": "d7", "on": "D+7 16:00", "text": "atraso" },
        { "id": "quebra", "on": "P+1", "text": "promessa" },
        { "id": "carta", "on": "D+30", "exit": "letter" },
    ] })
}
