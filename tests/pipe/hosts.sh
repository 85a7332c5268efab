# shellcheck shell=sh
# Sourced by tests behind tap.sh: two hosts, that is network, PID and mount
# namespaces with a cable between them, and one file system, MooseFS, that the
# first serves and both mount as $tmp/shared.  Needs root and the packages.
# shellcheck disable=SC2154 # tmp is tap.sh's

hosts_missing() {	# what is missing, if anything is
	[ "$(id -u)" -eq 0 ] || { echo 'not root'; return; }
	[ -c /dev/fuse ] || { echo 'no /dev/fuse'; return; }
	for command in mfsmaster mfschunkserver mfsmount ip nsenter; do
		command -v "$command" >/dev/null ||
			{ echo "no $command: install-deps ci"; return; }
	done
	unshare --net --pid --fork --mount true 2>/dev/null ||
		echo 'namespaces are not allowed'
}

# on HOST CMD...: run it there
on() {
	on_host=$1; shift
	timeout -k 1 "${on_timeout:-30}" nsenter -t "$(cat "$tmp/host$on_host")" -a -- "$@"
}

# Its first process ends with this one, and takes all others there along.
host_up() {		# host_up HOST
	unshare --net --pid --fork --mount --uts --mount-proc --kill-child \
	    sleep infinity & eval "host$1=\$!"
	pids="$pids $!"
	host_up_of=$!
	wait_for 10 pgrep -P "$host_up_of" || return 1
	pgrep -P "$host_up_of" >"$tmp/host$1"
	wait_for 10 on "$1" true
}
host_kill() { eval "kill -9 \$host$1"; }
hosts_down() {
	host_kill 1 2>/dev/null; host_kill 2 2>/dev/null
	wait 2>/dev/null
	cleanup
}

cable() {
	ip link add eth0 netns "$(cat "$tmp/host1")" type veth \
	    peer name eth0 netns "$(cat "$tmp/host2")" &&
	for i in 1 2; do
		on $i ip addr add 10.77.0.$i/24 dev eth0 &&
		on $i ip link set eth0 up && on $i ip link set lo up || return 1
	done
	# The cable goes when the other host does.
	on 1 ip addr add 10.77.0.1/32 dev lo
}

serve() {		# the file system, on host 1
	mkdir "$tmp/mfs" "$tmp/mfs/master" "$tmp/mfs/chunks" "$tmp/mfs/disk"
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
	MASTER_HOST = 10.77.0.1
	HDD_LEAVE_SPACE_DEFAULT = 64MiB
	END
	chmod 755 "$tmp"
	chown -R mfs "$tmp/mfs"
	on 1 mfsmaster -c "$tmp/mfs/master.cfg" start &&
	on 1 mfschunkserver -c "$tmp/mfs/chunks.cfg" start &&
	mkdir "$tmp/shared" &&
	for i in 1 2; do
		wait_for 20 on $i mfsmount "$tmp/shared" -H 10.77.0.1 ||
			return 1
	done
	wait_for 30 on 1 sh -c "echo x >'$tmp/shared/x' && rm '$tmp/shared/x'"
}

hosts_up() {
	host1='' host2=''
	trap hosts_down EXIT
	host_up 1 && host_up 2 && cable && serve
}
