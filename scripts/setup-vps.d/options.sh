# What was asked for: on the command line now, or of an earlier run.
# shellcheck shell=bash

# By name, without the dashes; a switch that was given is `yes`.
declare -A OPTION=()

read_options() {
    local word value
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
            -h | --help)
                usage
                exit 0
                ;;
            --no-domain | --show-key)
                OPTION[${word#--}]=yes
                continue
                ;;
            --*=*) value=${word#*=} word=${word%%=*} ;;
            --*)
                # An option that is not known is the mistake to name, rather than its missing value.
                need_option "$word"
                [ $# -gt 0 ] || misuse "$word needs a value"
                value=$1
                shift
                ;;
            *) misuse "'$word' is not understood: there are only options" ;;
        esac
        need_option "$word"
        [ -n "$value" ] || misuse "$word needs a value"
        OPTION[${word#--}]=$value
    done
    if [ -n "${OPTION[no-domain]:-}" ] && [ -n "${OPTION[domain]:-}" ]; then
        misuse "--domain and --no-domain contradict each other"
    fi
}

need_option() {
    case $1 in
        --binary | --name | --domain | --email | --port | --ssh-user | --ssh-port) ;;
        *) misuse "there is no option '$1'" ;;
    esac
}

# Takes what was said, then what an earlier run was told, then the defaults.
settle_options() {
    local setting value
    declare -A kept=()
    if [ -f "$SETTINGS" ]; then
        while IFS='=' read -r setting value; do
            case $setting in domain | email | port | ssh-user) kept[$setting]=$value ;; esac
        done <"$SETTINGS"
    fi
    DOMAIN=${OPTION[domain]:-${kept[domain]:-}}
    [ -z "${OPTION[no-domain]:-}" ] || DOMAIN=
    DOMAIN=${DOMAIN,,}
    EMAIL=${OPTION[email]:-${kept[email]:-}}
    PORT=${OPTION[port]:-${kept[port]:-8000}}
    SSH_USER=${OPTION[ssh-user]:-${kept[ssh-user]:-root}}
    # Empty until it is known: what the inventory has counts more than the host name.
    NAME=${OPTION[name]:-}
    check_options
}

check_options() {
    local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
    if [ -n "$DOMAIN" ]; then
        [[ ${#DOMAIN} -le 253 && $DOMAIN =~ ^($label\.)+$label$ && ! $DOMAIN =~ \.[0-9]+$ ]] ||
            misuse "'$DOMAIN' is no domain; write it like: --domain infrakt.example.org"
    fi
    # shellcheck disable=SC2016 # a backtick is a letter of addresses
    local letters='[A-Za-z0-9.!#$%&'"'"'*+/=?^_`{|}~-]+'
    if [ -n "$EMAIL" ]; then
        [[ $EMAIL =~ ^$letters@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$ ]] ||
            misuse "'$EMAIL' is no email address; write it like: --email you@example.org"
    fi
    [[ $SSH_USER =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || misuse "'$SSH_USER' is no user name"
    [[ -z $NAME || $NAME =~ ^[A-Za-z0-9._-]{1,100}$ ]] ||
        misuse "'$NAME' is no name for a server: it may have letters, digits, '.', '_' and '-'"
    is_port "$PORT" || misuse "'$PORT' is no port; write it like: --port 8000"
    # The service has no right to the lower ones, and 80 and 443 are Traefik's.
    [ "$PORT" -ge 1024 ] || misuse "port $PORT is one of those that only root may listen on; take one from 1024 on"
    [ -z "${OPTION[ssh-port]:-}" ] || is_port "${OPTION[ssh-port]}" ||
        misuse "'${OPTION[ssh-port]}' is no port; write it like: --ssh-port 2222"
}

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]; }

# Once it has proven to work, lest a slip be remembered.
keep_settings() {
    place "$SETTINGS" 0644 <<SETTINGS
# Written by setup-vps.sh: what it was told last, which holds until it is told otherwise.
domain=$DOMAIN
email=$EMAIL
port=$PORT
ssh-user=$SSH_USER
SETTINGS
}
