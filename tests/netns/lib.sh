# shellcheck shell=bash disable=SC2034
# Sourced first by every scenario. It starts the scenario again inside network, mount and PID
# namespaces of its own, with its own tmpfs on /run: nothing of the host is seen or touched, and the
# kernel ends every process and removes every device when the scenario ends, however it ends.
#
#   [USWITCH=build/dev/uswitch] [WORKERS=2] [IO=read_write] tests/netns/test_traffic.sh
#
# Exit codes: 0 proved, 77 cannot run here (the reason is printed), anything else failed; then what
# failed, every log and the counters are printed. SCENARIO_SECONDS bounds a scenario. One that sets
# USER_NAMESPACE=yes first is root of a user namespace only, which needs no privilege.
set -euo pipefail

readonly SCENARIO_SECONDS=${SCENARIO_SECONDS:-100}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly WORK=/run/scenario  # configurations, logs and captures, on the private tmpfs
USWITCH=${USWITCH:-$HERE/../../build/dev/uswitch}
WORKERS=${WORKERS:-1}
IO=${IO:-}  # value of the `io` key; empty leaves the choice to uswitch
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

skip() {
  echo "SKIPPED: $*"
  exit 77
}

enter_private_namespaces() {
  local unshare=(unshare --net --mount --pid --fork --kill-child --mount-proc) tool
  if [[ -n ${USER_NAMESPACE:-} ]]; then
    unshare+=(--user --map-root-user)  # tcpdump does not run there
  elif [[ $(id -u) != 0 ]]; then
    skip "root is needed"
  fi
  [[ -x $USWITCH ]] || { echo "set USWITCH to the uswitch to be tested, not $USWITCH" >&2; exit 2; }
  for tool in curl ethtool ip iperf3 jq nsenter ping python3 ss tcpdump unshare; do
    command -v "$tool" >/dev/null || skip "there is no $tool (see scripts/packages-test)"
  done
  "${unshare[@]}" mount -t tmpfs none /run 2>/dev/null || skip "no private namespaces here"
  [[ -c /dev/net/tun ]] || skip "there is no /dev/net/tun"
  USWITCH=$(realpath "$USWITCH") INSIDE=yes exec timeout --kill-after=5 "$SCENARIO_SECONDS" \
    setpriv --pdeathsig KILL "${unshare[@]}" bash "$0" "$@" </dev/null
}

[[ -n ${INSIDE:-} ]] || enter_private_namespaces "$@"
unset INSIDE
mount -t tmpfs -o mode=0755 none /run
mkdir -p "$WORK" /run/netns
ip link set lo up

if [[ -n $IO ]]; then
  printf 'io: %s\nnetworks: {n: {}}\n' "$IO" >"$WORK/io.yaml"
  "$USWITCH" --config "$WORK/io.yaml" --check >"$WORK/io.log" 2>&1 || skip "$(cat "$WORK/io.log")"
fi

declare -A uswitch_pid=()  # of the running ones, by name

# ---- what failed -------------------------------------------------------------------------------

