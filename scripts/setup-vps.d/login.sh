# How infrakt logs in to this machine itself: a key, and an sshd that accepts it.
# shellcheck shell=bash disable=SC2034 # variables set here are used in other files

SSH_KEY=$STATE_DIR/.ssh/id_ed25519

make_ssh_key() {
    [ -d "$STATE_DIR/.ssh" ] || install -d -m 0700 -o "$ACCOUNT" -g "$ACCOUNT" "$STATE_DIR/.ssh"
    if [ -f "$SSH_KEY" ]; then
        report "SSH key" unchanged
    else
        # The private key is moved last, so if it exists, both files are complete.
        # shellcheck disable=SC2016 # expanded by the inner shell
        as_account sh -euc '
            rm -f -- "$1.new" "$1.new.pub"
            ssh-keygen -q -t ed25519 -N "" -C "$2" -f "$1.new"
            mv -- "$1.new.pub" "$1.pub"
            mv -- "$1.new" "$1"' sh "$SSH_KEY" "infrakt@$(hostname)"
        report "SSH key" "made: $SSH_KEY"
    fi
    PUBLIC_KEY=$(as_account ssh-keygen -y -P '' -f "$SSH_KEY" | cut -d ' ' -f 1,2) || PUBLIC_KEY=
    [ -n "$PUBLIC_KEY" ] ||
        die "the key $SSH_KEY can't be used" "move it away and run this script again: mv $SSH_KEY $SSH_KEY.old"
}

# Reads sshd's settings for that user when connecting from this machine itself, one setting per line.
read_sshd() {
    # sshd needs this directory. If systemd listens for sshd, it does not exist before the first connection.
    install -d -m 0755 /run/sshd
    /usr/sbin/sshd -T -C "user=$SSH_USER,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" >"$WORK/sshd" 2>"$WORK/said" ||
        die "sshd can't print its configuration: $(head -n 3 "$WORK/said")" "see why: sshd -t"
}

sshd_setting() { awk -v name="$1" '$1 == name { $1 = ""; sub(/^ /, ""); print }' "$WORK/sshd"; }

# The host key of this machine's sshd, read from the disk. So nothing is trusted on first sight.
find_host_key() {
    local sort file
    for sort in ed25519 ecdsa rsa; do
        while read -r file; do
            [ -f "$file.pub" ] || continue
            HOST_KEY=$(cut -d ' ' -f 1,2 "$file.pub")
            case $HOST_KEY in "ssh-$sort "* | "$sort-"*) return ;; esac
        done < <(sshd_setting hostkey)
    done
    die "sshd has no host key here" "make one: ssh-keygen -A && systemctl restart ssh"
}

