<?php
// An endpoint that takes events and believes only those that Recado has signed: php -S 127.0.0.1:PORT webhook.php
// RECADO_WEBHOOK_SECRET is what was shown when the endpoint was made: whsec_…

function is_genuine(string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $at = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($at) || abs(time() - (int) $at) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', getenv('RECADO_WEBHOOK_SECRET')));
    $own = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true));
    // While a secret is changed there are two signatures; one that fits is enough.
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($own, $given)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input');
if (!is_genuine($body)) {
    http_response_code(401);
    exit;
}
// An event comes at least once, and its id tells a repeat: keep $_SERVER['HTTP_WEBHOOK_ID'] where you keep the rest.
$event = json_decode($body, true)['data'];
file_put_contents('php://stdout', $event['type'] . ' ' . ($event['message'] ?? '') . "\n");
http_response_code(204);
