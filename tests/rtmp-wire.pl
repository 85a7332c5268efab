#!/usr/bin/perl
# rtmp-wire.pl PORT FLOW EXPECT - publish as FLOW does, byte by byte
#
# FLOW is an encoder or a peculiarity: see %flows; it is also the stream's
# name.  Each answer that is checked gives a line, "ok NAME" or "not ok NAME".
# The FLV that the server should make of it is written to the file EXPECT;
# what it makes grows in the file of that name that ends in .flv.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use Socket;
use Time::HiRes qw(sleep time);

use constant { AUDIO => 8, VIDEO => 9, DATA => 18, CALL => 20 };

my ($port, $flow, $expect) = @ARGV;
die "usage: rtmp-wire.pl PORT FLOW EXPECT\n" if !defined $expect;
$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "not ok $flow: an answer within 30 s\n"; exit 1 };
alarm 30;

my $sock;
my ($in, $size) = ('', 128);		# received; our chunk size
my $flv = "FLV\1\5\0\0\0\x09\0\0\0\0";
my (@got, @acks);			# messages not yet waited for
my $their_size = 128;

sub check {
	my ($passed, $name) = @_;
	print $passed ? '' : 'not ', "ok $flow: $name\n";
}

# AMF0.
sub str { pack 'C n/a*', 2, shift }
sub num { pack 'C d>', 0, shift }
sub null { "\5" }
sub obj {
	my $s = "\3";
	while (my ($k, $v) = splice @_, 0, 2) { $s .= pack 'n/a* a*', $k, $v }
	return "$s\0\0\x09";
}
sub list { pack 'C N a*', 10, scalar(@_), join '', @_ }

sub parse;
sub members {
	my ($b) = @_;
	my %o;
	while ((my $n = unpack 'n', substr $$b, 0, 2, '') || ord $$b != 9) {
		my $k = substr $$b, 0, $n, '';
		$o{$k} = parse $b;
	}
	substr $$b, 0, 1, '';
	return \%o;
}
sub parse {		# one value off the head of $$b
	my ($b) = @_;
	my $m = ord substr $$b, 0, 1, '';
	return unpack 'd>', substr $$b, 0, 8, '' if $m == 0;
	return ord substr $$b, 0, 1, '' if $m == 1;
	return substr $$b, 0, unpack('n', substr $$b, 0, 2, ''), ''
	    if $m == 2;
	return members $b if $m == 3;
	return undef if $m == 5 || $m == 6;
	return [map { parse $b } 1 .. unpack 'N', substr $$b, 0, 4, '']
	    if $m == 10;
	die "AMF0 marker $m in an answer\n";
}

# The wire.
sub send_bytes {
	my $at = 0;
	while ($at < length $_[0]) {
		my $n = syswrite $sock, $_[0], 65536, $at;
		return if !$n;
		$at += $n;
	}
}
sub fill { sysread($sock, $in, 65536, length $in) }
sub take {
	my ($n) = @_;
	while (length $in < $n) { fill() or return undef }
	return substr $in, 0, $n, '';
}

# Its answers: whole messages of time 0, each in one chunk.
sub next_message {
	my $h = take(12) // return undef;
	my ($basic, $ts, $n, $type, $msid) = unpack 'C a3 a3 C V', $h;
	$n = unpack 'N', "\0$n";
	check(0, 'answers have time 0, and are whole in one chunk')
	    if $basic >= 64 || $ts ne "\0\0\0" || $n > $their_size;
	my $body = take($n) // return undef;
	$their_size = unpack 'N', $body if $type == 1;
	push @acks, unpack 'N', $body if $type == 3;
	return { type => $type, msid => $msid, body => $body };
}
sub wait_type {		# the next message of this type
	my ($type) = @_;
	while (my $m = next_message()) { return $m if $m->{type} == $type }
	check(0, "an answer of type $type");
	exit 1;
}
sub wait_call {		# the next command NAME [with that transaction]
	my ($name, $txn) = @_;
	for (;;) {
		my $m = wait_type(CALL);
		my $body = $m->{body};
		my @v;
		push @v, parse \$body while length $body;
		push @got, $v[0] . $v[1] if defined $v[1];
		return ($m, @v) if $v[0] eq $name &&
		    (!defined $txn || $v[1] == $txn);
	}
}

