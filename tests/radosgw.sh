# shellcheck shell=sh
# Sourced by tests that need an S3 store: Ceph's radosgw over one monitor and
# one OSD, in namespaces of the test (hosts.sh, before this), on the ports that
# it has by itself.  All of it ends with the test.
#
#	radosgw			start it; $tmp/s3cfg is for s3cmd -c
#	radosgw_stop, radosgw_start	as when it cannot be reached
#
# shellcheck disable=SC2154 # tmp is tap.sh's
ceph=$tmp/ceph
access=LIVESPOOLTEST
secret=$(head -c 24 /dev/urandom | base64 | tr -d '/+=')

radosgw_missing() {
	hosts_missing ceph-mon ceph-osd radosgw ceph s3cmd
}

ceph_conf() {
	cat <<-EOT
	[global]
	fsid = $1
	mon host = 127.0.0.1
	public network = 127.0.0.0/8
	auth cluster required = none
	auth service required = none
	auth client required = none
	ms mon client mode = crc
	ms mon service mode = crc
	ms client mode = crc
	ms service mode = crc
	ms cluster mode = crc
	ms mon cluster mode = crc
	osd pool default size = 1
	osd pool default min size = 1
	osd pool default pg num = 2
	osd pool default pg autoscale mode = off
	osd crush chooseleaf type = 0
	mon allow pool size one = true
	mon data avail crit = 1
	run dir = $ceph
	admin socket = $ceph/\$name.asok
	log file = $ceph/\$name.log
	mon data = $ceph/mon
	osd data = $ceph/osd
	osd objectstore = bluestore
	bluestore block size = 4294967296
	osd memory target = 939524096
	rgw data = $ceph/rgw
	rgw dynamic resharding = false
	EOT
}
ceph_do() { timeout 60 ceph -c "$ceph/conf" "$@"; }

radosgw_start() {
	command radosgw -f -c "$ceph/conf" -n client.rgw \
	    --rgw-frontends='beast endpoint=127.0.0.1:8000' \
	    >"$ceph/rgw.out" 2>&1 &
	echo $! >"$ceph/rgw.pid"
	wait_for 120 curl -s -o "$ceph/answer" http://127.0.0.1:8000/
}
radosgw_stop() {
	kill -KILL "$(cat "$ceph/rgw.pid")"
}

radosgw() {
	mkdir -p "$ceph/mon" "$ceph/osd" "$ceph/rgw"
	ip link set lo up
	id=$(cat /proc/sys/kernel/random/uuid)
	ceph_conf "$id" >"$ceph/conf"
	monmaptool --create --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' \
	    --fsid "$id" "$ceph/monmap" >/dev/null &&
	ceph-mon -c "$ceph/conf" --mkfs -i a --monmap "$ceph/monmap" || return 1
	ceph-mon -f -c "$ceph/conf" -i a >"$ceph/mon.out" 2>&1 &
	osd=$(cat /proc/sys/kernel/random/uuid)
	echo bluestore >"$ceph/osd/type"
	ceph_do osd new "$osd" >/dev/null &&
	ceph-osd -c "$ceph/conf" -i 0 --mkfs --osd-uuid "$osd" \
	    >"$ceph/mkfs.out" 2>&1 || return 1
	ceph-osd -f -c "$ceph/conf" -i 0 >"$ceph/osd.out" 2>&1 &
	radosgw_start || return 1
	timeout 60 radosgw-admin -c "$ceph/conf" user create --uid=test \
	    --display-name=test --access-key="$access" --secret-key="$secret" \
	    >"$ceph/user" 2>&1 || return 1
	(umask 077; cat >"$tmp/s3cfg" <<-EOT
	[default]
	access_key = $access
	secret_key = $secret
	host_base = 127.0.0.1:8000
	host_bucket = 127.0.0.1:8000
	use_https = False
	max_retries = 1
	EOT
	)
}
