<?php
// Submits a text and waits until it is known what became of it: php delivery.php NUMBER TEXT
require __DIR__ . '/recado.php';

const FINAL_STATES = ['delivered', 'undelivered', 'failed', 'expired', 'blocked', 'unknown'];

[, $to, $text] = $argv;
$after = get('/v1/events?limit=1')['items'][0]['seq'] ?? 0;
$id = post('/v1/messages', ['to' => $to, 'text' => $text])['id'];
while (true) {
    // The stream may be cut at any time. It goes on behind the last event that was read, without a gap.
    $stream = ask('GET', "/v1/events?after=$after", accept: 'text/event-stream');
    while (($line = fgets($stream)) !== false) {
        if (!str_starts_with($line, 'data:')) {
            continue;
        }
        $event = json_decode(substr($line, 5), true);
        $after = $event['seq'];
        [$kind, $state] = explode('.', $event['type']);
        if (($event['message'] ?? null) === $id && $kind === 'message' && in_array($state, FINAL_STATES, true)) {
            exit("$id $state\n");
        }
    }
}