sub basic {
	my ($fmt, $csid) = @_;
	return pack 'C', $fmt << 6 | $csid if $csid < 64;
	return pack 'C C', $fmt << 6, $csid - 64 if $csid < 320;
	return pack 'C v', $fmt << 6 | 1, $csid - 64;
}
# A message.  %o: fmt, delta (for fmt 1, 2), omit (no repeated extension).
sub message {
	my ($csid, $type, $msid, $ts, $body, %o) = @_;
	my $fmt = $o{fmt} // 0;
	my $field = $fmt == 0 ? $ts : $o{delta} // 0;
	my $ext = $field >= 0xffffff ? pack 'N', $field : '';
	my $out = basic($fmt, $csid);
	$out .= substr pack('N', $ext ne '' ? 0xffffff : $field), 1
	    if $fmt < 3;
	$out .= substr(pack('N', length $body), 1) . chr $type if $fmt < 2;
	$out .= pack 'V', $msid if $fmt == 0;
	$out .= $ext if $fmt < 3;
	$out .= substr $body, 0, $size, '';
	while (length $body) {
		$out .= basic(3, $csid) . ($o{omit} ? '' : $ext);
		$out .= substr $body, 0, $size, '';
	}
	return $out;
}
sub control { send_bytes(message(2, $_[0], 0, 0, $_[1])) }
sub set_size { control(1, pack 'N', $_[0]); $size = $_[0] }
sub call {
	my ($name, $txn, @args) = @_;
	send_bytes(message(3, CALL, 0, 0,
	    str($name) . num($txn) . join '', @args));
}
sub note {		# the server is to write this tag
	my ($type, $ts, $body) = @_;
	$flv .= pack('C a3 a3 C a3', $type, substr(pack('N', length $body), 1),
	    substr(pack('N', $ts), 1), $ts >> 24, "\0\0\0") . $body .
	    pack 'N', 11 + length $body;
}
sub media {		# send and note
	my ($csid, $type, $msid, $ts, $body, %o) = @_;
	note($type, $ts, $body);
	send_bytes(message($csid, $type, $msid, $ts, $body, %o));
}

sub dial {
	socket $sock, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
	connect $sock, pack_sockaddr_in $port, inet_aton '127.0.0.1'
	    or die "connect: $!\n";
}
sub noise { join '', map { chr(($_ * $_ + 5) % 251) } 1 .. shift }

# S0, S1 and S2 are read before C2 is written, which echoes nothing.
sub shake {
	my ($c1) = @_;
	dial();
	$c1 //= "\0" x 8 . noise(1528);
	send_bytes("\3$c1");
	my $s = take(3073);
	check(defined $s && ord $s == 3, 'S0, S1 and S2 come before C2');
	send_bytes('x' x 1536);
	return $s;
}
sub connect_args { obj(app => str('live'), type => str('nonprivate'),
    tcUrl => str("rtmp://127.0.0.1:$port/live"), @_) }
sub start {		# wait for the answer to publish on stream ID
	my ($id) = @_;
	my ($m, undef, $txn, undef, $info) = wait_call('onStatus');
	check($m->{msid} == $id && $txn == 0 &&
	    $info->{code} eq 'NetStream.Publish.Start',
	    'onStatus: Publish.Start, on the stream of createStream');
}
sub publish {
	my ($id, $csid, @type) = @_;
	send_bytes(message($csid, CALL, $id, 0, str('publish') . num(5) .
	    null . str($flow) . join '', @type));
	start($id);
}
# All but the handshake, in few words.
sub begin {
	call('connect', 1, connect_args());
	wait_call('_result', 1);
	call('createStream', 2, null);
	my (undef, undef, undef, undef, $id) = wait_call('_result', 2);
	publish($id, 4, str 'live');
	return $id;
}
sub finish { call('deleteStream', 0, null, num($_[0])); close $sock }

