# Only what is local: a network file system whose server is gone would keep df waiting.
ik_disks() {
    timeout 10 df -l -B1 --output=size,avail,target -x tmpfs -x devtmpfs -x overlay -x squashfs -x efivarfs 2>/dev/null |
        while read -r ik_size ik_available ik_mount; do
            case $ik_size in *[!0-9]*) ;; *) printf 'disk\t%s\t%s\t%s\n' "$ik_size" "$ik_available" "$ik_mount" ;; esac
        done
}
printf 'uptime\t%s\n' "$(cat /proc/uptime 2>/dev/null)"
printf 'processors\t%s\n' "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
printf 'load\t%s\n' "$(cat /proc/loadavg 2>/dev/null)"
while read -r ik_name ik_kilobytes ik_rest; do
    case $ik_name in
        MemTotal: | MemAvailable: | SwapTotal: | SwapFree:) printf '%s\t%s\n' "${ik_name%:}" "$ik_kilobytes" ;;
    esac
done </proc/meminfo
ik_disks
