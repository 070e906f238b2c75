# The options: from the command line, or saved by an earlier run.
# shellcheck shell=bash

# By name, without the dashes; a given switch is `yes`.
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
                # Report an unknown option rather than its missing value.
                need_option "$word"
                [ $# -gt 0 ] || misuse "$word needs a value"
                value=$1
                shift
                ;;
            *) misuse "unexpected argument '$word': only options are allowed" ;;
        esac
        need_option "$word"
        [ -n "$value" ] || misuse "$word needs a value"
        OPTION[${word#--}]=$value
    done
    if [ -n "${OPTION[no-domain]:-}" ] && [ -n "${OPTION[domain]:-}" ]; then
        misuse "--domain and --no-domain can't be used together"
    fi
}

need_option() {
    case $1 in
        --binary | --name | --domain | --email | --port | --ssh-user | --ssh-port) ;;
        *) misuse "unknown option '$1'" ;;
    esac
}

# Uses the command line first, then the saved settings, then the defaults.
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
    # Empty until it is known: a name in the inventory takes precedence over the host name.
    NAME=${OPTION[name]:-}
    check_options
}

check_options() {
    local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
    if [ -n "$DOMAIN" ]; then
        [[ ${#DOMAIN} -le 253 && $DOMAIN =~ ^($label\.)+$label$ && ! $DOMAIN =~ \.[0-9]+$ ]] ||
            misuse "'$DOMAIN' is not a domain; for example: --domain infrakt.example.org"
    fi
    # shellcheck disable=SC2016 # addresses may contain a backtick
    local letters='[A-Za-z0-9.!#$%&'"'"'*+/=?^_`{|}~-]+'
    if [ -n "$EMAIL" ]; then
        [[ $EMAIL =~ ^$letters@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$ ]] ||
            misuse "'$EMAIL' is not an email address; for example: --email you@example.org"
    fi
    [[ $SSH_USER =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] || misuse "'$SSH_USER' is not a valid user name (--ssh-user)"
    [[ -z $NAME || $NAME =~ ^[A-Za-z0-9._-]{1,100}$ ]] ||
        misuse "'$NAME' is not a valid server name (--name): use letters, digits, '.', '_' and '-', 100 at most"
    is_port "$PORT" || misuse "'$PORT' is not a port; for example: --port 8000"
    # The service may not listen on lower ports, and 80 and 443 are Traefik's.
    [ "$PORT" -ge 1024 ] || misuse "only root may listen on port $PORT; choose one from 1024 to 65535 (--port)"
    [ -z "${OPTION[ssh-port]:-}" ] || is_port "${OPTION[ssh-port]}" ||
        misuse "'${OPTION[ssh-port]}' is not a port; for example: --ssh-port 2222"
}

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]; }

# Saves the settings only after they have worked, so that a mistake is not saved.
keep_settings() {
    place "$SETTINGS" 0644 <<SETTINGS
# Written by setup-vps.sh: its last settings, which it uses until you give new ones.
domain=$DOMAIN
email=$EMAIL
port=$PORT
ssh-user=$SSH_USER
SETTINGS
}
