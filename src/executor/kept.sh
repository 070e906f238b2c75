# What the runner keeps of a step: its output, for later steps, and the old file in place of the new one.

# keep_output LENGTH: keeps what the step has printed on its standard output, up to one byte more than a later step may get. If
# it can't be kept, the step has failed, and no later one may take a part for the whole.
ik_keep_output() {
    if tail -c "+$((ik_printed_from + 1))" "$IK_DIR/out" | head -c "$1" | head -c "$((IK_LONGEST + 1))" >"$ik_output"; then
        return
    fi
    rm -f -- "$ik_output"
    echo "infrakt could not keep what the step has printed, for a later step" >&6
    ik_mark_exactly
    ik_status=1
}
# restore_ended INDEX: puts the old file back, in place of an upload that was ended before it did so. Nothing interrupts this.
ik_restore_ended() {
    ik_was=$ik_status ik_why=$ik_late ik_firm=yes
    ik_start "$1.restore" plain -e 300 >&5 2>&6
    ik_await "$1.restored" 30000
    if [ "$ik_status" -ne 0 ]; then echo "infrakt could not put the old file back" >&6; fi
    ik_status=$ik_was ik_late=$ik_why ik_firm=''
}
