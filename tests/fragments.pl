#!/usr/bin/perl
# fragments.pl - list the fragments on standard input, one line each:
#
#	OFFSET BYTES FLAGS BACK TIMESCALE START END ARRIVAL_US TRACKS
#
# and die when a checksum is wrong; where TRACKS is "ID:TFDT:SAMPLES:TICKS:FIRST_IS_SYNC" for each track, with
# spaces in between.  Reads fragment(5) and ISO BMFF on its own: it shares no
# code with the programs under test.  With -o PREFIX it also writes each
# fragment to PREFIX.0, PREFIX.1, ...; with -b it lists the boxes instead.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Fragment qw(trouble);

my ($prefix, $list_boxes);
while (@ARGV) {
	my $o = shift;
	if ($o eq '-o') { $prefix = shift }
	elsif ($o eq '-b') { $list_boxes = 1 }
	else { die "usage: $0 [-b] [-o PREFIX]\n" }
}
binmode STDIN;
local $/;
my $in = <STDIN> // '';

sub boxes {			# [type, offset, body], ...
	my ($data, $at) = @_;
	my @list;
	while ($at < length $data) {
		my ($size, $type) = unpack 'N a4', substr $data, $at, 8;
		die "bad box size at $at\n"
		    if $size < 8 || $at + $size > length $data;
		push @list, [$type, $at, substr $data, $at + 8, $size - 8];
		$at += $size;
	}
	return @list;
}

sub run_of {			# one traf
	my ($id, $tfdt, $n, $ticks, $sync) = (0, 0, 0, 0, 0);
	my ($duration, $flags) = (0, 0);
	for my $box (boxes($_[0], 0)) {
		my ($type, undef, $body) = @$box;
		my $vf = unpack 'N', $body;
		if ($type eq 'tfhd') {
			my @f = unpack 'N*', substr $body, 4;
			$id = shift @f;
			die "tfhd: no default-base-is-moof\n"
			    if !($vf & 0x20000);
			die "tfhd: a base data offset\n" if $vf & 3;
			$duration = shift @f if $vf & 8;
			shift @f if $vf & 0x10;
			$flags = shift @f if $vf & 0x20;
		} elsif ($type eq 'tfdt') {
			die "tfdt: not version 1\n" if $vf >> 24 != 1;
			$tfdt = unpack 'Q>', substr $body, 4;
		} elsif ($type eq 'trun') {
			my @f = unpack 'N*', substr $body, 4;
			die "trun: not version 1\n" if $vf >> 24 != 1;
			$n = shift @f;
			shift @f if $vf & 1;
			for my $i (0 .. $n - 1) {
				$ticks += $vf & 0x100 ? shift @f : $duration;
				shift @f if $vf & 0x200;
				my $fl = $vf & 0x400 ? shift @f : $flags;
				shift @f if $vf & 0x800;
				$sync = $fl & 0x10000 ? 0 : 1 if $i == 0;
			}
			die "trun: something is left over\n" if @f;
		}
	}
	return "$id:$tfdt:$n:$ticks:$sync";
}

my @top = boxes($in, 0);
if ($list_boxes) {
	print join(' ', map { $_->[0] } @top), "\n";
	exit 0;
}
my ($start, $number, $line, @runs) = (0, 0);
for my $box (@top) {
	my ($type, $at, $body) = @$box;
	if ($type eq 'ftyp') {
		($start, $line, @runs) = ($at, undef);
	} elsif ($type eq 'uuid') {
		die "uuid at $at is not the second box\n"
		    if $at + 0 == $start;
		my ($usertype, @f) = unpack 'H32 N6 q>3', $body;
		die "uuid at $at is another one\n"
		    if $usertype ne 'bf465e8895128be503e7df45ff4bae28';
		die "uuid at $at has version and flags\n" if $f[0] != 3 << 24;
		$line = join ' ', @f[1, 4, 5, 6, 7, 8];
	} elsif ($type eq 'moof') {
		@runs = map { run_of($_->[2]) }
		    grep { $_->[0] eq 'traf' } boxes($body, 0);
	} elsif ($type eq 'mdat') {
		my $n = $at + 8 + length($body) - $start;
		die "no uuid before mdat at $at\n" if !defined $line;
		my $wrong = trouble(substr $in, $start, $n);
		die "fragment at $start: wrong $wrong\n" if defined $wrong;
		print "$start $n $line @runs\n";
		if (defined $prefix) {
			open my $out, '>:raw', "$prefix.$number"
			    or die "$prefix.$number: $!\n";
			print $out substr $in, $start, $n;
			close $out or die "$prefix.$number: $!\n";
		}
		$number++;
	}
}
