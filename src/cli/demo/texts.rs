//! The demo's first act: texts, and what the emulated network makes of them.

use crate::sms::lifecycle::MessageState;

/// To whom, what, and what comes of it. The last four digits decide what the emulated network does with a text.
pub(super) const SAMPLE: [(&str, &str, MessageState); 17] = [
    (
        "+5511900001011",
        "Loja Aurora: Olá Ana, a parcela 3/12 de R$ 148,90 vence amanhã. Pix e boleto no app. Já pagou? Desconsidere.",
        MessageState::Delivered,
    ),
    (
        "+5511900001012",
        "Loja Aurora: Bruno, a parcela de R$ 89,50 venceu em 20/11. Responda 1 para receber o Pix.",
        MessageState::Delivered,
    ),
    (
        "+5521900001013",
        "Loja Aurora: Carla, sua parcela está vencida há 15 dias. Temos uma proposta: 3x de R$ 61,00 sem juros, com a \
         primeira em 05/12. Para aceitar, responda SIM. Se preferir falar com a gente, ligue 0800 000 0000, de segunda a \
         sexta, das 8h às 18h. Para não receber mais mensagens, responda PARE.",
        MessageState::Delivered,
    ),
    (
        "+5581900000006",
        "Loja Aurora: Davi, identificamos uma parcela em aberto. Para não receber mais mensagens, responda PARE.",
        MessageState::Delivered,
    ),
    (
        "+5551900000007",
        "Loja Aurora: Elisa, podemos ajudar com a sua parcela? Responda a esta mensagem.",
        MessageState::Delivered,
    ),
    ("+5531900000001", "Loja Aurora: Fábio, a parcela de R$ 230,00 vence hoje.", MessageState::Undelivered),
    ("+5585900000003", "Loja Aurora: Gil, a parcela de R$ 75,00 venceu ontem.", MessageState::Failed),
    (
        "+529980001021",
        "Tienda Sol: Hola Hugo, su pago de $1,250.00 vence mañana. Pague en línea o en tienda. ¿Ya pagó? Ignore este aviso.",
        MessageState::Delivered,
    ),
    (
        "+529980001022",
        "Tienda Sol: Inés, su pago de $480.00 venció el 20/11. Responda 1 para recibir la referencia.",
        MessageState::Delivered,
    ),
    ("+529980000002", "Tienda Sol: Javier, gracias por su pago de $990.00.", MessageState::Accepted),
    (
        "+529980001023",
        "Tienda Sol: Karla, su cuenta tiene un saldo vencido. Podemos ofrecerle un plan de pagos a su medida. Responda a este \
         mensaje para que un asesor se comunique con usted. Horario: lunes a viernes de 8:00 a 20:00.",
        MessageState::Delivered,
    ),
    ("+529980000004", "Tienda Sol: Luis, su pago de $310.00 vence hoy.", MessageState::Delivered),
    (
        "+447700900131",
        "Aurora Store: Hi Mary, your payment of £45.00 is due tomorrow. Reply STOP to opt out.",
        MessageState::Delivered,
    ),
    (
        "+447700900132",
        "Aurora Store: Hi Noah, your payment of £120.00 was due on 20 Nov. Reply HELP for options, STOP to opt out.",
        MessageState::Delivered,
    ),
    (
        "+5571900000008",
        "Loja Aurora: Rita, a parcela de R$ 99,00 venceu em 18/11. Já pagou? Responda a esta mensagem.",
        MessageState::Delivered,
    ),
    ("+5541900000009", "Loja Aurora: Saulo, temos uma proposta para a sua parcela em aberto.", MessageState::Delivered),
    // It is 7:00 in Mexico City when the demo begins: the day of collection begins there at 8:00.
    ("+525510001024", "Tienda Sol: María, su pago de $620.00 vence mañana.", MessageState::Queued),
];

/// Numbers that always answer.
pub(super) const ANSWERS: usize = 4;

/// Who has asked to be left alone by the end of the sample.
pub(super) const OPTED_OUT: &str = "+5581900000006";
