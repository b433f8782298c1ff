#!/bin/sh
# Writes a small database as a release leaves it: write.sh RECADO NAME, with the program of that release. Two emulated modems carry a
# few messages of every kind; then the daemon is stopped and the file is made small. Needs curl and python3.
set -eu
recado=$(realpath "$1")
name=$2
here=$(dirname "$(realpath "$0")")
folder=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null || true; rm -rf "$folder"' EXIT
printf "[store]\npath = '%s/recado.db'\n[http]\nlisten = '127.0.0.1:0'\n[sim]\nmin_gap = '0s'\n" "$folder" > "$folder/recado.toml"
"$recado" serve --config "$folder/recado.toml" --simulate 2 --now 2026-11-24T13:00:00Z 2> "$folder/log" &
daemon=$!
for _ in $(seq 200); do [ -S "$folder/recado.sock" ] && break; sleep 0.1; done
# What a release does not know yet it answers with 404.
tell() { curl -s -o "$folder/answer" -w "$1 $2 %{http_code}\n" --unix-socket "$folder/recado.sock" -X "$1" -H 'content-type: application/json' --data "$3" "http://recado$2"; }
tell POST /v1/creditors '{"id":"loja","name":"Loja Exemplo","sender":"Loja Ltda","zone":"America/Sao_Paulo","language":"pt-BR","currency":"BRL"}'
tell POST /v1/debtors '[{"id":"ana","name":"Ana Exemplo","numbers":["+5511987650001"]},{"id":"bea","name":"Bea Exemplo","numbers":["+5511987650002"]}]'
tell POST /v1/debts '[{"id":"d1","creditor":"loja","debtor":"ana","amount":"110.50","due":"2026-11-20"},{"id":"d2","creditor":"loja","debtor":"bea","amount":"20.00","due":"2026-12-20"}]'
tell POST /v1/messages '{"to":"+5511987650001","text":"Loja: Ana, sua parcela venceu.","client_ref":"r1","debtor":"ana","debt":"d1","creditor":"loja"}'
tell POST /v1/messages '{"to":"+5511987650021","text":"Loja: um texto mais longo do que cabe em uma parte, para que sejam duas, com tudo o que uma cobrança costuma dizer: o valor, o dia, a loja, e onde se paga sem sair de casa.","client_ref":"r2"}'
tell POST /v1/messages '{"to":"+5511987650004","text":"Olá 😀, você recebeu.","priority":9,"on_unknown":{"resend_after":"30m"}}'
tell POST /v1/messages '[{"to":"+5511987650005","text":"um","batch":"lote","tags":["a"]},{"to":"+5511987650006","text":"dois","batch":"lote","team":"norte","operator":"eva"}]'
tell POST /v1/messages '{"to":"+5511987650007","text":"daqui a muito","not_before":"2027-06-01T13:00:00Z","client_ref":"r7"}'
tell POST /v1/suppressions '{"numbers":["+5511987650009"],"kind":"manual","source":"teste","why":"pediu"}'
tell POST /v1/messages '{"to":"+5511987650009","text":"nao vai"}'
tell POST /v1/debts/d2/events '{"type":"promise","until":"2026-12-22"}'
tell PUT /v1/debtors/ana/hours '{"state":"SP","preferred":["09:00-12:00"]}'
tell POST /v1/webhooks '{"url":"https://erp.example/recado","types":["message.*"]}'
sleep 12
tell POST /v1/pause '{"scope":"batch","id":"lote","reason":"teste"}'
tell POST /v1/messages '{"to":"+5511987650010","text":"espera","batch":"lote"}'
kill -TERM "$daemon"
wait "$daemon" || true
python3 - "$folder/recado.db" "$here/$name.db" <<'PY'
import os, sqlite3, sys
source, target = sys.argv[1:]
conn = sqlite3.connect(source, isolation_level=None)
conn.execute("PRAGMA journal_mode = DELETE")
conn.execute("PRAGMA page_size = 512")
conn.execute("VACUUM")
version = conn.execute("PRAGMA user_version").fetchone()[0]
states = conn.execute("SELECT state, count(*) FROM message GROUP BY state").fetchall()
conn.close()
os.replace(source, target)
print(target, "schema", version, "octets", os.path.getsize(target), "messages by state", states)
PY
