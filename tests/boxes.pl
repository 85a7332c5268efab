#!/usr/bin/perl
# boxes.pl FILE... - print what the fragments say, for tests
#
# An independent reader: it shares no code with lib/.  For each traf a line:
# file track tfdt samples duration first-flags, TAB-separated.
use strict;
use warnings;

sub boxes {		# [type, body] of every box in the bytes given
	my ($d) = @_;
	my (@out, $at);
	for ($at = 0; $at + 8 <= length $d; ) {
		my ($n, $type) = unpack 'N a4', substr $d, $at, 8;
		die "bad box '$type' at $at\n" if $n < 8 || $at + $n > length $d;
		push @out, [$type, substr $d, $at + 8, $n - 8];
		$at += $n;
	}
	die "trailing bytes at $at\n" if $at != length $d;
	return @out;
}

sub traf {
	my ($name, $d) = @_;
	my ($track, $tfdt, $count, $total, $flags, $def_duration, $def_flags) =
	    (0, 0, 0, 0, 0, 0, 0);
	for my $box (boxes($d)) {
		my ($type, $b) = @$box;
		my $f = unpack('N', $b) & 0xffffff;
		if ($type eq 'tfhd') {
			my @v = unpack 'N*', $b;
			$track = $v[1];
			my $i = 2;
			die "base-data-offset\n" if $f & 1;
			$i++ if $f & 2;
			$def_duration = $v[$i++] if $f & 8;
			$i++ if $f & 0x10;
			$def_flags = $v[$i++] if $f & 0x20;
		} elsif ($type eq 'tfdt') {
			die "tfdt version\n" if ord $b != 1;
			$tfdt = unpack 'x4 Q>', $b;
		} elsif ($type eq 'trun') {
			my @v = unpack 'N*', $b;
			$count = $v[1];
			my $i = 2;
			$i++ if $f & 1;
			my $first = $f & 4 ? $v[$i++] : undef;
			for my $s (0 .. $count - 1) {
				my $duration = $f & 0x100 ? $v[$i++] :
				    $def_duration;
				$total += $duration;
				$i++ if $f & 0x200;
				my $sf = $f & 0x400 ? $v[$i++] :
				    $s == 0 && defined $first ? $first :
				    $def_flags;
				$flags = $sf if $s == 0;
				$i++ if $f & 0x800;
			}
		}
	}
	printf "%s\t%d\t%d\t%d\t%d\t%08x\n", $name, $track, $tfdt, $count,
	    $total, $flags;
}

for my $name (@ARGV) {
	open my $fh, '<:raw', $name or die "$name: $!\n";
	local $/;
	for my $box (boxes(<$fh>)) {
		next if $box->[0] ne 'moof';
		$_->[0] eq 'traf' and traf($name, $_->[1])
		    for boxes($box->[1]);
	}
}
