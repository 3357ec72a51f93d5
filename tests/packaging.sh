#!/bin/bash
# The package, the manual pages, the completion and the unit: made, looked at, installed and removed again, in
# a directory that stands for a system. Nothing of this one is touched.
#
#   tests/packaging.sh BUILD_DIRECTORY
#
# Exit codes: 0 proved, 77 cannot run here (the reason is printed), 1 failed.
set -euo pipefail

BUILD=$(realpath "$1")
SOURCE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
USWITCH=$BUILD/uswitch
export LC_ALL=C

trap 'echo "FAILED: line $LINENO: $BASH_COMMAND" >&2' ERR
fail() { echo "FAILED: $*" >&2; exit 1; }
step() { echo "== $* (at $SECONDS s)"; }
has() { command -v "$1" >/dev/null; }
need() { has "$1" || { echo "SKIPPED: there is no $1 (see scripts/packages-test)"; exit 77; }; }
without() { echo "not checked: there is no $1"; }
for tool in dpkg-deb dpkg dpkg-shlibdeps gzip groff; do need "$tool"; done

step "manual pages: no fault, and every command and option is in them"
for page in uswitch.8 uswitch.yaml.5; do
  groff -man -Tutf8 -P-cbou -ww -rLL=100n "$SOURCE/packaging/$page" >"$WORK/$page.txt" 2>"$WORK/groff.log" || fail "$page"
  [[ ! -s $WORK/groff.log ]] || fail "$page: $(cat "$WORK/groff.log")"
done
commands=$("$USWITCH" --help | awk '/^Subcommands:/ {on = 1; next} /^[^ ]/ {on = 0} on && NF {print $1}')
[[ $commands == *show* ]] || fail "no commands in --help"
for command in $commands; do
  grep -qE "^ +$command( |$)" "$WORK/uswitch.8.txt" || fail "uswitch(8) does not have the command $command"
done
for option in $("$USWITCH" --help | grep -oE -- '--[a-z-]+' | sort -u); do
  grep -q -- "$option" "$WORK/uswitch.8.txt" || fail "uswitch(8) does not have $option"
done
echo 'xyzzy: 1' >"$WORK/unknown.yaml"
keys=$({ "$USWITCH" --config "$WORK/unknown.yaml" --check 2>&1 || true; } | grep -oE "'[a-z_]+'" | tr -d "'" | grep -v xyzzy)
[[ $keys == *networks* ]] || fail "no keys in the refusal of an unknown one"
for key in $keys; do
  grep -qiE "^ *$key\b" "$WORK/uswitch.yaml.5.txt" || fail "uswitch.yaml(5) does not have the key $key"
done

step "completion"
complete_line() {  # WORDS...: what is offered for the last one
  PATH=$BUILD:$PATH bash -c 'set -u; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _uswitch
    printf "%s " "${COMPREPLY[@]}"' - "$SOURCE/packaging/uswitch.bash" "$@"
}
offers() {  # WANTED WORDS...
  local got
  got=" $(complete_line "${@:2}")"
  [[ $got == *" $1 "* ]] || fail "completion of '${*:2}' offers '$got', not '$1'"
}
offers show uswitch ""
offers --config uswitch --c
offers drops uswitch show dr
offers ports uswitch show ""
offers workers uswitch show ""
offers connections uswitch delete ""
offers --json uswitch show ports --j
offers --once uswitch --control /run/x top --
offers tcp uswitch show connections --proto t
[[ -z $(complete_line uswitch show ports --network "" | tr -d ' ') ]] || fail "names without a uswitch"

step "the unit"
if has systemd-analyze; then
  sed "s|@BINDIR@/uswitch|$USWITCH|" "$SOURCE/packaging/uswitch.service" >"$WORK/uswitch.service"
  systemd-analyze verify --man=no "$WORK/uswitch.service" >"$WORK/verify.log" 2>&1 || fail "$(cat "$WORK/verify.log")"
  ! grep -q uswitch.service "$WORK/verify.log" || fail "$(cat "$WORK/verify.log")"
else
  without systemd-analyze
fi
for option in ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateMounts ReadWritePaths ProtectProc ProtectKernelTunables ProtectKernelModules ProtectControlGroups; do
  ! grep -q "^$option=" "$SOURCE/packaging/uswitch.service" || fail "$option= would hide the namespaces that uswitch makes"
