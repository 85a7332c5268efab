#!/usr/bin/perl
# snr.pl WANT GOT FRAME BORDER...: two files of mono 32-bit float sound.  Prints
# the signal-to-noise ratio in dB of the three frames around each BORDER, which
# is a number of frames of FRAME samples, and of the rest.  What the first four
# and the last six frames are like is the source's own affair.
use strict;
use warnings;

my ($want, $got, $frame, @borders) = @ARGV;
my %near;
$near{$_ - 1} = $near{$_} = $near{$_ + 1} = 1 for @borders;

sub slurp {
	open my $in, '<:raw', $_[0] or die "$_[0]: $!\n";
	local $/;
	return unpack 'f<*', <$in>;
}
my @want = slurp($want);
my @got = slurp($got);
my $n = @want < @got ? @want : @got;
die "$got: no sound\n" if $n < 20 * $frame;

my (@signal, @noise);
for my $k (4 .. int($n / $frame) - 7) {
	my $i = $near{$k} ? 0 : 1;
	for my $j ($k * $frame .. $k * $frame + $frame - 1) {
		$signal[$i] += $want[$j] ** 2;
		$noise[$i] += ($want[$j] - $got[$j]) ** 2;
	}
}
printf "%.2f %.2f\n",
    map { 10 * log($signal[$_] / ($noise[$_] || 1e-30)) / log 10 } 0, 1;
