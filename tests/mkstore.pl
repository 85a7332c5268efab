#!/usr/bin/perl
# mkstore.pl SPOOL STREAM RENDITION EPOCH SEQ ARRIVAL_US FILE
#
# Put the fragments of FILE, a fragmented MP4 of one track, into a spool as
# RENDITION of EPOCH, from SEQ on.  "src" writes originals instead: their
# heads alone, which is what playlists are made of.  Written by spool(5) and
# fragment(5), not with the project's library.
use strict;
use warnings;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::Bin;
use Fragment qw(info_box name_of seal);

@ARGV == 7 or die "usage: mkstore.pl SPOOL STREAM RENDITION EPOCH SEQ " .
    "ARRIVAL_US FILE\n";
my ($spool, $stream, $rendition, $epoch, $seq, $arrival, $file) = @ARGV;
my $name = name_of($stream, $rendition);

sub slurp { local (@ARGV, $/) = (shift); <> }
sub spew {
	my ($path, @data) = @_;
	my ($dir) = $path =~ m{(.*)/};
	make_path($dir);
	open my $f, '>:raw', $path or die "$path: $!\n";
	print $f @data;
	close $f or die "$path: $!\n";
}
sub boxes {		# [type, whole box] of each
	my ($data) = @_;
	my @boxes;
	for (my $at = 0; $at < length $data; ) {
		my ($n, $type) = unpack "x$at N a4", $data;
		push @boxes, [$type, substr $data, $at, $n];
		$at += $n;
	}
	return @boxes;
}
sub inside {		# the payload of the box at a path like moof/traf/tfdt
	my ($data, @path) = @_;
	for my $type (@path) {
		my ($box) = grep { $_->[0] eq $type } boxes($data);
		$data = substr $box->[1], 8;
	}
	return $data;
}

sub starts_sync {	# does the first sample of a moof stand alone?
	my ($moof) = @_;
	my $tfhd = inside($moof, qw(moof traf tfhd));
	my $trun = inside($moof, qw(moof traf trun));
	my $has = unpack('N', $tfhd) & 0xffffff;
	my $at = 8;
	$at += $has & $_->[0] ? $_->[1] : 0
	    for [1, 8], [2, 4], [8, 4], [16, 4];
	my $flags = $has & 0x20 ? unpack("x$at N", $tfhd) : 0;
	my $with = unpack('N', $trun) & 0xffffff;
	$at = 8 + ($with & 1 ? 4 : 0);
	if ($with & 4) {
		$flags = unpack("x$at N", $trun);
	} elsif ($with & 0x400) {
		$at += ($with & 0x100 ? 4 : 0) + ($with & 0x200 ? 4 : 0);
		$flags = unpack("x$at N", $trun);
	}
	return !($flags & 0x10000);
}

my (@init, @frags, $back);
for (boxes(slurp($file))) {
	my ($type, $box) = @$_;
	if ($type eq 'ftyp' || $type eq 'moov') {
		push @init, $box;
	} elsif ($type eq 'moof') {
		my $tfdt = inside($box, 'moof', 'traf', 'tfdt');
		my $dts = unpack('C', $tfdt) ? unpack('x4 Q>', $tfdt) :
		    unpack('x4 N', $tfdt);
		$back = starts_sync($box) ? 0 : $back + 1;
		push @frags, { dts => $dts, data => $box, back => $back };
	} elsif ($type eq 'mdat') {
		$frags[-1]{data} .= $box;
	}
}
my $mdhd = inside($init[1], qw(moov trak mdia mdhd));
my $scale = unpack('C', $mdhd) ? unpack('x20 N', $mdhd) :
    unpack('x12 N', $mdhd);
my $base = $rendition eq 'src' ? "$spool/src/$stream" :
    "$spool/www/$stream/$rendition";
spew(sprintf('%s/init-%06d.mp4', $base, $epoch), seal($init[0] .
    info_box(0, $epoch, 0, 0, $scale, 0, 0, 0, 0, $name) . $init[1]))
    if $rendition ne 'src';

for my $i (0 .. $#frags) {
	my $start = $frags[$i]{dts};
	my $end = $i < $#frags ? $frags[$i + 1]{dts} : $start + $scale;
	my $back = $frags[$i]{back};
	my $flags = ($back ? 1 : 0) | ($i == 0 ? 2 : 0) |
	    ($i == $#frags ? 4 : 0);
	my $brands = 'iso6' . pack('N', 0) . 'iso6';
	my $head = pack('N', 8 + length $brands) .
	    ($rendition eq 'src' ? 'ftyp' : 'styp') . $brands;
	$head .= info_box($flags, $epoch, $seq, $back, $scale, $start, $end,
	    ($arrival + int($start * 1000000 / $scale)) x 2, $name);
	spew(sprintf('%s/%06d/%06d/%09d.%s', $base, $epoch,
	    int($seq / 1000), $seq, $rendition eq 'src' ? 'mp4' : 'm4s'),
	    seal($rendition eq 'src' ? $head : $head . $frags[$i]{data}));
	$seq++;
}