# FFmpeg: a digest in C1; the server's chunk size becomes its own.
sub ffmpeg {
	my $c1 = "\0\0\0\0\x09\0\x7c\2" . noise(1528);
	my $at = 12 + unpack('%32C*', substr $c1, 8, 4) % 728;
	substr $c1, $at, 32, hmac_sha256(substr($c1, 0, $at) .
	    substr($c1, $at + 32), 'Genuine Adobe Flash Player 001');
	my $s1 = substr shake($c1), 1, 1536;
	$at = 12 + unpack('%32C*', substr $s1, 8, 4) % 728;
	check(substr($s1, $at, 32) eq hmac_sha256(substr($s1, 0, $at) .
	    substr($s1, $at + 32), 'Genuine Adobe Flash Media Server 001'),
	    'a C1 with a digest gets an S1 with one');
	call('connect', 1, connect_args(flashVer => str('FMLE/3.0')));
	my @types = map { next_message()->{type} } 1 .. 4;
	check("@types" eq '5 6 1 20',
	    'window, bandwidth and chunk size come before _result');
	set_size($their_size);
	call('releaseStream', 2, null, str $flow);
	call('FCPublish', 3, null, str $flow);
	call('createStream', 4, null);
	my (undef, undef, undef, undef, $id) = wait_call('_result', 4);
	check("@got" =~ /_result2 _result3 _result4/ && $id >= 1,
	    'each command has its _result, createStream a number');
	publish($id, 8, str 'live');
	media(4, DATA, $id, 0, str('onMetaData') . obj(a => num(1)));
	media(6, VIDEO, $id, 0, "\x17\0\0\0\0" . noise(40));
	media(4, AUDIO, $id, 0, "\xaf\0\x12\x10");
	my $ts = 0xfffff0;		# past the 24 bits in four hours
	for (1 .. 4) {
		media(6, VIDEO, $id, $ts, "\x27\1\0\0\0" . noise(70000));
		media(4, AUDIO, $id, $ts + 3, "\xaf\1" . noise(300));
		$ts += 40;
	}
	call('FCUnpublish', 6, null, str $flow);
	finish($id);
}

# OBS: S2 is read behind C2; chunks of 4096 from before connect; one chunk
# stream with one chain of deltas for all.
sub obs {
	dial();
	send_bytes("\3" . "\0" x 8 . noise(1528));
	my $s1 = substr take(1537), 1;
	send_bytes($s1);
	check(substr(take(1536), 8) eq noise(1528), 'S2 echoes C1');
	set_size(4096);
	call('connect', 1, connect_args(swfUrl => str('rtmp://h/live')));
	my (undef, @v) = wait_call('_result', 1);
	check($v[3]{code} eq 'NetConnection.Connect.Success' &&
	    $v[3]{level} eq 'status' && $v[3]{objectEncoding} == 0,
	    'the _result of connect has level, code, objectEncoding 0');
	check(!exists $v[3]{fourCcList} && !exists $v[3]{capsEx},
	    'nothing about Enhanced RTMP to a client that did not ask');
	call('releaseStream', 2, null, str $flow);
	call('FCPublish', 3, null, str $flow);
	call('createStream', 4, null);
	my (undef, undef, undef, undef, $id) = wait_call('_result', 4);
	publish($id, 4, str 'live');
	my $meta = str('onMetaData') . pack('C N', 8, 20) .
	    substr obj(width => num(1)), 1;
	note(DATA, 0, $meta);
	send_bytes(message(4, DATA, $id, 0, str('@setDataFrame') . $meta));
	media(4, AUDIO, $id, 0, "\xaf\0\x12\x10", fmt => 1);
	media(4, VIDEO, $id, 0, "\x90hvc1" . noise(90), fmt => 1);
	media(4, VIDEO, $id, 21, "\x91hvc1\0\0\0" . noise(9000), fmt => 1,
	    delta => 21);
	media(4, AUDIO, $id, 23, "\xaf\1" . noise(5), fmt => 1, delta => 2);
	media(4, AUDIO, $id, 44, "\xaf\1" . noise(5), fmt => 2, delta => 21);
	media(4, AUDIO, $id, 65, "\xaf\1" . noise(5), fmt => 3);
	media(4, VIDEO, $id, 54, "\xa3hvc1" . noise(5000), fmt => 1,
	    delta => 0xfffffff5);
	media(4, VIDEO, $id, 0, "\xa2hvc1");
	call('FCUnpublish', 6, null, str $flow);
	finish($id);
}