# Authorizes infrakt's key, for connections from this machine only.
authorize() {
    local entry home file folder address addresses=127.0.0.1,::1 line beside
    entry=$(getent passwd "$SSH_USER") || die "there is no user '$SSH_USER'" "name an existing user: --ssh-user USER"
    home=$(cut -d : -f 6 <<<"$entry")
    if [ "$SSH_USER" = root ]; then
        case $(sshd_setting permitrootlogin) in
            no | forced-commands-only)
                die "sshd does not allow root to log in (PermitRootLogin)" \
                    "name a user with sudo without a password: --ssh-user USER; or set: PermitRootLogin prohibit-password"
                ;;
        esac
    fi
    [ "$(sshd_setting pubkeyauthentication)" = yes ] ||
        die "sshd accepts no keys for '$SSH_USER' (PubkeyAuthentication)" "set it to yes, at least for 127.0.0.1, and: systemctl reload ssh"
    file=$(sshd_setting authorizedkeysfile | cut -d ' ' -f 1)
    [[ -n $file && $file != none ]] ||
        die "sshd reads no keys from files (AuthorizedKeysFile)" "set: AuthorizedKeysFile .ssh/authorized_keys"
    file=${file//%h/$home}
    file=${file//%u/$SSH_USER}
    file=${file//%%/%}
    [[ $file == /* ]] || file=$home/$file
    # Write to the link's target; don't replace the link.
    file=$(readlink -m -- "$file")
    folder=$(dirname -- "$file")

    for address in "${SSH_ADDRESSES[@]}"; do
        case ,$addresses, in *",$address,"*) ;; *) addresses+=,$address ;; esac
    done
    line="restrict,pty,from=\"$addresses\" $PUBLIC_KEY infrakt, for this server itself"
    if grep -qxF -- "$line" "$file" 2>/dev/null; then
        report "SSH login" "unchanged"
        return
    fi
    if [ ! -d "$folder" ]; then
        install -d -m 0700 -o "$SSH_USER" -g "$(id -g "$SSH_USER")" "$folder"
    fi
    beside=$(mktemp "$folder/.infrakt.XXXXXX")
    if [ -f "$file" ]; then
        chown --reference="$file" "$beside"
        chmod --reference="$file" "$beside"
        # Other lines stay as they are; awk adds a missing newline at the end.
        awk -v key="${PUBLIC_KEY#* }" '{ for (i = 1; i <= NF; i++) if ($i == key) next; print }' "$file" >"$beside"
    else
        chown "$SSH_USER:$(id -g "$SSH_USER")" "$beside"
        chmod 0600 "$beside"
    fi
    printf '%s\n' "$line" >>"$beside"
    mv -fT -- "$beside" "$file"
    report "SSH login" "infrakt may log in as $SSH_USER from this server itself: $file"
}

# The addresses at which this machine may reach its own sshd, the usual ones first.
find_ssh_addresses() {
    local listen address
    SSH_ADDRESSES=()
    while read -r listen; do
        address=${listen%:*}
        address=${address#[}
        address=${address%]}
        case $address in
            0.0.0.0) address=127.0.0.1 ;;
            ::) address=::1 ;;
        esac
        if [ "$address" = 127.0.0.1 ]; then SSH_ADDRESSES=("$address" "${SSH_ADDRESSES[@]}"); else SSH_ADDRESSES+=("$address"); fi
    done < <(sshd_setting listenaddress)
    [ ${#SSH_ADDRESSES[@]} -gt 0 ] || SSH_ADDRESSES=(127.0.0.1 ::1)
}

# The ports that sshd is configured for or listens on. If systemd listens for sshd, its socket has the port.
ssh_ports() {
    if [ -n "${OPTION[ssh-port]:-}" ]; then
        printf '%s\n' "${OPTION[ssh-port]}"
        return
    fi
    {
        sshd_setting port
        sshd_setting listenaddress | grep -oE '[0-9]+$'
        ss -Hltnp | awk '/"sshd/ { n = split($4, part, ":"); print part[n] }'
        if systemctl is-active --quiet ssh.socket; then
            systemctl show ssh.socket --property Listen --value | grep -oE '[0-9]+ \(Stream\)' | cut -d ' ' -f 1
        fi
    } | awk '!seen[$0]++'
}

# Finds an address and a port at which the login works, with the host key that was read from the disk.
find_login() {
    local address candidate command=true
    [ "$SSH_USER" = root ] || command='sudo -n true'
    printf 'this-server %s\n' "$HOST_KEY" >"$WORK/known_hosts"
    : >"$WORK/said"
    for address in "${SSH_ADDRESSES[@]}"; do
        for candidate in $(ssh_ports); do
            if ssh -F none -n -T -i "$SSH_KEY" -p "$candidate" -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=10 \
                -o HostKeyAlias=this-server -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$WORK/known_hosts" \
                -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR -l "$SSH_USER" "$address" "$command" 2>>"$WORK/said"; then
                SSH_ADDRESS=$address
                SSH_PORT=$candidate
                report "SSH" "works: $SSH_USER at $address, port $candidate"
                return
            fi
        done
    done
    sort -u "$WORK/said" | sed 's/^/  | /' >&2
    case $command in
        true)
            die "infrakt can't log in with its key as $SSH_USER at ${SSH_ADDRESSES[*]}" \
                "see why: journalctl -u ssh -n 20; another port: --ssh-port PORT; another user: --ssh-user USER"
            ;;
        *)
            die "infrakt can't log in with its key as $SSH_USER, or sudo needs a password there" \
                "allow sudo without a password: echo '$SSH_USER ALL=(ALL) NOPASSWD: ALL' | EDITOR=tee visudo -f /etc/sudoers.d/infrakt"
            ;;
    esac
}
