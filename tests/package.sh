#!/bin/bash
# Runs inside the machine that tests/package boots: package.sh VERSION. Ends at the first thing that is not as it should be.
set -euo pipefail
version="$1"
data=/var/lib/recado

fails() { echo "FAILED: $*"; exit 1; }
is() { [ "$2" = "$3" ] || fails "$1: expected $3, found $2"; }
# Looks for so many seconds until a command succeeds.
within() {
  local seconds="$1"; shift
  for _ in $(seq $((seconds * 5))); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  fails "not within $seconds s: $*"
}
shown() { systemctl show recado --property="$1" --value; }
# It answers; that nothing can send is an answer too.
answers() { recado status >/dev/null 2>&1 || [ $? -eq 1 ]; }
is_up() { [ "$(shown ActiveState)" = active ] && answers; }
can_send() { recado modems --json | grep -q '"ready"'; }
restarted() { [ "$(shown NRestarts)" -gt "$1" ] && is_up; }
started_after() { [ "$(shown ExecMainStartTimestampMonotonic)" -gt "$1" ] && is_up; }
installs() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/root/apt 2>&1 || { cat /root/apt; fails "apt-get install $1"; }; }
pass() { echo "ok   $SECONDS s  $*"; }

installs "/packages/recado_${version}_$(dpkg --print-architecture).deb"
within 20 is_up
is "user" "$(shown User)" recado
is "groups" "$(id -nG recado)" "recado dialout"
is "data" "$(stat -c '%U:%G %a' $data)" "recado:recado 750"
is "token" "$(stat -c '%U %a' $data/admin.token)" "recado 600"
is "database" "$(stat -c '%U %a' $data/recado.db)" "recado 600"
is "enabled" "$(systemctl is-enabled recado)" enabled
[ -e /usr/share/man/man1/recado-send.1.gz ] || [ -e /usr/share/man/man1/recado-send.1 ] || fails "no manual page"
recado check || [ $? -eq 1 ] || fails "check of the example configuration"
pass "installed, started by systemd as its user, readable by nobody else"

# Emulated modems, and a pace for tests.
mkdir -p /etc/systemd/system/recado.service.d
cat > /etc/systemd/system/recado.service.d/test.conf <<CONF
[Service]
ExecStart=
ExecStart=/usr/bin/recado serve --simulate 2
Environment=RECADO_REGION__RULES=none RECADO_SIM__MIN_GAP=0s RECADO_SIM__PER_MINUTE=0 RECADO_SIM__PER_HOUR=0 RECADO_SIM__PER_DAY=0
Environment=RECADO_CONTACT__MAX_PER_DAY=0 RECADO_CONTACT__MAX_PER_WEEK=0 RECADO_CONTACT__MIN_GAP=0s RECADO_CONTACT__SAME_TEXT_DAYS=0
RestartSec=500ms
CONF
systemctl daemon-reload
systemctl restart recado
within 30 can_send
recado send +5511987654321 "primeiro" --wait=delivered >/root/sent || fails "send: $(cat /root/sent)"
pass "a message is delivered under the sandbox of the unit"

# The same sandbox, looked at from inside.
cat > /root/look.sh <<'LOOK'
#!/bin/bash
no() { echo "FAILED: $*"; exit 1; }
touch /usr/x 2>/dev/null && no "/usr can be written"
touch /etc/recado/x 2>/dev/null && no "the configuration can be written"
touch /var/lib/recado/x || no "the data cannot be written"
rm /var/lib/recado/x
echo 1 > /run/lock/of-dialout || no "what belongs to the group of the ports cannot be written"
echo 1 2>/dev/null > /run/lock/of-root && no "what belongs to root can be written"
exec 3<>/dev/tcp/127.0.0.1/7670 || no "no connection goes out"
[ -z "$(ls /root 2>/dev/null)" ] || no "the home of root can be seen"
[ "$(ulimit -c)" = 0 ] || no "a core may be written"
mount -t tmpfs none /mnt 2>/dev/null && no "it can mount"
unshare --user true 2>/dev/null && no "it can make namespaces"
[ -r /proc/1/status ] && no "other processes can be seen"
for device in /dev/ttyS0 /dev/rtc0 /dev/sda /dev/vda; do
  [ -e "$device" ] && [ "$device" != /dev/ttyS0 ] && head -c 1 "$device" >/dev/null 2>&1 && no "$device can be read"
