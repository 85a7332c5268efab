#!/usr/bin/perl
# rtmp.pl - an RTMP client that does what no encoder should
#
#	rtmp.pl PORT COMMAND [ARG...]	on 127.0.0.1
#
#	try NAME [FROM]		publish; print the answer and the seconds it
#				took.  FROM is the address to come from
#	hold NAME [FROM]	the same, then wait for the end of stdin
#	half N [FROM]		N handshakes that are never finished; "spread"
#				comes from many addresses.  Prints "ready" and
#				then waits for the end of stdin
#	keys RATE SECONDS FROM	wrong keys, so many a second; print how many
#				were sent, and how many answers came
#	deaf NAME		publish, ask for replies and never read them
#	large NAME BYTES	publish a video message of BYTES, print the
#				answer and "sent" or "closed"
#	sizes NAME CHUNK FILE	publish video messages of many sizes in chunks
#				of CHUNK bytes; print "half" in between.  FILE
#				gets the FLV that should come of them
#	move NAME [FILE]	publish as one that knows Enhanced RTMP's
#				reconnect request; print where it should go.
#				With FILE: make FILE.connected after the
#				handshake, and publish when FILE is there
#	huge NAME		announce chunks of 2 GB, send them slowly
use strict;
use warnings;
use Errno qw(EAGAIN EINPROGRESS);
use Fcntl;
use Socket;
use Time::HiRes qw(time sleep);

my ($port, $command, @args) = @ARGV;
die "usage: rtmp.pl PORT COMMAND [ARG...]\n" if !defined $command;
$| = 1;
$SIG{PIPE} = 'IGNORE';

sub str { pack 'C n/a*', 2, shift }
sub num { pack 'C d>', 0, shift }
sub chunk {
	my ($csid, $type, $msid, $body) = @_;
	return pack 'C a3 a3 C V a*', $csid, "\0\0\0",
	    substr(pack('N', length $body), 1), $type, $msid, $body;
}

