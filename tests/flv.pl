#!/usr/bin/perl
# flv.pl - list or change the FLV file on standard input
#
#	-l		print "TYPE TIMESTAMP BYTES" for each tag instead
#	-s MS		add MS to the timestamps of frames, modulo 2^32;
#			sequence headers and metadata keep theirs
#	-f MS -s N	the same from the first frame at MS or later on
#	-j MS		100 bytes of junk before the first tag at MS or later
#	-c MS		end in the middle of the first tag at MS or later
#	-k		mark every picture as a keyframe in its FLV tag
#	-r		repeat the sequence headers before every keyframe
use strict;
use warnings;

my ($list, $lie, $repeat, $junk, $cut);
my ($shift, $from) = (0, 0);
while (@ARGV) {
	my $o = shift;
	if ($o eq '-l') { $list = 1 }
	elsif ($o eq '-k') { $lie = 1 }
	elsif ($o eq '-r') { $repeat = 1 }
	elsif ($o eq '-s') { $shift = shift }
	elsif ($o eq '-f') { $from = shift }
	elsif ($o eq '-j') { $junk = shift }
	elsif ($o eq '-c') { $cut = shift }
	else { die "usage: $0 [-l | -k -r -s MS -f MS -j MS -c MS]\n" }
}
binmode STDIN;
binmode STDOUT;
local $/;
my $in = <STDIN>;
die "no FLV\n" if substr($in, 0, 4) ne "FLV\1";
print substr $in, 0, 13 if !$list;

sub tag {
	my ($type, $ts, $body) = @_;
	$ts &= 0xffffffff;
	return pack 'C a3 a3 C a3 a* N', $type,
	    substr(pack('N', length $body), 1), substr(pack('N', $ts), 1),
	    $ts >> 24, "\0\0\0", $body, 11 + length $body;
}

my %headers;
for (my $at = 13; $at + 11 <= length $in; ) {
	my $type = ord substr $in, $at, 1;
	my $n = unpack 'N', "\0" . substr $in, $at + 1, 3;
	my ($low, $high) = unpack 'a3 C', substr $in, $at + 4, 4;
	my $ts = unpack('N', "\0$low") | $high << 24;
	my $body = substr $in, $at + 11, $n;
	$at += 11 + $n + 4;
	if ($list) {
		print "$type $ts $n\n";
		next;
	}
	my $frame = $type == 8 || $type == 9;
	if ($frame && $n > 1 && ord(substr $body, 1, 1) == 0) {
		$headers{$type} = $body;
		$frame = 0;
	}
	if (defined $junk && $ts >= $junk) {
		print "\x99" x 100;
		$junk = undef;
	}
	if ($frame && $type == 9) {
		if ($repeat && ord($body) >> 4 == 1) {
			print tag($_, 0, $headers{$_}) for sort keys %headers;
		}
		substr $body, 0, 1, "\x17" if $lie;
	}
	my $out = tag($type, $frame && $ts >= $from ? $ts + $shift : $ts,
	    $body);
	if (defined $cut && $ts >= $cut) {
		print substr $out, 0, length($out) / 2;
		last;
	}
	print $out;
}
