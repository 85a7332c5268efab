#!/usr/bin/perl
# store.pl SPOOL STREAM COUNT NOW_US [EPOCH_LENGTH [SHARED [RENDITION...]]]
#
# Make a store of COUNT originals, heads alone, one a second, the newest of
# them arrived at NOW_US; a new epoch after every EPOCH_LENGTH (0: never).
# But for the newest thousand, only one of SHARED originals is what its name
# says; the others are links to it, so that a million is cheap.  Each RENDITION
# has an empty file for every original.
# Written by spool(5) and fragment(5), not with the project's library.
use strict;
use warnings;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::Bin;
use Fragment qw(info_box name_of seal);

@ARGV >= 4 or die "usage: store.pl SPOOL STREAM COUNT NOW_US " .
    "[EPOCH_LENGTH [SHARED [RENDITION...]]]\n";
my ($spool, $stream, $count, $now, $length, $shared, @renditions) = @ARGV;
$shared ||= 1;
my $name = name_of($stream, 'src');
my $ftyp = pack 'N a4 a4 N a4', 20, 'ftyp', 'iso6', 0, 'iso6';

sub head {
	my ($epoch, $seq) = @_;
	my $date = $now - ($count - $seq) * 1000000;
	my $first = $seq == 1 || $length && ($seq - 1) % $length == 0;
	return seal($ftyp . info_box($first ? 2 : 0, $epoch, $seq, 0, 1, $seq,
	    $seq + 1, $date, $date, $name));
}

my (%dirs, %last);
# NAME, in a directory made when it is missing: what DATA makes, or a link to
# the last of ROW.
sub put {
	my ($row, $dir, $file, $again, $data) = @_;
	make_path($dir) unless $dirs{$dir}++;
	return if $again && link $last{$row}, "$dir/$file";
	open my $f, '>:raw', "$dir/$file" or die "$dir/$file: $!\n";
	print $f $data->();
	close $f or die "$dir/$file: $!\n";
	$last{$row} = "$dir/$file";
}

mkdir "$spool/$_" for '', 'src', 'www', 'queue';
for my $seq (1 .. $count) {
	my $epoch = $length ? 1 + int(($seq - 1) / $length) : 1;
	my $dir = sprintf '%06d/%06d', $epoch, int($seq / 1000);
	put('src', "$spool/src/$stream/$dir", sprintf('%09d.mp4', $seq),
	    $seq <= $count - 1000 && ($seq - 1) % $shared, sub { head($epoch, $seq) });
	# ext4 allows 65,000 links to one file.
	put($_, "$spool/www/$stream/$_/$dir", sprintf('%09d.m4s', $seq),
	    $seq % 50000 != 1, sub { '' }) for @renditions;
}
