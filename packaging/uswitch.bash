# shellcheck shell=bash
# Completion of uswitch for bash. Commands, options and things to show are read from the program's own
# help, so that they are always those of the version that is installed; names of ports and networks from
# the running uswitch, when it answers.

_uswitch_help() { # [COMMAND]: its help
  "${COMP_WORDS[0]}" "$@" --help 2>/dev/null
}

_uswitch_commands() { _uswitch_help | awk '/^Subcommands:/ {on = 1; next} /^[^ ]/ {on = 0} on {print $1}'; }

_uswitch_options() { _uswitch_help "$@" | grep -oE '(^| |,)--?[a-zA-Z][a-z0-9-]*' | tr -d ' ,' | sort -u; }

# The words of "WHAT REQUIRED  ports, fdb, ... or config", over one line or more.
_uswitch_things() {
  _uswitch_help "$1" | awk '/^Options:/ {exit} /^Positionals:/ {on = 1; next} on {sub(/^ *WHAT( REQUIRED)?/, ""); print}' |
    tr -s ', \n' '\n' | grep -vx -e or -e ''
}

_uswitch_names() { # ports|networks
  local words=(show "$1") i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == --control ]] && words+=(--control "${COMP_WORDS[i + 1]}")
  done
  "${COMP_WORDS[0]}" "${words[@]}" 2>/dev/null | awk 'NR > 1 && $1 !~ /^\(/ && $1 != "socket" {print $1}'
}

_uswitch_reply() { # WORDS
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_uswitch_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  compopt -o filenames 2>/dev/null
}

_uswitch() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --config | --control) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]} && break ;;
    esac
  done
  case $previous in
    --config | --control | --out | -w) _uswitch_files && return ;;
    --port) _uswitch_reply "$(_uswitch_names ports)" && return ;;
    --network) _uswitch_reply "$(_uswitch_names networks)" && return ;;
    --proto) _uswitch_reply "tcp udp icmp icmp6" && return ;;
    --interval | --limit | --count | --mac | --address | --state | --to | --origin | --filter) return ;;
  esac
  if [[ $current == -* ]]; then
    _uswitch_reply "$(_uswitch_options ${command:+"$command"})"
  elif [[ -z $command ]]; then
    _uswitch_reply "$(_uswitch_commands)"
  elif [[ $previous == "$command" && $command == @(show|delete) ]]; then
    _uswitch_reply "$(_uswitch_things "$command")"
  elif [[ $command == reload ]]; then
    _uswitch_files
  fi
}

complete -F _uswitch uswitch
