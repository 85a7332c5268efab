#!/usr/bin/perl
# heads.pl SPOOL STREAM RENDITION EPOCH FIRST-LAST AGE_S [SYNC_EVERY]
#
# Files of a spool as far as their heads, written AGE_S ago, 1000 bytes each:
# what lists and removes fragments looks no further.  A rendition also gets
# an init segment.  Without SYNC_EVERY each
# begins on a sync sample, else each so-many-th of the run.  Written by
# spool(5) and fragment(5), not with the project's library.
use strict;
use warnings;
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::Bin;
use Fragment qw(info_box name_of seal);

my ($spool, $stream, $rendition, $epoch, $range, $age, $every) = @ARGV;
my ($first, $last) = split /-/, $range;
my $original = $rendition eq 'src';
my $base = $original ? "src/$stream" : "www/$stream/$rendition";
my $name = name_of($stream, $rendition);
my $type = pack 'N a4 a4 N a4', 20, $original ? 'ftyp' : 'styp', 'iso6', 0,
    'iso6';

for my $seq ($first .. $last) {
	my $back = ($seq - $first) % ($every // 1);
	my $dir = sprintf '%s/%s/%06d/%06d', $spool, $base, $epoch,
	    int($seq / 1000);
	my $file = $type . info_box($back ? 1 : 0, $epoch, $seq, $back, 1000,
	    $seq * 1000, ($seq + 1) * 1000, 0, 0, $name);
	$file .= pack 'N a4 N a4 N N', 24, 'moof', 16, 'mfhd', 0, $seq;
	my $rest = 1000 - length $file;
	$file .= pack 'N a4 x' . ($rest - 8), $rest, 'free';
	my $path = sprintf '%s/%09d.%s', $dir, $seq,
	    $original ? 'mp4' : 'm4s';
	make_path($dir);
	open my $f, '>:raw', $path or die "$path: $!\n";
	print $f seal($file);
	close $f or die "$path: $!\n";
	utime time - $age, time - $age, $path;
}
if (!$original) {
	my $path = sprintf '%s/%s/init-%06d.mp4', $spool, $base, $epoch;
	open my $f, '>:raw', $path or die "$path: $!\n";
	print $f seal($type =~ s/styp/ftyp/r . info_box(0, $epoch, 0, 0,
	    1000, 0, 0, 0, 0, $name) . pack 'N a4', 8, 'moov');
	close $f or die "$path: $!\n";
}
