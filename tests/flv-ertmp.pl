#!/usr/bin/perl
# flv-ertmp.pl [OPTION...] MP4... - the tracks of MP4 files as Enhanced FLV
#
# Debian's FFmpeg makes the codecs (hevc, av1, vp8, vp9, opus, flac, ac3,
# eac3, mp3, h264, aac in plain, unfragmented MP4) but cannot put them into
# FLV.  Tracks count over all files; the first of video and of audio are
# track 0, the others go out as multitrack messages.
#
#	-e	Enhanced headers for avc1 and mp4a as track 0, too
#	-x	CodedFramesX where the composition offset is 0
#	-m	tracks of equal time in one message: ManyTracks, or
#		ManyTracksManyCodecs when their codecs differ
#	-n	a nanosecond offset (ModEx) on every Enhanced frame
#	-c	MultichannelConfig after each audio sequence header
#	-d	HDR metadata (colorInfo) after the video sequence headers
#	-s	SequenceEnd at the end of each Enhanced track
#	-l	print "MS KIND TRACK FOURCC PACKET-TYPE BYTES KEY" for each
#		payload (-m does not change these lines) instead
use strict;
use warnings;

my %opt;
while (@ARGV && $ARGV[0] =~ /^-([exmncdsl]+)$/) {
	$opt{$_} = 1 for split //, $1;
	shift;
}
die "usage: $0 [-exmncdsl] MP4...\n" if !@ARGV || $ARGV[0] =~ /^-/;
binmode STDOUT;

use constant { START => 0, CODED => 1, FINISH => 2, CODED_X => 3, META => 4,
    CHANNELS => 4 };

sub boxes {		# {type => [bodies]} of the boxes in the bytes given
	my ($d) = @_;
	my %out;
	for (my $at = 0; $at + 8 <= length $d; ) {
		my ($n, $type) = unpack 'N a4', substr $d, $at, 8;
		my $head = 8;
		($n, $head) = (unpack('Q>', substr $d, $at + 8, 8), 16)
		    if $n == 1;
		$n = length($d) - $at if $n == 0;
		die "bad box '$type'\n"
		    if $n < $head || $at + $n > length $d;
		push @{$out{$type}}, substr $d, $at + $head, $n - $head;
		$at += $n;
	}
	return \%out;
}

sub child {		# the body of the first box at the path, or undef
	my ($d, @path) = @_;
	for (@path) {
		my $b = boxes($d)->{$_} or return undef;
		$d = $b->[0];
	}
	return $d;
}

sub descriptor {	# the body of the first descriptor with this tag
	my ($d, $want) = @_;
	for (my $at = 0; $at + 2 <= length $d; ) {
		my ($tag, $n, $b) = (ord substr($d, $at++, 1), 0);
		do {
			$b = ord substr $d, $at++, 1;
			$n = $n << 7 | $b & 0x7f;
		} while $b & 0x80;
		return substr $d, $at, $n if $tag == $want;
		$at += $n;
	}
	die "no descriptor $want\n";
}

sub config {		# FourCC and sequence header of a sample entry
	my ($type, $entry) = @_;
	my $video = $type =~ /^(avc1|hvc1|hev1|av01|vp08|vp09)$/;
	my $b = boxes(substr $entry, $video ? 78 : 28);
	return ('avc1', $b->{avcC}[0]) if $type eq 'avc1';
	return ('hvc1', $b->{hvcC}[0]) if $type eq 'hvc1' || $type eq 'hev1';
	return ($type, $b->{av1C}[0]) if $type eq 'av01';
	return ($type, substr $b->{vpcC}[0], 4) if $type =~ /^vp0/;
	return ($type, '') if $type eq 'ac-3' || $type eq 'ec-3';
	return ($type, 'fLaC' . substr $b->{dfLa}[0], 4) if $type eq 'fLaC';
	if ($type eq 'Opus') {
		my ($v, @f) = unpack 'C C n N n a*', $b->{dOps}[0];
		return ($type, 'OpusHead' . pack 'C C v V v a*', 1, @f);
	}
	die "no tag for '$type'\n" if $type ne 'mp4a';
	my $es = descriptor(substr($b->{esds}[0], 4), 3);
	my $decoder = descriptor(substr($es, 3), 4);
	return ('.mp3', '') if (ord($decoder) | 2) == 0x6b;
	return ('mp4a', descriptor(substr($decoder, 13), 5));
}

