#!/usr/bin/perl
# segment-serve: strangers do their worst; nothing outside www is served, what
# they cost is bounded, and a viewer beside them has its answers in time.
#
# LONG=1 in the environment: more of them, until they are cut off.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use IO::Select;
use Origin;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF);
use Test::More;
use Time::HiRes qw(sleep time);

use constant MEDIA => 'M' x 19999 . "\n";
use constant IN_TIME => $ENV{LONG} ? 1 : 3;	# CI is slow
use constant PATIENCE => 20;

my $slow = $ENV{LONG} ? 4000 : 600;
my $o = Origin->new('--connections', $slow + 1000);
my $seg = '/s1/h264/000001/000000/000000001.m4s';
$SIG{PIPE} = 'IGNORE';

$o->write(substr($seg, 1), MEDIA);
$o->write('s1/h264/live.m3u8', "#EXTM3U\n#EXT-X-TARGETDURATION:2\n");
$o->write('s1/h264/big.m4s', "\0" x 20_000_000);
mkdir "$o->{dir}/spool/src";
for my $f ("$o->{dir}/secret", "$o->{dir}/spool/src/secret") {
	open my $h, '>', $f or die;
	print $h 'SECRET';
}
symlink "$o->{dir}/secret", "$o->{www}/s1/link.m4s";
symlink '../../src', "$o->{www}/s1/src";
symlink '/', "$o->{www}/s1/root";
symlink '/proc/self/root', "$o->{www}/s1/proc";
symlink '.', "$o->{www}/s1/loop";

sub memory_kib {
	local @ARGV = "/proc/$o->{pid}/status";
	my ($kib) = join('', <>) =~ /VmHWM:\s*(\d+)/;
	return $kib;
}

# The viewer: one connection that it keeps, and new ones, until told to stop.
sub view {
	my ($stop) = @_;
	my $keep = $o->connect;
	my ($n, $bad, $worst) = (0, 0, 0);

	until (IO::Select->new($stop)->can_read(0.02)) {
		my ($t, $head, $body) = (time, '', '');
		my $s = $n % 2 ? $keep : $o->connect;

		print $s "GET $seg HTTP/1.1\r\nHost: v\r\n\r\n";
		while (length $body < length MEDIA &&
		    IO::Select->new($s)->can_read(PATIENCE)) {
			last if !sysread $s, $body, 65536, length $body;
			next if $head ne '' || $body !~ s/^(.*?\r\n\r\n)//s;
			$head = $1;
		}
		$bad++ if $head !~ m{^HTTP/1\.1 200} || $body ne MEDIA;
		$worst = time - $t if time - $t > $worst;
		$n++;
	}
	return "$n $bad $worst";
}
pipe my $stop, my $tell or die;
my $viewer = open my $said, '-|';
die "fork: $!\n" if !defined $viewer;
if ($viewer == 0) {
	close $tell;
	print view($stop);
	close STDOUT;
	POSIX::_exit(0);
}
close $stop;

