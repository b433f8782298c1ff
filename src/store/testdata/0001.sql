-- What the first schema may hold when it is upgraded: a message that went out in two parts, and a row of spending whose
-- message is gone.
INSERT INTO sim (key, iccid, first_seen, next_mr) VALUES (1, '8955010000000000001', 1795525200000, 2);
INSERT INTO lane (key, route, batch) VALUES (1, '', ''), (2, 'sim:8955010000000000001', 'november');
INSERT INTO message (key, id, created_at, client, recipient, text, purpose, priority, due, expires, encoding_asked,
    encoding, units, report, lane, first_segment, parts, parts_sent, state)
VALUES (1, x'0193a8f0000070008000000000000001', 1795525200000, 'test', 5511987654321, 'um', 'collection', 5,
    1795525200000, 1795611600000, 'auto', 'gsm7', 500, 1, 2, 1, 4, 2, 1);
INSERT INTO segment (key, message, part, state, lane, prio, due, expires, pdu, sim, modem, tp_mr, offered_at, accepted_at)
VALUES
    (1, 1, 1, 3, 2, 5, 1795525200000, 1795611600000, x'00', 1, 'm1', 0, 1795525200000, 1795525201000),
    (2, 1, 2, 3, 2, 5, 1795525200000, 1795611600000, x'00', 1, 'm1', 1, 1795525202000, 1795525203000),
    (3, 1, 3, 0, 2, 5, 1795525200000, 1795611600000, x'00', NULL, NULL, NULL, NULL, NULL),
    (4, 1, 4, 0, 2, 5, 1795525200000, 1795611600000, x'00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO spend (sim, at, segment, parts)
VALUES (1, 1795525200000, 1, 1), (1, 1795525202000, 2, 1), (1, 1795525100000, 9, 1);
INSERT INTO inbound (seq, at, sender, sim, modem, text, parts, message)
VALUES (1, 1795525300000, '+5511987654321', 1, 'm1', 'ok', 1, 1), (2, 1795525300000, '29011', 1, 'm1', 'saldo', 1, NULL);
-- Two parts of a text of three, and a text that was published.
INSERT INTO received (at, sim, modem, pdu, sender, concat_ref, concat_bits, total, seq, inbound)
VALUES
    (1795525500000, 1, 'm1', x'01', '+5511987654321', 9, 8, 3, 1, NULL),
    (1795525400000, 1, 'm1', x'02', '+5511987654321', 9, 8, 3, 3, NULL),
    (1795525300000, 1, 'm1', x'03', '+5511987654321', NULL, NULL, NULL, NULL, 1);
