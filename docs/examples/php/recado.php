<?php
// What the other examples share: one request to Recado. PHP 8.1 or later; no extensions beyond the usual ones.

/** Recado says no: a problem document (RFC 9457). */
class Problem extends Exception
{
}

/** The open answer; a Problem where it is none of 200 to 299, or where none came (code 0). */
function ask(string $method, string $path, mixed $body = null, string $accept = 'application/json')
{
    $headers = ['Authorization: Bearer ' . getenv('RECADO_TOKEN'), "Accept: $accept", 'Content-Type: application/json'];
    $content = $body === null ? '' : json_encode($body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
    $http = ['method' => $method, 'header' => $headers, 'content' => $content, 'ignore_errors' => true, 'timeout' => 60];
    // A stream in pieces (HTTP/1.1) would be held back by PHP until it has 8 KiB of it.
    $http['protocol_version'] = 1.0;
    $answer = @fopen(getenv('RECADO_URL') . $path, 'r', false, stream_context_create(['http' => $http]));
    if ($answer === false) {
        throw new Problem('no answer', 0);
    }
    $status = (int) explode(' ', stream_get_meta_data($answer)['wrapper_data'][0])[1];
    if ($status >= 300) {
        $document = json_decode(stream_get_contents($answer), true);
        throw new Problem($document['detail'] ?? $document['title'] ?? 'refused', $status);
    }
    return $answer;
}

function get(string $path): array
{
    return json_decode(stream_get_contents(ask('GET', $path)), true);
}

function post(string $path, array $body): array
{
    return json_decode(stream_get_contents(ask('POST', $path, $body)), true);
}