done
"$USWITCH" --config "$SOURCE/packaging/uswitch.yaml" --check >/dev/null || fail "the configuration of the service"

step "cmake --install, elsewhere and twice"
staged() { DESTDIR=$WORK/staged cmake --install "$BUILD" --prefix /opt/uswitch >"$WORK/install.log" 2>&1 || fail "$(cat "$WORK/install.log")"; }
staged
grep -q 'ExecStart=/opt/uswitch/bin/uswitch ' "$WORK/staged/opt/uswitch/lib/systemd/system/uswitch.service" || fail "the path in the unit"
"$WORK/staged/opt/uswitch/bin/uswitch" --version >/dev/null || fail "what is installed does not run"
echo '# mine' >>"$WORK/staged/etc/uswitch/uswitch.yaml"
staged
grep -q '# mine' "$WORK/staged/etc/uswitch/uswitch.yaml" || fail "installing again takes a configuration's place"

step "the package"
(cd "$WORK" && cpack -G DEB --config "$BUILD/CPackConfig.cmake" -B "$WORK/out" >cpack.log 2>&1) || fail "$(cat "$WORK/cpack.log")"
package=("$WORK"/out/uswitch_*.deb)
dpkg-deb --info "${package[0]}" >"$WORK/info"
depends=$(dpkg-deb --field "${package[0]}" Depends)
for library in libc6 libstdc++6 liburing2 libpcap0.8 libyaml-cpp0.7; do
  [[ $depends == *$library* ]] || fail "the package does not depend on $library: $depends"
done
dpkg-deb --contents "${package[0]}" | awk '{print $1, $2, $6}' >"$WORK/contents"
for file in ./usr/bin/uswitch ./etc/uswitch/uswitch.yaml ./usr/lib/systemd/system/uswitch.service \
  ./usr/share/man/man8/uswitch.8.gz ./usr/share/man/man5/uswitch.yaml.5.gz \
  ./usr/share/bash-completion/completions/uswitch ./usr/share/doc/uswitch/config.md; do
  grep -q " $file$" "$WORK/contents" || fail "the package has no $file"
done
! grep -v 'root/root' "$WORK/contents" || fail "not everything is root's"
[[ $(dpkg-deb --info "${package[0]}" conffiles) == /etc/uswitch/uswitch.yaml ]] || fail "conffiles"
if has lintian; then
  # Of a package that is not for Debian's archive: no changelog of its own, no bug number.
  lintian --no-cfg --allow-root --fail-on error --suppress-tags no-changelog,unstripped-binary-or-object,dir-or-file-in-opt \
    "${package[0]}" >"$WORK/lintian.log" 2>&1 || fail "lintian: $(cat "$WORK/lintian.log")"
else
  without lintian
fi

step "installed and removed"
if [[ $(id -u) != 0 ]]; then
  without "root, so it is not installed"
  exit 0
fi
root=$WORK/root
mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} "$root"/{etc,usr/bin,tmp}
: >"$root/var/lib/dpkg/status"
# The maintainer scripts find no systemd in there.
dpkg_root() { dpkg --root="$root" --force-depends --force-script-chrootless "$@" >"$WORK/dpkg.log" 2>&1 || fail "dpkg $1: $(cat "$WORK/dpkg.log")"; }
dpkg_root --install "${package[0]}"
"$root/usr/bin/uswitch" --config "$root/etc/uswitch/uswitch.yaml" --check >/dev/null || fail "what is installed does not run"
[[ $("$root/usr/bin/uswitch" --version) == "uswitch $(dpkg-deb --field "${package[0]}" Version)" ]] || fail "the version"
grep -q 'ExecStart=/usr/bin/uswitch ' "$root/usr/lib/systemd/system/uswitch.service" || fail "the path in the unit"
echo '# mine' >>"$root/etc/uswitch/uswitch.yaml"
dpkg_root --remove uswitch
[[ ! -e $root/usr/bin/uswitch ]] || fail "the program is still there after removal"
grep -q '# mine' "$root/etc/uswitch/uswitch.yaml" || fail "removal took the configuration away"
dpkg_root --purge uswitch
left=$(find "$root" -path "$root/var/lib/dpkg" -prune -o -type f -print)
[[ -z $left ]] || fail "left behind: $left"
echo "done in $SECONDS s"
