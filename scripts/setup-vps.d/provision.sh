# Provisions this server, and follows the run to its end.
# shellcheck shell=bash disable=SC2016 # jq's variables

provision() {
    local run
    follow_what_is_at_work
    jq -n --arg email "$EMAIL" '{keep_data: true} + if $email == "" then {} else {email: $email} end' >"$WORK/parameters"
    jq '{recipe: "provision", parameters: .}' "$WORK/parameters" >"$WORK/body"
    call POST "/api/servers/$NAME/plan" 200 "$WORK/body"
    cp -- "$WORK/answer" "$WORK/plan"
    check_plan
    if jq -e '(.marks | length) == (.steps | length) and all(.marks[]; IN("no_change", "check"))' "$WORK/plan" >/dev/null; then
        report provisioned unchanged
        return
    fi
    # With its digest, so that exactly this plan runs.
    jq --slurpfile plan "$WORK/plan" '{keep_data: true, parameters: del(.keep_data), digest: $plan[0].digest}' \
        "$WORK/parameters" >"$WORK/body"
    call POST "/api/servers/$NAME/provision" 202 "$WORK/body"
    run=$(jq -er .run_id "$WORK/answer")
    report provisioning "run $run"
    follow "$run"
    report provisioned "done, in run $run"
}

# Begins nothing unless the plan destroys nothing and infrakt knows that the server is protected.
check_plan() {
    jq -e '(.steps | type == "array" and length > 0 and all(.effect == "check" or .effect == "change")) and .needs_consent == false' \
        "$WORK/plan" >/dev/null ||
        stop_loudly "the plan for '$NAME' destroys something" \
            "$(jq -r '.steps[]? | select(.effect != "check" and .effect != "change") | .title' "$WORK/plan")"
    jq -e '.server.protected | type == "array" and length > 0' "$WORK/plan" >/dev/null ||
        stop_loudly "the plan for '$NAME' does not say that it is protected" "$(jq -c .server "$WORK/plan")"
    jq -e '.refused == null' "$WORK/plan" >/dev/null ||
        die "'$NAME' can't be provisioned: $(jq -r '.refused.message' "$WORK/plan")" \
            "$(jq -r '.refused.hint // "find out why, then run this script again"' "$WORK/plan")"
}

# An earlier call of this script may have been interrupted; its run continues in the service.
follow_what_is_at_work() {
    local run
    call GET "/api/runs?server=$NAME&limit=1" 200
    run=$(jq -r '.[0] // empty | select(.state == "running") | .id' "$WORK/answer")
    [ -n "$run" ] || return 0
    report provisioning "run $run is already at work here"
    follow "$run"
}

# follow RUN: prints each step as it ends, and fails if the run fails.
follow() {
    local run=$1 told=0 state heard=$SECONDS deadline=$((SECONDS + RUN_PATIENCE))
    local shell="runuser -u $ACCOUNT -- $PROGRAM --home $STATE_DIR"
    trap 'say "The run continues in the service; run this script again to follow it."; exit 130' INT
    while :; do
        [ $SECONDS -lt $deadline ] || die "run $run has not ended after $RUN_PATIENCE s" "look at it: $shell runs show $run"
        if api GET "/api/runs/$run" && [ "$STATUS" = 200 ]; then
            heard=$SECONDS
            tell_steps "$told"
            told=$(jq '[.steps[] | select(.outcome != null)] | length' "$WORK/answer")
            state=$(jq -r .state "$WORK/answer")
            [ "$state" = running ] || break
        elif [ $((SECONDS - heard)) -ge "$START_PATIENCE" ]; then
            die "can't determine the state of run $run: $(answered)" "see the service's journal: journalctl -u infrakt.service"
        fi
        sleep 0.5
    done
    trap - INT
    [ "$state" = "done" ] || die "run $run has ended as '$state': $(jq -r '.reason // "no reason is known"' "$WORK/answer")" \
        "see its output: $shell runs logs $run; then run this script again"
}

# Prints the steps that have ended, except the first TOLD of them.
tell_steps() {
    local outcome title
    jq -r --argjson told "$1" '[.steps[] | select(.outcome != null)][$told:][] | select(.outcome != "skipped")
        | (if .effect == "check" and .outcome == "no_change" then "check" else .outcome | sub("_"; " ") end) + "\t" + .title' "$WORK/answer" |
        while IFS=$'\t' read -r outcome title; do printf '    %-10s %s\n' "$outcome" "$title" >&2; done
}