sub runs {		# (count, value) pairs of a stts or ctts, one a sample
	my ($d) = @_;
	my ($n, @v) = defined $d ? unpack 'x4 N (N l>)*', $d : 0;
	return map { ($v[2 * $_ + 1]) x $v[2 * $_] } 0 .. $n - 1;
}

sub offsets {		# of each sample in the file
	my ($stbl, @sizes) = @_;
	my $co = child($stbl, 'stco');
	my ($n, @chunks) = defined $co ? unpack 'x4 N N*', $co :
	    unpack 'x4 N Q>*', child($stbl, 'co64');
	my ($runs, @stsc) = unpack 'x4 N N*', child($stbl, 'stsc');
	my ($per, @out) = 0;
	for my $chunk (1 .. $n) {
		(undef, $per) = splice @stsc, 0, 3
		    if @stsc && $stsc[0] == $chunk;
		my $at = $chunks[$chunk - 1];
		for (1 .. $per) {
			last if @out == @sizes;
			push @out, $at;
			$at += $sizes[$#out];
		}
	}
	return @out;
}

sub track {		# { fourcc config kind frames => [[ms, cts, key, data]] }
	my ($file, $trak) = @_;
	my $mdia = child($trak, 'mdia');
	my $kind = unpack 'x8 a4', child($mdia, 'hdlr');
	return undef if $kind ne 'vide' && $kind ne 'soun';
	my $scale = unpack 'x12 N', child($mdia, 'mdhd');
	my $stbl = child($mdia, 'minf', 'stbl');
	my ($type, $entry) = unpack 'x12 a4 a*', child($stbl, 'stsd');
	my ($fourcc, $config) = config($type, $entry);
	my ($same, $n, @sizes) = unpack 'x4 N N N*', child($stbl, 'stsz');
	@sizes = ($same) x $n if $same;
	my @at = offsets($stbl, @sizes);
	my @durations = runs(child($stbl, 'stts'));
	my @cts = runs(child($stbl, 'ctts'));
	my $stss = child($stbl, 'stss');
	my %sync = map { $_ => 1 } defined $stss ? unpack 'x8 N*', $stss : ();
	my $elst = child($trak, 'edts', 'elst');
	my $skip = defined $elst ? unpack 'x12 l>', $elst : 0;
	my @frames;
	my $t = $skip > 0 ? -$skip : 0;
	for my $i (0 .. $n - 1) {
		push @frames, [1000 * $t / $scale,
		    int(1000 * ($cts[$i] // 0) / $scale + 0.5),
		    $kind eq 'soun' || !defined $stss || $sync{$i + 1} || 0,
		    substr($file, $at[$i], $sizes[$i])];
		$t += $durations[$i];
	}
	return { kind => $kind, fourcc => $fourcc, config => $config,
	    frames => \@frames };
}

sub tag {
	my ($kind, $ms, $body) = @_;
	my $n = length $body;
	print pack 'C a3 a3 C a3 a* N', $kind eq 'vide' ? 9 : 8,
	    substr(pack('N', $n), 1), substr(pack('N', $ms), 1), $ms >> 24,
	    "\0\0\0", $body, 11 + $n;
}

sub is_legacy {
	my ($t) = @_;
	return !$opt{e} && $t->{id} == 0 && $t->{fourcc} =~ /^(avc1|mp4a)$/;
}

sub legacy {		# one message as FLV had it before
	my ($t, $ms, $packet, $key, $cts, $data) = @_;
	my $n = $packet == START ? 0 : $packet == FINISH ? 2 : 1;
	tag($t->{kind}, $ms, $t->{kind} eq 'soun' ? "\xaf" . chr($n) . $data :
	    chr(($key ? 0x10 : 0x20) | 7) . chr($n) .
	    substr(pack('N', $cts), 1) . $data);
}

sub enhanced {		# one message with the payloads of [track, cts, data]...
	my ($ms, $packet, $key, @parts) = @_;
	my $kind = $parts[0][0]{kind};
	my $frame = $kind eq 'vide' ? ($key ? 0x90 : 0xa0) : 0x90;
	my $tracks = @parts > 1 || $parts[0][0]{id} > 0;
	my %codecs = map { $_->[0]{fourcc} => 1 } @parts;
	my $form = keys %codecs > 1 ? 2 : @parts > 1 ? 1 : 0;
	my $multi = $kind eq 'vide' ? 6 : 5;
	my $body;
	if ($opt{n} && ($packet == CODED || $packet == CODED_X)) {
		$body = chr($frame | 7) . "\2" . "\0\1\xf4" .
		    chr($tracks ? $multi : $packet);
	} else {
		$body = chr($frame | ($tracks ? $multi : $packet));
	}
	$body .= chr($form << 4 | $packet) if $tracks;
	$body .= $parts[0][0]{fourcc} if $form < 2;
	for (@parts) {
		my ($t, $cts, $data) = @$_;
		$data = substr(pack('N', $cts), 1) . $data
		    if $packet == CODED && $t->{fourcc} =~ /^(avc1|hvc1)$/;
		$body .= $t->{fourcc} if $form == 2;
		$body .= chr $t->{id} if $tracks;
		$body .= substr pack('N', length $data), 1 if $form > 0;
		$body .= $data;
	}
	tag($kind, $ms, $body);
}

sub put {		# messages with the payloads of [track, cts, data]...
	my ($ms, $packet, $key, @parts) = @_;
	if ($opt{l}) {
		printf "%d %s %d %s %d %d %d\n", $ms, $_->[0]{kind},
		    $_->[0]{id}, $_->[0]{fourcc}, $packet, length $_->[2],
		    $key for @parts;
		return;
	}
	my @rest = grep { !is_legacy($_->[0]) } @parts;
	legacy($_->[0], $ms, $packet, $key, @$_[1, 2])
	    for grep { is_legacy($_->[0]) } @parts;
	enhanced($ms, $packet, $key, @rest) if $opt{m} && @rest;
	enhanced($ms, $packet, $key, $_) for $opt{m} ? () : @rest;
}

sub amf_string { return pack 'C n/a*', 2, $_[0] }
sub amf_object {	# name, value, ...: numbers, or objects as [...]
	my $out = "\3";
	while (my ($name, $v) = splice @_, 0, 2) {
		$out .= pack('n/a*', $name) . (ref $v ? amf_object(@$v) :
		    pack 'C d>', 0, $v);
	}
	return "$out\0\0\11";
}

sub headers {
	my ($t) = @_;
	put(0, START, 1, [$t, 0, $t->{config}]);
	return if is_legacy($t);
	put(0, CHANNELS, 1, [$t, 0, "\1\2\0\0\0\3"])
	    if $opt{c} && $t->{kind} eq 'soun';
	put(0, META, 1, [$t, 0, amf_string('colorInfo') . amf_object(
	    colorConfig => [bitDepth => 10, colorPrimaries => 9,
	    transferCharacteristics => 16, matrixCoefficients => 9],
	    hdrCll => [maxFall => 400, maxCLL => 1000])])
	    if $opt{d} && $t->{kind} eq 'vide';
}

my (@tracks, %ids);
for my $name (@ARGV) {
	open my $fh, '<:raw', $name or die "$name: $!\n";
	my $file = do { local $/; <$fh> };
	my $moov = child($file, 'moov') // die "$name: no moov\n";
	for my $trak (@{boxes($moov)->{trak}}) {
		my $t = track($file, $trak) or next;
		$t->{id} = $ids{$t->{kind}}++ || 0;
		push @tracks, $t;
	}
}

# Time begins at 0 with the first frame of all.
my ($first) = sort { $a <=> $b } map { $_->{frames}[0][0] } @tracks;
my (@all, %seen);
for my $t (@tracks) {
	for my $f (@{$t->{frames}}) {
		my ($time, $cts, $key, $data) = @$f;
		my $packet = $opt{x} && $cts == 0 && $t->{kind} eq 'vide' ?
		    CODED_X : CODED;
		push @all, [int($time - $first + 0.5), $packet, $key,
		    [$t, $cts, $data]];
	}
}
# In order of time; of one time, what may share a message side by side.
sub rank { return join ' ', $_[0][3][0]{kind}, @{$_[0]}[1, 2] }
@all = sort { $a->[0] <=> $b->[0] || rank($a) cmp rank($b) ||
    $a->[3][0]{id} <=> $b->[3][0]{id} } @all;

print 'FLV', pack 'C C N N', 1, ($ids{soun} ? 4 : 0) | ($ids{vide} ? 1 : 0),
    9, 0 if !$opt{l};
headers($_) for @tracks;
while (my $f = shift @all) {
	my @parts = $f->[3];
	while ($opt{m} && @all && $all[0][0] == $f->[0] &&
	    rank($all[0]) eq rank($f)) {
		push @parts, (shift @all)->[3];
	}
	put(@$f[0 .. 2], @parts);
}
if ($opt{s}) {
	put(0, FINISH, 1, [$_, 0, '']) for grep { !is_legacy($_) } @tracks;
}
