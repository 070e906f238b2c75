# Finds data that is still in Docker's directories after a wipe, whatever the daemon reports. Prints in the format of ik_survey,
# including everything that ik_survey finds. Docker removes some data after it has reported it as removed; this waits for that.
ik_left() {
    if [ "$ik_proven" = 0 ]; then
        for ik_attempt in 1 2 3 4 5 6 7 8 9 10; do
            ik_lines=$(ik_left_in "$ik_root")
            [ -n "$ik_lines" ] || break
            [ "$ik_attempt" = 10 ] || sleep 1
        done
        [ -z "$ik_lines" ] || printf '%s\n' "$ik_lines"
    fi
    ik_survey
}
# ik_left_in ROOT
ik_left_in() {
    ik_count "$1"/containers/*/
    [ "$ik_number" = 0 ] || ik_found "$1/containers" "it still has $ik_number" 'check them: ls there'
    ik_count "$1"/volumes/*/
    [ "$ik_number" = 0 ] || ik_found "$1/volumes" "it still has $ik_number" 'check them: ls there'
    ik_count "$1"/image/*/imagedb/content/sha256/*
    [ "$ik_number" = 0 ] || ik_found "$1/image" "it still has $ik_number" 'check them: find there'
    ik_count_layers "$1"
    [ "$ik_number" = 0 ] || ik_found "$1/$ik_driver" "it still has $ik_number layers, which Docker no longer knows" \
        'stop Docker, remove them yourself, and start it again'
    case $ik_store in
        io.containerd.*)
            ik_place=$(ik_own_containerd)
            ik_count_content "$ik_place"
            [ "$ik_number" = 0 ] || ik_found "$ik_place" "it still has $ik_number layers and files of images" \
                'look at them: ctr --namespace moby images ls'
            ;;
    esac
}