fail() {
  trap - EXIT
  {
    echo "FAILED: $*"
    echo "  at" "$(caller 0 2>/dev/null)" "$(caller 1 2>/dev/null)"
    local name log
    for name in "${!uswitch_pid[@]}"; do
      echo "---- show ports and drops of $name"
      "$USWITCH" show ports --control "/run/$name.sock" | head -n 30 || true
      "$USWITCH" show drops --control "/run/$name.sock" || true
    done
    for log in "$WORK"/*.log; do
      [[ -f $log ]] && echo "---- $(basename "$log")" && tail -n 40 "$log"
    done
  } >&2
  exit 1
}

# A command that fails unexpectedly ends the scenario: say which.
trap '[[ $? == 0 ]] || fail "line $LINENO: $BASH_COMMAND"' EXIT

step() { echo "== $* (at $SECONDS s)"; }

expect_equal() {  # WHAT ACTUAL WANTED
  [[ $2 == "$3" ]] || fail "$1: '$2' instead of '$3'"
}

expect() {  # WHAT ARITHMETIC-CONDITION
  (($2)) || fail "$1: not ($2)"
}

expect_text() {  # WHAT FILE REGEX
  grep -Eq -- "$3" "$2" || fail "$1: nothing like '$3' in $2: $(tail -n 5 "$2")"
}

wait_until() {  # SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1 + 1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "$what: not in time"
    sleep 0.05
  done
}

# ---- uswitch -----------------------------------------------------------------------------------

write_config() {  # NAME <YAML; adds workers, io and the control socket
  { echo "workers: $WORKERS"; [[ -z $IO ]] || echo "io: $IO"; echo "control: /run/$1.sock"; cat; } \
    >"$WORK/$1.yaml"
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }
is_ready() { grep -q ready "$WORK/$1.log" || has_ended "${uswitch_pid[$1]}"; }

start_uswitch() {  # NAME [<YAML]; without input the last configuration of that name. NODE: the namespace it runs in
  [[ -t 0 || $(readlink /proc/self/fd/0) == /dev/null ]] || write_config "$1"
  : >"$WORK/$1.log"
  ${NODE:+nsenter --net=/run/netns/$NODE} "$USWITCH" --config "$WORK/$1.yaml" >"$WORK/$1.log" 2>&1 </dev/null &
  uswitch_pid[$1]=$!
  wait_until 20 "uswitch $1 is ready" is_ready "$1"
  ! has_ended "${uswitch_pid[$1]}" || fail "uswitch $1 ended while starting"
}

# Proves on the way out that every packet is accounted for, and that nothing is left behind.
stop_uswitch() {  # NAME
  local pid=${uswitch_pid[$1]} status=0
  wait_until 3 "sum(rx) + copies = sum(tx) + drops in uswitch $1" is_balanced "$1"
  kill -TERM "$pid"
  wait_until 10 "uswitch $1 ends on SIGTERM" has_ended "$pid"
  wait "$pid" || status=$?
  unset "uswitch_pid[$1]"
  expect_equal "exit code of uswitch $1" "$status" 0
  [[ ! -e /run/$1.sock ]] || fail "uswitch $1 left its control socket"
}

refused_uswitch() {  # NAME CODE [<YAML]: must end by itself with that exit code
  [[ -t 0 || $(readlink /proc/self/fd/0) == /dev/null ]] || write_config "$1"
  local status=0
  timeout 20 "$USWITCH" --config "$WORK/$1.yaml" >"$WORK/$1.log" 2>&1 </dev/null || status=$?
  expect_equal "exit code of uswitch $1" "$status" "$2"
}

show() {  # WHAT [NAME]: the JSON
  timeout 10 "$USWITCH" show "$1" --json --control "/run/${2:-main}.sock"
}

port() {  # PORT FIELD [NAME]
  show ports "${3:-main}" | jq -r ".ports[] | select(.name == \"$1\") | .$2"
}

drops() {  # REASON [PORT] [NAME]
  local of=.packets
  [[ -z ${2:-} ]] || of=".ports[\"$2\"]"
  show drops "${3:-main}" | jq "[.drops[] | select(.reason == \"$1\") | $of // 0] | add // 0"
}

is_balanced() {  # NAME
  show ports "$1" | jq -e '[.ports[] | .rx_packets + .copies - .tx_packets - .drops] | add == 0' \
    >/dev/null
}

# ---- traffic -----------------------------------------------------------------------------------

in_ns() {  # NAMESPACE COMMAND...
  local ns=$1
  shift
  timeout 30 nsenter "--net=/run/netns/$ns" "$@"
}

mac_of() { link "$1" "${2:-eth0}" .address; }  # NAMESPACE [DEVICE]
link() { ip -n "$1" -json -stats link show dev "$2" | jq -r ".[0]$3"; }  # NAMESPACE DEVICE JQ-PATH

# All at once, since ping waits for the last one no longer than the interval, which on a busy machine is too
# short when it is short.
ping_all() {  # NAMESPACE ADDRESS [COUNT] [OPTIONS...]: not one may be lost
  local ns=$1 address=$2 count=${3:-5}
  in_ns "$ns" ping -n -q -c "$count" -l "$count" -W 3 "${@:4}" "$address" >"$WORK/ping.log" 2>&1 || true
  grep -q ' 0% packet loss' "$WORK/ping.log" || fail "ping from $ns to $address lost some"
}

ping_none() {  # NAMESPACE ADDRESS...: no answer may come from any of them
  local ns=$1 address pids=()
  for address in "${@:2}"; do
    in_ns "$ns" ping -n -q -c 3 -i 0.05 -W 0.3 "$address" >"$WORK/ping_$address.log" 2>&1 &
    pids+=("$address" $!)
  done
  set -- "${pids[@]}"
  while (($#)); do
    ! wait "$2" || fail "$ns reaches $1, which it must not"
    shift 2
  done
}

listens() { in_ns "$1" ss -Hltn "sport = :5201" | grep -q .; }

iperf_server() {  # NAMESPACE
  nsenter "--net=/run/netns/$1" iperf3 -s >"$WORK/iperf_server_$1.log" 2>&1 &
  wait_until 5 "iperf3 -s in $1" listens "$1"
}

same_bytes() {  # CLIENT SERVER ADDRESS: what arrives is what was sent
  nsenter "--net=/run/netns/$2" timeout 20 python3 "$HERE/transfer.py" receive 6000 >"$WORK/received.log" &
  local receiver=$!
  in_ns "$1" python3 "$HERE/transfer.py" send "$3" 6000 16 >"$WORK/sent.log"
  wait $receiver
  expect_equal "hash of 16 MiB $1 -> $3" "$(cat "$WORK/received.log")" "$(cat "$WORK/sent.log")"
}

# Bounds the loss by what the receiver's socket had no room for: on a busy machine that happens, and
# it is not the switch's doing.
udp() {  # CLIENT SERVER ADDRESS OPTIONS...
  local before lost
  before=$(rcvbuf_errors "$2")
  iperf "$1" "$3" -u "${@:4}" >/dev/null
  lost=$(jq '.end.sum.lost_packets' "$WORK/iperf.log")
  expect "lost of UDP $1 -> $3" "$lost <= $(rcvbuf_errors "$2") - before"
  expect "received of UDP $1 -> $3" "$(jq '.end.sum_received.bytes' "$WORK/iperf.log") > 0"
}
rcvbuf_errors() { in_ns "$1" nstat -asz | awk '/^Udp6?RcvbufErrors/ {n += $2} END {print n + 0}'; }

iperf() {  # CLIENT ADDRESS OPTIONS...: the JSON in $WORK/iperf.log, and the bytes that arrived
  in_ns "$1" iperf3 --json --connect-timeout 3000 -c "${@:2}" >"$WORK/iperf.log" 2>"$WORK/iperf_errors.log" ||
    fail "iperf3 from $1 to ${*:2}"
  jq '.end.sum_received.bytes' "$WORK/iperf.log"
}

frames() { in_ns "$1" python3 "$HERE/frames.py" "${@:2}"; }  # NAMESPACE DEVICE KIND [COUNT]

capture() {  # NAMESPACE DEVICE FILE [TCPDUMP OPTIONS AND FILTER...]; sets capture_pid
  : >"$3.log"  # a short snapshot length, for the buffer has room for few frames of the default's
  nsenter "--net=/run/netns/$1" tcpdump --immediate-mode -s 2048 -B 8192 -i "$2" -w "$3" -U "${@:4}" 2>"$3.log" &
  capture_pid=$!
  wait_until 5 "tcpdump in $1" grep -q "listening on" "$3.log"
}

stop_capture() {  # PID
  sleep 0.2  # it does not read what has arrived when it is told to end
  kill -INT "$1" 2>/dev/null || true
  wait_until 5 "tcpdump ends" has_ended "$1"
  wait "$1" || true
}

captured() { tcpdump -n -r "$1" "${@:2}" 2>/dev/null; }                  # FILE OPTIONS AND FILTER...: its text
frames_in() { captured "$1" --count "${@:2}" | awk '{print $1}'; }       # FILE FILTER...: how many
