# Makes all file systems of this mount namespace read-only at once, with mount_setattr(2), open_tree(2), move_mount(2) and
# fsopen(2). These system calls have the same numbers on every architecture. mount(8) would need a process for each mount.
use strict;
my ($here, $none, $recursive, $read_only) = (-100, "", 0x8000, 1);
sub call {
    my ($name, @arguments) = @_;
    my $result = syscall({ open_tree => 428, move_mount => 429, fsopen => 430, fsconfig => 431, fsmount => 432,
            mount_setattr => 442 }->{$name}, @arguments);
    die "$name: $!\n" if $result == -1;
    return $result;
}
# move TREE PATH
sub move { my ($tree, $path) = @_; call("move_mount", $tree, $none, $here, $path, 4); }
# attributes PATH FLAGS SET CLEAR
sub attributes {
    my ($path, $flags, $set, $clear) = @_;
    my $attributes = pack("QQQQ", $set, $clear, 0, 0);
    call("mount_setattr", $here, $path, $flags, $attributes, length $attributes);
}
# Programs that only look take locks in /run: ufw, iptables, lvm. So /run becomes a directory in memory with the entries of the
# real one, each read-only, and with room for locks and temporary files. It disappears with the namespace.
my $run = "/run";
my @entries;
opendir(my $directory, $run) or die "$run: $!\n";
for my $name (grep { $_ ne "." && $_ ne ".." } readdir $directory) {
    my $path = "$run/$name";
    my $link = readlink $path;
    my $kind = defined $link ? "link" : $name eq "lock" ? "locks" : $name =~ /\.lock$/ ? "lock" : -d $path ? "directory" : "file";
    # Includes the mounts below. Opens a link itself, not its target. Close on exec.
    my $tree;
    if ($kind !~ /lock|link/) {
        $tree = eval { call("open_tree", $here, $path, 1 | $recursive | 0x100 | 02000000) };
        # It may have been removed since it was listed.
        if (!defined $tree) { next if !lstat $path; die $@; }
    }
    push @entries, [$path, $kind, $tree, $link];
}
my ($type, $mode, $seven, $size, $large) = ("tmpfs", "mode", "755", "size", "256m");
my $memory = call("fsopen", $type, 1);
call("fsconfig", $memory, 1, $mode, $seven, 0);
call("fsconfig", $memory, 1, $size, $large, 0);
call("fsconfig", $memory, 6, 0, 0, 0);
# No devices, no set-user-ID.
move(call("fsmount", $memory, 1, 2 | 4), $run);
for (@entries) {
    my ($path, $kind, $tree, $link) = @$_;
    if ($kind eq "link") { symlink $link, $path or die "$path: $!\n"; next; }
    if ($kind eq "directory" || $kind eq "locks") { mkdir $path or die "$path: $!\n"; }
    else { open(my $file, ">", $path) or die "$path: $!\n"; }
    if ($kind eq "locks") { chmod 01777, $path or die "$path: $!\n"; }
    move($tree, $path) if defined $tree;
}
my $root = "/";
attributes($root, $recursive, $read_only, 0);
attributes($run, 0, 0, $read_only);