done
[ "$(cat "$CREDENTIALS_DIRECTORY/vivo-1")" = 1234 ] || no "the credential is not there"
echo seen > /var/lib/recado/seen
LOOK
chmod 755 /root/look.sh && cp /root/look.sh /usr/local/bin/look
install -m 600 /dev/null /etc/vivo-1.pin && echo 1234 > /etc/vivo-1.pin
install -m 660 -g dialout /dev/null /run/lock/of-dialout
install -m 600 /dev/null /run/lock/of-root
sed -e 's|^ExecStart=.*|ExecStart=/usr/local/bin/look|; s|^Type=.*|Type=oneshot|; /^ExecReload\|^WatchdogSec\|^Restart/d' \
  -e 's|^#LoadCredential=.*|LoadCredential=vivo-1:/etc/vivo-1.pin|' /usr/lib/systemd/system/recado.service > /etc/systemd/system/look.service
systemctl daemon-reload
systemctl start look || { journalctl --no-pager -u look | tail -n 5; fails "the sandbox is not what it should be"; }
[ -e $data/seen ] || fails "the look at the sandbox did not come to its end"
rm $data/seen
pass "sandbox: system, configuration and home closed; data, group of the ports, outgoing TCP and credential open"

started="$(shown ExecMainStartTimestampMonotonic)"
cp /etc/recado/recado.toml /root/recado.toml
sed -i 's/^per_day = 300/per_dya = 300/' /etc/recado/recado.toml
if systemctl reload recado 2>/dev/null; then fails "a reload with a mistake succeeds"; fi
is "state after a bad reload" "$(shown ActiveState)" active
journalctl --no-pager -u recado | grep -q "per_dya" || fails "the journal does not say what is wrong"
recado alarms | grep -q configuration_refused || fails "no alarm"
sed -e 's/^four_eyes = false/four_eyes = true/' -e 's/^listen = "127.0.0.1:7670"/listen = "127.0.0.1:7671"/' /root/recado.toml > /etc/recado/recado.toml
systemctl reload recado || fails "a good reload fails"
journalctl --no-pager -u recado | grep -q "holds after a restart: http.listen" || fails "what needs a restart is not named"
cp /root/recado.toml /etc/recado/recado.toml
systemctl reload recado
is "status" "$(shown StatusText)" "2 of 2 modems can send"
is "start time after reloads" "$(shown ExecMainStartTimestampMonotonic)" "$started"
pass "reload: a mistake fails, is told and changes nothing; what needs a restart is named"

before="$(shown NRestarts)"
kill -KILL "$(shown MainPID)"
within 20 restarted "$before"
pass "killed: started anew"

printf '[Service]\nWatchdogSec=2s\n' > /etc/systemd/system/recado.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart recado
within 20 is_up
sleep 5
is "restarts of a living daemon" "$(shown NRestarts)" 0
kill -STOP "$(shown MainPID)"
within 30 restarted 0
journalctl --no-pager -u recado | grep -q "Watchdog timeout" || fails "it was not the watchdog"
rm /etc/systemd/system/recado.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart recado
pass "watchdog: a daemon that lives is left alone for 5 s of 2 s, one that hangs is started anew"

# As docs/operations.md has it, on a daemon that runs.
sed -n '/^# systemd starts no socket/,/^```/p' /root/operations.md | grep -v '^```' > /root/socket.sh
grep -q 'enable --now recado.socket' /root/socket.sh || fails "the guide does not say how the socket is enabled"
bash -e /root/socket.sh || fails "the socket is not enabled as the guide says"
is "the socket" "$(systemctl is-enabled recado.socket) $(systemctl is-active recado.socket)" "enabled active"
within 20 is_up
systemctl disable --now --quiet recado.socket
systemctl stop recado
systemctl start recado.socket
exec 3<>/dev/tcp/127.0.0.1/7670
printf 'GET /healthz HTTP/1.1\r\nhost: recado\r\nconnection: close\r\n\r\n' >&3
timeout 30 head -n 1 <&3 | grep -q 200 || fails "the socket does not start the daemon"
exec 3>&-
within 10 is_up
systemctl stop recado.socket recado
systemctl start recado
within 30 can_send
pass "socket: enabled as the guide says; a request starts the daemon and is answered"

