# Calls of the API.
# shellcheck shell=bash

# The key is created here, before the first start, so that no journal contains it.
read_key() {
    [ -z "${KEY:-}" ] || return 0
    KEY=$(as_account "$PROGRAM" serve --print-key 2>"$WORK/said") || KEY=
    [[ $KEY =~ ^[A-Za-z0-9._~+/=-]{16,}$ ]] ||
        die "the API key can't be read: $(head -c 300 "$WORK/said")" \
            "see why: runuser -u $ACCOUNT -- $PROGRAM --home $STATE_DIR serve --print-key"
}

# api METHOD PATH [FILE]: sends FILE as the body; the answer is in $WORK/answer, its status in $STATUS. It fails if there is
# no answer. The key goes through a pipe, since all users can see arguments.
api() {
    local words=(--disable --silent --show-error --noproxy '*' --max-time 150 --request "$1"
        --output "$WORK/answer" --write-out '%{http_code}')
    [ $# -lt 3 ] || words+=(--header 'Content-Type: application/json' --data-binary "@$3")
    : >"$WORK/answer"
    STATUS=$(curl "${words[@]}" --config <(printf 'header = "X-API-Key: %s"\n' "$KEY") \
        "http://127.0.0.1:$PORT$2" 2>"$WORK/said")
}

# call METHOD PATH EXPECTED [FILE]: like `api`, but ends the script if the status is not EXPECTED.
call() {
    local words=("$1" "$2") hint
    [ $# -lt 4 ] || words+=("$4")
    api "${words[@]}" ||
        die "$1 $2: no answer ($(head -n 1 "$WORK/said"))" "see its journal: journalctl -u infrakt.service; then run this script again"
    [ "$STATUS" != "$3" ] || return 0
    hint=$(jq -er '.error.hint' "$WORK/answer" 2>/dev/null) || hint='see its journal: journalctl -u infrakt.service'
    die "$1 $2 $(answered)" "$hint"
}

# Prints the last answer for people.
answered() {
    printf 'answered %s: ' "$STATUS"
    jq -er '.error | "\(.message) (\(.code))"' "$WORK/answer" 2>/dev/null || head -c 1000 "$WORK/answer"
}