# GStreamer: transaction 0 for what needs no answer; its clock in C2; chunks
# of 128; deleteStream with the name.
sub gstreamer {
	my $s = shake();
	check(substr($s, 1 + 1536 + 8) eq noise(1528), 'S2 echoes C1');
	call('connect', 1, connect_args());
	wait_call('_result', 1);
	@got = ();
	call('releaseStream', 0, null, str $flow);
	call('FCPublish', 0, null, str $flow);
	call('createStream', 3, null);
	my (undef, undef, undef, undef, $id) = wait_call('_result', 3);
	check("@got" eq '_result3', 'transaction 0 is not answered');
	publish($id, 4, str 'live');
	media(6, VIDEO, $id, 1000, "\x17\1\0\0\0" . noise(700));
	media(4, AUDIO, $id, 1010, "\xaf\1" . noise(200));
	media(6, VIDEO, $id, 980, "\x27\1\xff\xff\xde" . noise(700),
	    fmt => 1, delta => 0xffffffec);
	call('deleteStream', 0, null, str $flow);
	close $sock;
}

# A phone of 2022: the extension is not repeated on chunks of type 3.
sub librtmp_old {
	shake();
	my $id = begin();
	for my $ts (16777210, 16777215, 16777216, 20000000) {
		media(4, VIDEO, $id, $ts, "\x27\1\0\0\0" . noise(500),
		    omit => 1);
	}
	media(4, VIDEO, $id, 20000040, "\x27\1\0\0\0" . noise(300),
	    fmt => 1, delta => 40);
	finish($id);
}

# All at once, or a byte at a time; no type, no FCPublish, an odd tcUrl, AMF3.
sub irregular {
	my ($step) = @_;
	dial();
	my $id = 1;
	my $all = "\3" . "\0" x 3072;
	my $args = obj(app => str('live/room/'), tcUrl => str('"rtmp://h//k'));
	$all .= message(64, 17, 0, 0, "\0" . str('connect') . num(1) . $args .
	    null . str('more'));
	$all .= message(319, CALL, 0, 0, str('_checkbw') . num(2) . null);
	$all .= message(320, CALL, 0, 0, str('createStream') . num(3) . null);
	$all .= message(65599, 17, $id, 0, "\0" . str('publish') . num(0) .
	    "\x11\1\x11\6" . chr(1 + 2 * length $flow) . $flow);
	$all .= message(65599, CALL, 0, 0, str('FCPublish') . num(5) . null .
	    str $flow);
	$all .= message(64, AUDIO, $id, 7, "\xaf\1" . noise(300));
	note(AUDIO, 7, "\xaf\1" . noise(300));
	while (length $all) { send_bytes(substr $all, 0, $step, '') }
	take(3073);
	wait_call('_result', 1);
	wait_call('_result', 2);
	wait_call('_result', 3);
	start($id);
	wait_call('_result', 5);
	send_bytes(message(65599, CALL, $id, 0, str('closeStream') . num(0) .
	    null));
	close $sock;
}

