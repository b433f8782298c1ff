<?php
// Tells of a payment, which stops what waits about the debt: php payment.php DEBT PAYMENT
require __DIR__ . '/recado.php';

[, $debt, $payment] = $argv;
$answer = post('/v1/debts/' . rawurlencode($debt) . '/events', ['type' => 'payment_received', 'ref' => $payment]);
// From now on nothing is sent but what was on the wire already.
echo "$answer[status] stopped $answer[stopped] on the wire ", count($answer['on_wire']), "\n";