# Strangers have other addresses than the viewer.
sub stranger {
	my ($number) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $o->{port}, LocalAddr => '127.0.1.' .
	    (1 + int($number / 250))) // die "cannot connect: $!\n";

	$s->blocking(0);
	return $s;
}
# tell_it BYTES, SECONDS: all that comes for them until the connection ends
sub tell_it {
	my ($bytes, $seconds) = @_;
	my $s = stranger(0);
	my ($all, $end) = ('', time + ($seconds // PATIENCE));
	my ($r, $w) = (IO::Select->new($s), IO::Select->new($s));

	while (time < $end) {
		if ($bytes ne '' && $w->can_write(0)) {
			my $n = syswrite $s, $bytes;
			$bytes = defined $n ? substr $bytes, $n : '';
		}
		next if !$r->can_read($bytes eq '' ? 0.2 : 0.01);
		last if !sysread $s, $all, 65536, length $all;
	}
	return $all;
}

# Requests that are not what they seem: CODES of the answers, and no more than
# these; "" is none, in a while.
my $get = "GET $seg HTTP/1.1\r\nHost: x\r\n";
my $next = "${get}Connection: close\r\n\r\n";
for (
    [ 'Content-Length and Transfer-Encoding', 400, "${get}Content-Length: 4\r\n" .
	"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next" ],
    [ 'a chunked body', 400,
	"${get}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next" ],
    [ 'a coding that is none', 400,
	"${get}Transfer-Encoding: xchunked\r\n\r\n$next" ],
    [ 'a coding behind a vertical tab', 400,
	"${get}Transfer-Encoding: \x0bchunked\r\n\r\n$next" ],
    [ 'a body', 400, "${get}Content-Length: 5\r\n\r\n$next" ],
    [ 'an empty body', '200 200', "${get}Content-Length: 0\r\n\r\n$next" ],
    [ 'two lengths', 400,
	"${get}Content-Length: 0\r\nContent-Length: 5\r\n\r\n$next" ],
    [ 'a list of lengths', 400, "${get}Content-Length: 0, 0\r\n\r\n$next" ],
    [ 'length -1', 400, "${get}Content-Length: -1\r\n\r\n$next" ],
    [ 'length +0', 400, "${get}Content-Length: +0\r\n\r\n$next" ],
    [ 'an endless length', 413,
	"${get}Content-Length: 99999999999999999999\r\n\r\n$next" ],
    [ 'a body that is asked for', 400,
	"${get}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n" ],
    [ 'a folded field', 400, "${get}X: a\r\n b\r\n\r\n$next" ],
    [ 'a coding, folded', 400,
	"${get}Transfer-Encoding: chunked\r\n b\r\n\r\n$next" ],
    [ 'a coding in the fold', 400,
	"${get}Transfer-Encoding:\r\n chunked\r\n\r\n$next" ],
    [ 'a length, folded', 400,
	"${get}Content-Length: 5\r\n\tb\r\n\r\n$next" ],
    [ 'a fold at first', 400,
	"GET $seg HTTP/1.1\r\n Host: x\r\n\r\n$next" ],
    [ 'lines that end with LF', 400, "GET $seg HTTP/1.1\nHost: x\n\n$next" ],
    [ 'a line that ends with LF', 400,
	"${get}X: a\nTransfer-Encoding: chunked\r\n\r\n$next" ],
    [ 'the last line ends with LF', 400, "${get}X: a\n\r\n$next" ],
    [ 'CR within a value', 400,
	"${get}X: a\rTransfer-Encoding: chunked\r\n\r\n$next" ],
    [ 'CR alone', '', "GET $seg HTTP/1.1\rHost: x\r\r" ],
    [ 'NUL in a value', 400, "${get}X: a\0b\r\n\r\n$next" ],
    [ 'NUL in a name', 400, "${get}X\0Y: a\r\n\r\n$next" ],
    [ 'space before the colon', 400,
	"${get}Transfer-Encoding : chunked\r\n\r\n$next" ],
    [ 'a tab before the colon', 400,
	"${get}Content-Length\t: 5\r\n\r\n$next" ],
    [ 'no colon', 400, "${get}Content-Length\r\n\r\n$next" ],
    [ 'no name', 400, "${get}: a\r\n\r\n$next" ],
    [ 'no name, and a request behind it', 400, "${get}: a\r\n$next" ],
    [ 'only a colon', 400, "${get}:\r\n$next" ],
    [ 'a name in quotes', 400,
	"${get}\"Transfer-Encoding\": chunked\r\n\r\n$next" ],
    [ 'two hosts', 400, "${get}Host: y\r\n\r\n$next" ],
    [ 'no host', 400, "GET $seg HTTP/1.1\r\n\r\n$next" ],
    [ 'HTTP/0.9', 400, "GET $seg\r\n\r\n" ],
    [ 'HTTP/1.0', 200, "GET $seg HTTP/1.0\r\n\r\n$next" ],
    [ 'HTTP/1.1x', 400, "GET $seg HTTP/1.1x\r\nHost: x\r\n\r\n" ],
    [ 'HTTP/2', 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n$next" ],
    [ 'an upgrade to HTTP/2', '200 200',
	"${get}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n$next" ],
    [ 'POST', 405, "POST $seg HTTP/1.1\r\nHost: x\r\n" .
	"Content-Length: 5\r\n\r\nABCDE$next" ],
    [ 'POST, chunked', 405, "POST $seg HTTP/1.1\r\nHost: x\r\n" .
	"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next" ],
    [ 'CONNECT', 405, "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n$next" ],
    [ 'TRACE', 405, "TRACE / HTTP/1.1\r\nHost: x\r\nCookie: SECRET\r\n\r\n" ],
    [ 'TLS', '', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abc\r\n\r\n" ],
    [ 'a target of 100 KB', 414,
	'GET /' . 'a' x 100_000 . " HTTP/1.1\r\nHost: x\r\n\r\n" ],
    [ '20,000 fields', 431, $get . join('', map { "X$_: y\r\n" } 1 .. 20000) ],
    [ 'a field of 200 KB', 431, $get . 'X: ' . 'y' x 200_000 . "\r\n\r\n" ],
    [ '4,000 parameters', 414, "GET $seg?" . 'a&' x 4000 .
	" HTTP/1.1\r\nHost: x\r\n\r\n" ],
) {
	my ($name, $codes, $bytes) = @$_;
	my $all = tell_it($bytes, $codes eq '' ? 0.2 : PATIENCE);
	my $bodies = () = $all =~ /M{19999}/g;
	my @got = $all =~ m{^HTTP/1\.1 (\d+)}mg;

	# libmicrohttpd sends the head of some of its own refusals twice.
	@got = $got[0] if $bodies == 0 && @got == 2 && $got[0] == $got[1];
	is("@got", $codes, "$name: " . ($codes || 'no answer'));
	unlike($all, qr/SECRET/, "$name: nothing shown");
	is($bodies, () = $codes =~ /200/g, "$name: no other answer");
}

# No way leads out of www.
my @up = ('..', '%2e%2e', '.%2e', '%252e%252e', '%25252e%25252e', '..%00',
    '..;', '%c0%ae%c0%ae', "\xc0\xae\xc0\xae", '%e0%80%ae%e0%80%ae',
    '%uff0e%uff0e', '%u002e%u002e', '..%c0%af..', '. .', '..%20', '.%0a.');
my @slash = ('/', '%2f', '%252f', '%5c', '\\', '%c0%af', '%e2%88%95', '//');
my @paths = map { "/s1/$_" } qw(link.m4s src/secret loop/link.m4s
    loop/loop/src/secret proc/etc/passwd), "root$o->{dir}/secret",
    "link.m4s%00.m4s", "none/../link.m4s";
for my $u (@up) {
	for my $s (@slash) {
		push @paths, "/$u${s}src${s}secret", "/s1$s$u$s$u${s}src${s}secret",
		    "/s1/h264$s$u$s$u$s$u${s}secret";
	}
}
push @paths, "//$o->{dir}/secret", "/%2f$o->{dir}/secret", 'file:///etc/passwd',
    "http://x/../src/secret", 'http://x', "http://x%2f..%2fsrc/secret", '*', '',
    'x', '?/../src/secret', "$seg?/../../src/secret", "$seg%00/../../src/secret",
    "/s1/../../src/secret\0.m4s", '/' . '../' x 300 . 'etc/passwd',
    '/' . 's1/loop/' x 100 . 'link.m4s', '/s1/' . 'loop/' x 100 . 'link.m4s';
my ($shown, %codes) = (0);
for my $p (@paths) {
	my $all = tell_it("GET $p HTTP/1.1\r\nHost: x\r\n" .
	    "Connection: close\r\n\r\n");

	$shown++, diag("shown: $p") if $all =~ /SECRET|root:/;
	$codes{$all =~ m{^HTTP/1\.1 (\d+)} ? $1 : 'none'}++;
}
is($shown, 0, @paths . ' paths lead nowhere');
is(join(' ', grep { !/^(200|400|404|414)$/ } keys %codes), '',
    'answered ' . join ', ', map { "$codes{$_} times $_" } sort keys %codes);

# Nor while a directory becomes a link, and a directory again.
mkdir "$o->{www}/s1/swap";
$o->write('s1/swap/secret', 'harmless');
symlink '../../src', "$o->{www}/s1/swapped";
my $swapper = fork // die;
if ($swapper == 0) {
	chdir "$o->{www}/s1" or die;
	while (1) {
		rename 'swap', 'kept';
		rename 'swapped', 'swap';
		rename 'swap', 'swapped';
		rename 'kept', 'swap';
	}
}
my ($harmless, $secret) = (0, 0);
for (1 .. 400) {
	my $a = $o->get('/s1/swap/secret');

	$harmless++ if $a->{body} eq 'harmless';
	$secret++ if $a->{body} =~ /SECRET/;
}
kill KILL => $swapper;
waitpid $swapper, 0;
is($secret, 0, "never through the link; $harmless times the file");

# Ranges.
my $all = length MEDIA;
for (
    [ '1,000 that overlap', 200, 'bytes=' . join ',', map { "0-$_" } 1 .. 800 ],
    [ '1,500 open ones', 200, 'bytes=' . join ',', ('0-') x 1500 ],
    [ 'a reversed one', 200, 'bytes=100-50' ],
    [ 'beyond 64 bits', 416, 'bytes=99999999999999999999-' ],
    [ 'up to beyond 64 bits', 206, 'bytes=1-99999999999999999999', $all - 1 ],
    [ 'the largest number', 416, 'bytes=18446744073709551615-' ],
    [ 'its successor', 416, 'bytes=18446744073709551616-' ],
    [ 'a huge suffix', 206, 'bytes=-18446744073709551615', $all ],
    [ 'no suffix', 416, 'bytes=-0' ],
    [ 'a negative start', 200, 'bytes=--5' ],
    [ 'nothing', 200, 'bytes=' ],
    [ 'a minus', 200, 'bytes=-' ],
    [ 'another unit', 200, 'lines=0-1' ],
    [ 'hexadecimal', 200, 'bytes=0x0-0x10' ],
    [ 'signs', 200, 'bytes=+0-+1' ],
) {
	my ($name, $code, $range, $bytes) = @$_;
	my $a = $o->get($seg, "Range: $range");

	is("$a->{code} " . length $a->{body},
	    "$code " . ($bytes // ($code == 200 ? $all : 0)),
	    "ranges: $name: $code");
}
my $twice = $o->get($seg, 'Range: bytes=0-1', 'Range: bytes=5-9');
ok($twice->{code} == 200 || length $twice->{body} < 6, 'two Range fields');

# A segment that is cut short while it is sent, and so cannot be.
$o->write('s1/h264/cut.m4s', 'c' x 7_000_000);
my $cut = $o->ask('/s1/h264/cut.m4s');
sysread $cut, my $begun, 1000;
truncate "$o->{www}/s1/h264/cut.m4s", 5000 or die;
cmp_ok(1000 + length $o->answer($cut)->{body}, '<', 7_000_000,
    'its answer ends early');
is($o->get('/s1/h264/cut.m4s')->{body}, 'c' x 5000, 'the next is of the rest');
unlink "$o->{www}/s1/h264/cut.m4s";
is($o->get('/s1/h264/cut.m4s')->{code}, 404, 'what was removed is gone');

# Many who never end their request, a byte at a time; who ask for much and do
# not read; who ask and go at once.
my @slow = map { stranger($_) } 1 .. $slow;
my $begin = $get . 'X: ';
for my $i (0 .. length($begin) - 1) {
	syswrite $_, substr $begin, $i, 1 for @slow;
}
my @deaf = map { stranger(5000 + $_) } 1 .. 100;
for (@deaf) {
	setsockopt $_, SOL_SOCKET, SO_RCVBUF, 4096;
	syswrite $_, "GET /s1/h264/big.m4s HTTP/1.1\r\nHost: x\r\n\r\n" x 3;
}
for (1 .. 500) {
	my $s = stranger(6000);

	syswrite $s, $next;
	# No FIN: the answer meets a connection that is reset.
	setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
}
my ($gone, $end) = (0, time + ($ENV{LONG} ? 40 : 2));
while (time < $end && $gone < @slow) {
	$gone = 0;
	for (@slow) {
		my $n = syswrite $_, 'y';
		$gone++ if !defined $n && !$!{EAGAIN};
	}
	sleep 0.1;
}
is($gone, $slow, 'who does not end a request is cut off') if $ENV{LONG};
my @kept = grep { defined syswrite($_, 'y') || $!{EAGAIN} } @slow;
cmp_ok(@kept, '>=', $slow * 0.9, 'all are there until then') if !$ENV{LONG};
is($o->get($seg)->{code}, 200, 'and others are served');

# How it went for the viewer.
print $tell "enough\n";
close $tell;
my ($n, $bad, $worst) = split ' ', <$said>;
close $said;
cmp_ok($n, '>', 20, "the viewer asked $n times");
is($bad, 0, 'it had all its answers');
cmp_ok($worst, '<', IN_TIME, sprintf 'the latest after %.0f ms', $worst * 1000);

SKIP: {
	open my $maps, '<', "/proc/$o->{pid}/maps" or die;
	skip 'the address sanitizer takes more', 1 if grep { /libasan/ } <$maps>;
	# 6 KiB each, and what libmicrohttpd needs beside; the bare server: 10.
	my $most = 16 * 1024 + 8 * ($slow + 100);
	cmp_ok(memory_kib(), '<', $most,
	    'it took ' . memory_kib() . " KiB of memory, of $most");
}
is($o->stop, 0, 'it ends well');
open my $err, '<', "$o->{dir}/err" or die;
is(join('', <$err>), '', 'and said nothing');
done_testing;
