#!/usr/bin/perl
# store.pl SPOOL STREAM COUNT NOW_US [EPOCH_LENGTH [SHARED [RENDITION...]]]
#
# Make a store of COUNT originals, heads alone, one a second, the newest of
# them arrived at NOW_US; a new epoch after every EPOCH_LENGTH (0: never).
# SHARED neighbours are links to one file, with one time of arrival, so that a
# million is cheap.  Each RENDITION has a file for every original.
# Written by spool(5) and fragment(5), not with the project's library.
use strict;
use warnings;
use File::Path qw(make_path);

@ARGV >= 4 or die "usage: store.pl SPOOL STREAM COUNT NOW_US " .
    "[EPOCH_LENGTH [SHARED [RENDITION...]]]\n";
my ($spool, $stream, $count, $now, $length, $shared, @renditions) = @ARGV;
$shared ||= 1;
my $USERTYPE = pack 'H*', 'bf465e8895128be503e7df45ff4bae28';
my $brands = 'iso6' . pack('N', 0) . 'iso6';

sub head {
	my ($epoch, $seq) = @_;
	my $first = $seq == 1 || $length && ($seq - 1) % $length == 0;
	return pack('N a4', 8 + length $brands, 'ftyp') . $brands .
	    pack 'N a4 a16 N6 q>3', 72, 'uuid', $USERTYPE, 0, $first ? 2 : 0,
	    $epoch, $seq, 0, 1, $seq, $seq + 1,
	    $now - ($count - $seq) * 1000000;
}

my (%dirs, %last);
# Give NAME, in a directory made when it is missing, the bytes that DATA makes.
sub put {
	my ($row, $dir, $name, $again, $data) = @_;
	make_path($dir) unless $dirs{$dir}++;
	return if $again && link $last{$row}, "$dir/$name";
	open my $f, '>:raw', "$dir/$name" or die "$dir/$name: $!\n";
	print $f $data->();
	close $f or die "$dir/$name: $!\n";
	$last{$row} = "$dir/$name";
}

mkdir "$spool/$_" for '', 'src', 'www', 'queue';
for my $seq (1 .. $count) {
	my $epoch = $length ? 1 + int(($seq - 1) / $length) : 1;
	my $dir = sprintf '%06d/%06d', $epoch, int($seq / 1000);
	put('src', "$spool/src/$stream/$dir", sprintf('%09d.mp4', $seq),
	    ($seq - 1) % $shared, sub { head($epoch, $seq) });
	# ext4 allows 65,000 links to one file.
	put($_, "$spool/www/$stream/$_/$dir", sprintf('%09d.m4s', $seq),
	    $seq % 50000 != 1, sub { '' }) for @renditions;
}