# What stands between the messages of a stream.
sub controls {
	shake();
	control(5, pack 'N', 5000);
	my $id = begin();
	control(4, pack 'n N', 6, 0xcafe0001);
	for (;;) {
		my $m = wait_type(4);
		next if unpack('n', $m->{body}) != 7;
		check($m->{body} eq pack('n N', 7, 0xcafe0001),
		    'a ping is answered with its own bytes');
		last;
	}
	control(4, pack 'n N', 99, 1);
	control(4, "\0");
	control(3, pack 'N', 4000);
	control(77, 'unknown');
	# Begun, and given up: its time counts for the next delta.
	send_bytes(substr message(6, VIDEO, $id, 100, 'v' x 300), 0, 12 + 128);
	control(2, pack 'N', 6);
	media(6, VIDEO, $id, 140, "\x27\1" . noise(5), fmt => 1, delta => 40);
	# Two at the same time, chunk by chunk.
	my $video = message(6, VIDEO, $id, 150, 'V' x 256);
	my $audio = message(4, AUDIO, $id, 151, 'A' x 256);
	note(VIDEO, 150, 'V' x 256);
	note(AUDIO, 151, 'A' x 256);
	send_bytes(substr($video, 0, 140) . substr($audio, 0, 140) .
	    substr($video, 140) . substr($audio, 140));
	my $sub = sub { my ($type, $ts, $b) = @_;
		pack 'C a3 a3 C a3 a* N', $type,
		    substr(pack('N', length $b), 1),
		    substr(pack('N', $ts), 1), $ts >> 24, "\0\0\0", $b,
		    11 + length $b };
	send_bytes(message(4, 22, $id, 5000, $sub->(AUDIO, 70, 'a1') .
	    $sub->(VIDEO, 90, 'v1') . $sub->(AUDIO, 93, 'a2')));
	note(AUDIO, 5000, 'a1');
	note(VIDEO, 5020, 'v1');
	note(AUDIO, 5023, 'a2');
	for my $bytes (1, 128, 70000, 0x7fffffff) {
		set_size($bytes);
		media(6, VIDEO, $id, 6000, noise(1000));
	}
	media(6, VIDEO, $id, 6040, noise(8000));
	wait_type(3) while !@acks || $acks[-1] < 15000;
	check($acks[0] >= 5000 && @acks < 4,
	    'acknowledged once per window, at the most');
	finish($id);
}

# Media of the second version, and one message of the largest size.
sub enhanced {
	my $body = "\xa1av01" . 'x' x (16777215 - 5);
	$size = 65536;		# made beforehand: that takes its time
	my $largest = message(6, VIDEO, 1, 40, $body);
	$size = 128;
	shake();
	call('connect', 1, connect_args(fourCcList => list(str 'hvc1'),
	    capsEx => num(15)));
	my (undef, @v) = wait_call('_result', 1);
	check($v[3]{capsEx} == 15 && $v[3]{videoFourCcInfoMap}{'*'} == 4 &&
	    $v[3]{audioFourCcInfoMap}{Opus} == 4 &&
	    grep({ $_ eq 'av01' } @{$v[3]{fourCcList}}),
	    'Enhanced RTMP: the capabilities, to a client that has some');
	call('createStream', 2, null);
	wait_call('_result', 2);
	publish(1, 4, str 'live');
	set_size(65536);
	media(6, VIDEO, 1, 0, $_) for "\xd4hvc1" . str('colorInfo') . obj(),
	    "\x90av01\x81\5\4\0", "\x97\2\0\1\2\1av01\x12\0",
	    "\x96\1hvc1\1xyz", "\x96\x21\x00av01\0\0\0\3abchvc1\1\0\0\2de";
	media(4, AUDIO, 1, 0, $_) for "\x90Opus", "\x95\1mp4a\1aac",
	    "\x94fLaC\1\2\0\0\0\3", "\x97\0\0\1Opusx";
	note(VIDEO, 40, $body);
	send_bytes($largest);
	finish(1);
}

