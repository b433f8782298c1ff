<?php
// Submits many texts: php many.php FILE with lines of NUMBER;TEXT. May be run again: nothing is sent twice.
require __DIR__ . '/recado.php';

const AT_ONCE = 1000;

/** The same again after a while, where no answer came or it was 503 (busy, no space, stopping). */
function submit(array $messages): array
{
    foreach ([1, 2, 4, 8, null] as $wait) {
        try {
            return post('/v1/messages', $messages);
        } catch (Problem $problem) {
            if ($wait === null || !in_array($problem->getCode(), [0, 503], true)) {
                throw $problem;
            }
            sleep($wait);
        }
    }
}

$messages = [];
foreach (file($argv[1], FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) as $line) {
    [$to, $text] = explode(';', $line, 2);
    // The reference says what the text is for. Recado sends one text for each, however often it is submitted.
    $messages[] = ['to' => $to, 'text' => $text, 'client_ref' => "2026-11-$to"];
}
foreach (array_chunk($messages, AT_ONCE) as $piece) {
    foreach (submit($piece)['items'] as $index => $item) {
        // Each item is a message, or the problem with that one.
        echo $piece[$index]['client_ref'], ' ', $item['id'] ?? $item['detail'], "\n";
    }
}
