# shellcheck shell=sh
# Sourced by tests that need other machines: hosts h1, h2, ... on a network, in
# namespaces of this test alone, each with its own sshd, processes and mounts.
# All of it ends with the test.
#
#	in_namespaces "$0" "$@"	first, before tap.sh: run this script there
#	hosts N			start them; $net/ssh_config has their addresses
#	share			MooseFS, served here, as $tmp/shared on all of them
#	on I COMMAND...		run it on hI
#	host_kill I		like a power cut;  host_start I brings it back
#	host_env		what commands on hosts have in their environment
#	host_unplug I		its cable;  host_plug I
#
# shellcheck disable=SC2154 # tmp is tap.sh's
home=10.9.0.254		# where the test itself runs

# hosts_missing [COMMAND...]: why this cannot be done here, if so
hosts_missing() {
	[ "$(id -u)" -eq 0 ] || { echo 'not root'; return; }
	for command in ip nsenter ssh ssh-keygen /usr/sbin/sshd "$@"; do
		command -v "$command" >/dev/null ||
			{ echo "no $command: install-deps ci"; return; }
	done
	unshare --net --pid --fork --mount true 2>/dev/null ||
		echo 'namespaces are not allowed'
}
share_missing() {
	[ -c /dev/fuse ] || { echo 'no /dev/fuse'; return; }
	hosts_missing mfsmaster mfschunkserver mfsmount
}

in_namespaces() {
	[ -z "${IN_NAMESPACES:-}" ] || return 0
	missing=$(hosts_missing)
	[ -z "$missing" ] || { echo "1..0 # SKIP $missing"; exit 0; }
	IN_NAMESPACES=1 exec unshare --net --mount --pid --fork --kill-child \
	    --mount-proc "$@"
}

hosts() {
	net=$tmp/net
	shared=
	mkdir "$net" "$net/home"
	chmod 755 "$tmp"
	ip link set lo up
	ip link add br0 type bridge
	ip addr add "$home/24" dev br0
	ip link set br0 up
	ssh-keygen -q -t ed25519 -N '' -f "$net/id"
	ssh-keygen -q -t ed25519 -N '' -f "$net/hostkey"
	# Nothing that this machine's root has in its shell's rc files.
	sed "s,^root:.*,root:x:0:0:root:$net/home:/bin/sh," /etc/passwd \
	    >"$net/passwd"
	cat >"$net/ssh_config" <<-EOT
	Host h*
	 User root
	 IdentityFile $net/id
	 IdentitiesOnly yes
	 UserKnownHostsFile /dev/null
	 StrictHostKeyChecking no
	 BatchMode yes
	 LogLevel ERROR
	EOT
	for i in $(seq "$1"); do
		printf 'Host h%d\n HostName 10.9.0.%d\n' "$i" "$i"
	done >>"$net/ssh_config"
	for i in $(seq "$1"); do host_start "$i" || return; done
	for i in $(seq "$1"); do wait_for 20 host_answers "$i" || return; done
}

host_answers() { ssh -F "$net/ssh_config" -o ConnectTimeout=2 "h$1" true; }

host_start() {
	mkdir -p "$net/tmp$1" /run/sshd
	cat >"$net/sshd_config.$1" <<-EOT
	HostKey $net/hostkey
	AuthorizedKeysFile $net/id.pub
	PidFile none
	StrictModes no
	UsePAM no
	UseDNS no
	MaxSessions 64
	MaxStartups 64
	SetEnv TMPDIR=$net/tmp$1 ${host_env:-PATH=$PATH}
	EOT
	unshare --net --uts --mount --pid --fork --kill-child --mount-proc \
	    sh -c "hostname h$1
	    mount --bind '$net/passwd' /etc/passwd
	    until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
	    ip link set lo up
	    ip addr add 10.9.0.$1/24 dev eth0 && ip link set eth0 up
	    exec /usr/sbin/sshd -D -e -f '$net/sshd_config.$1'" \
	    </dev/null >>"$net/log.$1" 2>&1 &
	echo $! >"$net/unshare.$1"
	wait_for 10 pgrep -P $! || return
	pgrep -P "$(cat "$net/unshare.$1")" >"$net/pid.$1"
	ip link add "v$1" type veth peer name eth0 \
	    address "02:00:00:00:00:0$1" netns "$(cat "$net/pid.$1")"
	ip link set "v$1" master br0 up
	[ -z "$shared" ] || share_mount "$1"
}
host_kill() {
	kill -9 "$(cat "$net/pid.$1")"
	wait "$(cat "$net/unshare.$1")" 2>/dev/null
	wait_for 10 host_gone "$1"
}
host_gone() { ! ip link show "v$1"; }
host_unplug() { ip link set "v$1" down; }
host_plug() { ip link set "v$1" up; }
on() {
	on_host=$1; shift
	timeout -k 1 "${on_timeout:-30}" \
	    nsenter -t "$(cat "$net/pid.$on_host")" -a -- "$@"
}

# One server of names and one of chunks, both here.
share() {
	mkdir "$tmp/mfs" "$tmp/mfs/master" "$tmp/mfs/chunks" "$tmp/mfs/disk" \
	    "$tmp/shared"
	printf 'MFSM NEW' >"$tmp/mfs/master/metadata.mfs"
	echo '* / rw,alldirs,maproot=0' >"$tmp/mfs/exports"
	: >"$tmp/mfs/topology"
	echo "$tmp/mfs/disk" >"$tmp/mfs/disks"
	cat >"$tmp/mfs/master.cfg" <<-END
	WORKING_USER = mfs
	DATA_PATH = $tmp/mfs/master
	EXPORTS_FILENAME = $tmp/mfs/exports
	TOPOLOGY_FILENAME = $tmp/mfs/topology
	END
	cat >"$tmp/mfs/chunks.cfg" <<-END
	WORKING_USER = mfs
	DATA_PATH = $tmp/mfs/chunks
	HDD_CONF_FILENAME = $tmp/mfs/disks
	MASTER_HOST = $home
	HDD_LEAVE_SPACE_DEFAULT = 64MiB
	END
	chown -R mfs "$tmp/mfs"
	shared=1
	trap 'umount -l "$tmp/shared"; cleanup' EXIT
	mfsmaster -c "$tmp/mfs/master.cfg" start &&
	mfschunkserver -c "$tmp/mfs/chunks.cfg" start &&
	wait_for 20 mfsmount "$tmp/shared" -H "$home" &&
	for i in "$net"/pid.*; do share_mount "${i##*.}" || return; done &&
	wait_for 30 sh -c "echo x >'$tmp/shared/x' && rm '$tmp/shared/x'"
}
share_mount() { wait_for 20 on "$1" mfsmount "$tmp/shared" -H "$home"; }