# Refused: the client hears why before the connection is closed.
sub refused {
	my ($name, $code) = @_;
	shake();
	call('connect', 1, connect_args());
	send_bytes(message(4, CALL, 1, 0, str('publish') . num(5) . null .
	    str $name));
	my (undef, @v) = wait_call('onStatus');
	check($v[3]{level} eq 'error' && $v[3]{code} eq $code,
	    "the reason is $code");
	1 while next_message();
	check(length $in == 0, 'then the connection is closed');
}
sub rejected {
	shake();
	call('connect', 1, connect_args());
	wait_call('_result', 1);
	call('connect', 2, connect_args());
	my (undef, @v) = wait_call('_error', 2);
	check($v[3]{code} eq 'NetConnection.Connect.Rejected',
	    'a second connect gets _error');
	1 while next_message();
}
sub type_3 {		# a header of type 3 on a chunk stream that has none
	shake();
	send_bytes("\xc5");
	check(!defined next_message(), 'a protocol error closes this one');
}

# Nothing that the server sends is read: no S2, no answer, no acknowledgement
# and, if one ever came, no ping.  For longer than --idle.
sub deaf {
	dial();
	send_bytes("\3" . "\0" x 3072);
	call('connect', 1, connect_args());
	call('createStream', 2, null);
	control(5, pack 'N', 3000);
	send_bytes(message(8, CALL, 1, 0, str('publish') . num(3) . null .
	    str($flow) . str('live')));
	for my $i (0 .. 15) {
		media(6, VIDEO, 1, 250 * $i, "\x27\1\0\0\0" . noise(2000));
		sleep 0.25;
	}
	finish(1);
}

# What was sent is with the handler although nothing comes behind it: each
# message alone, a burst that fills the window many times over, one after rest.
sub trickle {
	shake();
	my $id = begin();
	my ($ts, $worst) = (0, 0);
	set_size(65536);
	my $handler = $expect =~ s/\.want$/.flv/r;
	my $arrives = sub {
		my $from = time;
		sleep 0.005
		    while (-s $handler // 0) < length $flv && time < $from + 20;
		my $took = time - $from;
		$worst = $took if $took > $worst;
	};
	for my $n ((300) x 30, 40000, (700) x 5, 3000000, 1, 300) {
		sleep 0.6 if $n == 1;
		media(6, VIDEO, $id, $ts += 40, "\x27\1\0\0\0" . 'x' x $n);
		$arrives->();
	}
	check($worst < 5, sprintf 'no message waits for the next (%.0f ms)',
	    1000 * $worst);
	finish($id);
}

# The endings of a publication.
sub ending {
	my ($how) = @_;
	shake();
	my $id = begin();
	media(4, AUDIO, $id, 1, "\xaf\1" . noise(9));
	control(4, pack 'n N', 6, 1);	# its answer: all before was taken
	wait_type(4) while $id-- > 0;
	$how->();
}
sub reset_ { setsockopt $sock, SOL_SOCKET, SO_LINGER, pack 'i i', 1, 0;
    close $sock }
sub unpublish {
	call('FCUnpublish', 6, null, str $flow);
	call('deleteStream', 7, null, num 1);
	call('deleteStream', 8, null, num 1);
	send_bytes(message(4, CALL, 1, 0, str('closeStream') . num(0) . null));
	close $sock;
}

my %flows = (ffmpeg => \&ffmpeg, obs => \&obs, gstreamer => \&gstreamer,
    'librtmp-old' => \&librtmp_old, controls => \&controls,
    enhanced => \&enhanced, trickle => \&trickle, deaf => \&deaf, 'at-once' => sub { irregular(1e9) },
    'byte-by-byte' => sub { irregular(1) },
    'bad-name' => sub { refused('no/../name', 'NetStream.Publish.BadName') },
    'no-name' => sub { refused('', 'NetStream.Publish.BadName') },
    rejected => \&rejected, 'type-3' => \&type_3,
    'ends-fin' => sub { ending(sub { close $sock }) },
    'ends-rst' => sub { ending(\&reset_) },
    'ends-thrice' => sub { ending(\&unpublish) },
    'ends-silent' => sub { ending(sub { 1 while next_message() }) });
($flows{$flow} or die "unknown flow '$flow'\n")->();
open my $out, '>:raw', $expect or die "$expect: $!\n";
print $out $flv;
close $out or die "$expect: $!\n";
