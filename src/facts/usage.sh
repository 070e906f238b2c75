# Only local file systems: df would wait for a network file system whose server is gone. File systems in memory, read-only
# ones and those of containers keep no data; but in a container, / is such a one. Single files can be mount points too.
ik_disks() {
    timeout 10 df -a -l -B1 --output=size,avail,fstype,source,target 2>/dev/null |
        while read -r ik_size ik_available ik_type ik_source ik_mount; do
            case $ik_size in 0 | *[!0-9]*) continue ;; esac
            case $ik_mount:$ik_type in
                /:*) ;;
                *:tmpfs | *:devtmpfs | *:ramfs | *:overlay | *:squashfs | *:iso9660 | *:efivarfs | *:fuse.snapfuse) continue ;;
            esac
            [ -d "$ik_mount" ] && printf 'disk\t%s\t%s\t%s\t%s\n' "$ik_size" "$ik_available" "$ik_source" "$ik_mount"
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