# An upgrade in the middle of sending.
for n in $(seq 40); do echo "+551198765$((4000 + n))"; done > /root/numbers
while read -r number; do recado send "$number" "durante a troca" >/dev/null; done < /root/numbers &
sending=$!
started="$(shown ExecMainStartTimestampMonotonic)"
sleep 1
installs "/packages/recado_${version}+next_$(dpkg --print-architecture).deb"
is "version" "$(dpkg-query -W -f '${Version}' recado)" "${version}+next"
within 30 started_after "$started"
# A caller that met the daemon while it was away has exit 4 and sends again; what was taken is not lost.
wait "$sending" || true
within 30 can_send
all_settled() { [ "$(recado messages --json --limit 1000 | grep -cE '"state":"(queued|sending)"')" = 0 ]; }
within 60 all_settled
count() { recado messages --json --limit 1000 | grep -c "$1" || true; }
is "messages of before" "$(count primeiro)" 1
is "unknown messages" "$(count '"state":"unknown"')" 0
taken="$(count 'durante a troca')"
[ "$taken" -ge 1 ] || fails "nothing was taken in around the upgrade"
is "configuration" "$(cmp /root/recado.toml /etc/recado/recado.toml && echo same)" same
pass "upgraded while sending: $taken taken in, all settled and none unknown, data and configuration kept"

# The new machine's part of the guide, with what the old one's has copied, over a database of its own.
runuser -u recado -- recado backup $data/moving.db >/root/backed || fails "backup: $(cat /root/backed)"
cp $data/moving.db $data/suppression.key /root/
systemctl stop recado
rm $data/moving.db $data/recado.db* $data/suppression.key $data/admin.token
systemctl start recado
within 20 is_up
is "messages of a new machine" "$(count primeiro)" 0
sed -n '/^# On the new machine/,/^```/p' /root/operations.md | grep -v '^```' | sed 's/sudo -u recado/runuser -u recado --/' > /root/move.sh
grep -q nothing-sent-since /root/move.sh || fails "the guide does not say how to move"
bash -e /root/move.sh >/root/moved 2>&1 || fails "moving as the guide says: $(cat /root/moved)"
within 20 is_up
is "messages after moving" "$(count primeiro)" 1
is "what is left of moving" "$(ls /root/moving.db /root/suppression.key $data/*moving* $data/*replaced* 2>/dev/null)" ""
is "the moved database" "$(stat -c '%U %a' $data/recado.db) $(stat -c '%U %a' $data/suppression.key)" "recado 600 recado 600"
pass "moved to another machine as the guide says"

begun="$(cut -d. -f1 /proc/uptime)"
apt-get remove -y -qq recado >/dev/null 2>&1 || fails "remove"
is "after removal" "$(systemctl is-active recado || true)" inactive
took=$(( $(cut -d. -f1 /proc/uptime) - begun ))
[ "$took" -lt 100 ] || fails "the stop took $took s"
[ -s $data/recado.db ] || fails "removal took the data"
[ -e /etc/recado/recado.toml ] || fails "removal took the configuration"
[ ! -e /usr/bin/recado ] || fails "the program is still there"
pass "removed: stopped in $took s, data and configuration kept"

installs "/packages/recado_${version}+next_$(dpkg --print-architecture).deb"
within 20 is_up
is "messages after removal and installation" "$(count primeiro)" 1
systemctl stop recado
systemctl enable --now --quiet recado.socket || fails "the socket cannot be enabled after removal and installation"
systemctl disable --now --quiet recado.socket
apt-get purge -y -qq recado >/dev/null 2>&1 || fails "purge"
[ ! -e $data ] || fails "purge left data"
[ ! -e /etc/recado ] || fails "purge left the configuration"
pass "installed again over its data with the socket free, then purged: nothing left of either"

rm -rf /etc/systemd/system/recado.service.d
/packages/recado-*-linux/install >/dev/null
hash -r
systemctl enable --now --quiet recado
within 20 is_up
is "program" "$(readlink -f "/proc/$(shown MainPID)/exe")" /usr/local/bin/recado
systemctl stop recado
pass "archive: installed below /usr/local and started"

if udevadm verify --help >/dev/null 2>&1; then
  udevadm verify /etc/udev/rules.d/77-recado.rules
  pass "udevadm verify"
else
  # It came with systemd 254. The parser is the same when an event is played; what it does not understand it says on stderr.
  udevadm test /devices/virtual/mem/null 2>&1 | grep "77-recado.rules" | grep -iE "invalid|unknown|ignoring|failed|error" && fails "udev does not understand the rules"
  udevadm test /devices/virtual/mem/null 2>&1 | grep -q "Reading rules file: /etc/udev/rules.d/77-recado.rules" || fails "udev does not read the rules"
  pass "udev reads the rules without a complaint (udevadm verify is not in this systemd)"
fi
