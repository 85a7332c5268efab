#!/usr/bin/perl
# seams.pl DIR GOP JOINED WHOLE... - what the joined pieces DIR/JOINED.mp4 lose
# beside long encodes of several sizes: SSIM at equal size, between the two
# whose sizes are next to it, and the frames at the borders against their
# neighbours.  Reads DIR/NAME.{size,ssim,psnr}, the last two as ffmpeg's
# filters write them.  Lines of: what, figure, at-least or at-most, wanted.
use strict;
use warnings;
use List::Util qw(sum max);

my ($dir, $gop, $joined, @whole) = @ARGV;

sub lines {
	open my $in, '<', "$dir/$_[0]" or die "$dir/$_[0]: $!\n";
	return <$in>;
}

sub series {		# series(FILE, KEY): a number a frame
	my ($file, $key) = @_;
	return map { /\b\Q$key\E:(inf|[0-9.]+)/ ? $1 eq 'inf' ? 99 : $1 : () }
	    lines($file);
}

my %size = map { $_ => (lines("$_.size"))[0] + 0 } $joined, @whole;
my %ssim = map {
	my @s = series("$_.ssim", 'All');
	$_ => sum(@s) / @s } $joined, @whole;
@whole = sort { $size{$a} <=> $size{$b} } @whole;
my ($above) = grep { $size{$whole[$_]} > $size{$joined} } 1 .. $#whole;
die "$joined is of $size{$joined} bytes, the others are of ",
    join(', ', map { $size{$_} } @whole), "\n"
    if !$above || $size{$whole[0]} > $size{$joined};
my ($lo, $hi) = @whole[$above - 1, $above];
my ($x, $x0, $x1) = map { log $size{$_} } $joined, $lo, $hi;
my $t = ($x - $x0) / ($x1 - $x0);
my $whole = $ssim{$lo} + $t * ($ssim{$hi} - $ssim{$lo});
printf "SSIM_at_%d_bytes_(%d_and_%d),_beyond_one_long_encode " .
    "%+.5f at-least -0.002\n", $size{$joined}, $size{$lo}, $size{$hi},
    $ssim{$joined} - $whole;

# How far frame $i is under the frames around it that are at no border.
sub dip {
	my ($psnr, $i) = @_;
	my @near = grep { $_ >= 0 && $_ < @$psnr && $_ % $gop != 0 &&
	    $_ % $gop != $gop - 1 } $i - 3 .. $i + 3;
	return sum(map { $psnr->[$_] } @near) / @near - $psnr->[$i];
}

my @joined = series("$joined.psnr", 'psnr_y');
my @whole_psnr = series(($t < 0.5 ? $lo : $hi) . '.psnr', 'psnr_y');
@joined == @whole_psnr or die scalar(@joined), ' pictures joined, ',
    scalar(@whole_psnr), " in one\n";
my @beyond;
for (my $b = $gop; $b < @joined; $b += $gop) {
	push @beyond, dip(\@joined, $_) - max(0, dip(\@whole_psnr, $_))
	    for $b - 1, $b;
}
@beyond = sort { $a <=> $b } @beyond;
printf "dB_that_the_worst_of_%d_borders_loses,_beyond_it %.2f at-most 0.5\n",
    @beyond / 2, $beyond[-1];
