<?php
// Submits one text: php submit.php NUMBER TEXT
require __DIR__ . '/recado.php';

[, $to, $text] = $argv;
$message = post('/v1/messages', ['to' => $to, 'text' => $text, 'client_ref' => "invoice-4711-$to", 'ttl' => '24h']);
echo "$message[id] $message[state] $message[segments]\n";
if ($message['reason']) {
    // It is taken in and waits: for the hours of contact, a budget, a pause.
    echo "waits: {$message['reason']['code']} until $message[not_before]\n";
}
