<?php
// Prints the texts that came in after one, oldest first: php replies.php [SEQ]
require __DIR__ . '/recado.php';

$after = (int) ($argv[1] ?? 0);
while ($items = get("/v1/inbox?after=$after&limit=100")['items']) {
    foreach ($items as $text) {
        $wants = implode(',', $text['intents']) ?: 'nothing that is known';
        $words = json_encode($text['text'], JSON_UNESCAPED_UNICODE);
        echo "$text[seq] $text[from] $wants $words answers $text[message]\n";
        $after = $text['seq'];
    }
}
// The next time, begin behind this one.
echo "last $after\n";