# Everything up to publish, in one piece: the stream's id is known to be 1.
sub publish {
	my ($name, $more) = @_;
	return "\3" . "\0" x 3072 .
	    chunk(2, 1, 0, pack 'N', 65536) .
	    chunk(3, 20, 0, str('connect') . num(1) . "\3" .
	    pack('n/a*', 'app') . str('live') . ($more // '') . "\0\0\x09") .
	    chunk(3, 20, 0, str('createStream') . num(2) . "\5") .
	    chunk(4, 20, 1, str('publish') . num(3) . "\5" . str($name));
}

sub open_socket {
	my ($from) = @_;
	socket my $s, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
	bind $s, pack_sockaddr_in 0, inet_aton $from or die "bind: $!\n"
	    if defined $from;
	return $s;
}

sub dial {
	my $s = open_socket(@_);
	connect $s, pack_sockaddr_in $port, inet_aton '127.0.0.1'
	    or die "connect: $!\n";
	return $s;
}

# The code of the answer; the rest of what there is to read is dropped.
sub answer {
	my ($s) = @_;
	my $got = '';
	while (sysread $s, my $in, 65536) {
		$got .= $in;
		return $1 if $got =~ /code\x02\0.(NetStream\.[A-Za-z.]+)/s;
	}
	return 'closed';
}

sub try {
	my ($name, $from) = @_;
	my $s = dial($from);
	my $begin = time;
	syswrite $s, publish($name);
	my $code = answer($s);
	printf "%s %.1f\n", $code, time - $begin;
	return $s;
}

sub half {
	my ($n, $from) = @_;
	my @all;
	for my $i (0 .. $n - 1) {
		my $ip = !defined $from ? '127.0.0.1' : $from ne 'spread' ?
		    $from : sprintf '127.9.%d.%d', $i / 250, 1 + $i % 250;
		push @all, dial($ip);
		syswrite $all[-1], "\3half";
	}
	print "ready\n";
	<STDIN>;
}

# Each attempt is one connection; nobody waits for the answers.
sub keys_ {
	my ($rate, $seconds, $from) = @_;
	my ($sent, $answers, $begin) = (0, 0, time);
	my @open;
	while ((my $now = time) < $begin + $seconds) {
		while ($sent < ($now - $begin) * $rate) {
			my $s = dial($from);
			fcntl $s, F_SETFL, O_NONBLOCK;
			syswrite $s, publish("wrong-$sent");
			push @open, $s;
			$sent++;
		}
		@open = grep {
			my $n = sysread $_, my $in, 65536;
			$answers++ if $n && $in =~ /NetStream/;
			defined $n ? $n > 0 : $! == EAGAIN;
		} @open;
		splice @open, 0, @open - 500 if @open > 500;
		sleep 0.005;
	}
	print "$sent $answers\n";
}

sub deaf {
	my $s = dial();
	setsockopt $s, SOL_SOCKET, SO_RCVBUF, 4096;
	syswrite $s, publish($args[0]);
	my $ping = chunk(2, 4, 0, pack 'n N', 6, 1);
	1 while syswrite $s, $ping x 1000;
	print "closed\n";
}

sub move {
	my ($name, $file) = @_;
	my $s = dial();
	my $out = publish($name, pack('n/a*', 'capsEx') . num(1));
	my $got = '';
	if (defined $file) {
		syswrite $s, substr($out, 0, 3073, '');
		sysread $s, $got, 1 or die "no handshake\n";
		open my $made, '>', "$file.connected" or die "$file: $!\n";
		sleep 0.02 until -e $file;
	}
	syswrite $s, $out;
	while (sysread $s, my $in, 65536) {
		$got .= $in;
		next if $got !~ /Connect\.ReconnectRequest/;
		print $got =~ /tcUrl\x02\0.(.[!-~]*)/s ? "$1\n" : "back\n";
		return;
	}
	print "closed\n";
}

sub large {
	my ($name, $bytes) = @_;
	my $message = chunk(6, 9, 1, "\x17\1\0\0\0" . 'x' x ($bytes - 5));
	my ($head, $at) = (substr($message, 0, 12), 0);
	my $body = join "\xc6", unpack '(a65536)*', substr $message, 12;
	$message = $head . $body;
	my $s = try($name);
	while ($at < length $message) {
		my $n = syswrite $s, $message, 65536, $at;
		last if !defined $n;
		$at += $n;
	}
	print $at == length $message ? "sent\n" : "closed\n";
}

sub sizes {
	my ($name, $chunk, $file) = @args;
	my $noise = pack 'N*', map { $_ * 2654435 % 0xffffffff } 1 .. 50000;
	my ($message, $flv) = (chunk(2, 1, 0, pack 'N', $chunk),
	    "FLV\1\5" . pack 'NN', 9, 0);
	for my $i (1 .. 400) {
		my $n = $i % 50 ? 1 + $i * $i * 7919 % 30000 : 150000;
		my $body = "\x27" . substr $noise, 37 * $i, $n - 1;
		my $tag = chunk(6, 9, 1, $body);
		$message .= substr($tag, 0, 12) .
		    join "\xc6", unpack "(a$chunk)*", $body;
		$flv .= "\x09" . substr(pack('N', $n), 1) . "\0" x 7 . $body .
		    pack 'N', $n + 11;
	}
	open my $out, '>:raw', $file or die "$file: $!\n";
	print $out $flv;
	close $out or die "$file: $!\n";
	my $s = try($name);
	my $n = syswrite $s, $message, length($message) / 2;
	print "half\n";
	syswrite $s, $message, length $message, $n;
}

sub huge {
	my $s = try($args[0]);
	syswrite $s, chunk(2, 1, 0, pack 'N', 0x7fffffff);
	for my $csid (5 .. 40) {
		syswrite $s, pack 'C a3 a3 C V a*', $csid, "\0\0\0",
		    "\xff\xff\xff", 9, 1, 'x' x 10;
		sleep 0.02;
	}
	<STDIN>;
}

my %commands = (try => sub { try(@args) }, half => sub { half(@args) },
    hold => sub { my $s = try(@args); <STDIN> },
    keys => sub { keys_(@args) }, deaf => \&deaf,
    move => sub { move(@args) }, large => sub { large(@args) }, huge => \&huge,
    sizes => \&sizes);
($commands{$command} or die "unknown command '$command'\n")->();
