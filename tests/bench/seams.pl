#!/usr/bin/perl
# seams.pl DIR GOP - joined.mp4 beside whole.22.mp4 and whole.24.mp4: SSIM at
# equal size, and what the frames at the borders lose against their neighbours.
# Lines of: what, figure, at-least or at-most, what is wanted.
use strict;
use warnings;
use List::Util qw(sum max min);

my ($dir, $gop) = @ARGV;

sub lines {
	open my $in, '<', "$dir/$_[0]" or die "$dir/$_[0]: $!\n";
	return <$in>;
}

sub series {		# series(FILE, KEY): a number a frame
	my ($file, $key) = @_;
	return map { /\b\Q$key\E:(inf|[0-9.]+)/ ? $1 eq 'inf' ? 99 : $1 : () }
	    lines($file);
}

my %size = map { $_ => (lines("$_.size"))[0] } qw(joined whole.22 whole.24);
my %ssim = map {
	my @s = series("$_.ssim", 'All');
	$_ => sum(@s) / @s } keys %size;
my ($x, $x0, $x1) = map { log $size{$_} } qw(joined whole.22 whole.24);
my $t = ($x - $x0) / ($x1 - $x0);
my $whole = $ssim{'whole.22'} + $t * ($ssim{'whole.24'} - $ssim{'whole.22'});
printf "SSIM_at_equal_size,_beyond_one_long_encode %+.5f at-least -0.002\n",
    $ssim{joined} - $whole;

# How far frame $i is under the frames around it that are at no border.
sub dip {
	my ($psnr, $i) = @_;
	my @near = grep { $_ >= 0 && $_ < @$psnr && $_ % $gop != 0 &&
	    $_ % $gop != $gop - 1 } $i - 3 .. $i + 3;
	return sum(map { $psnr->[$_] } @near) / @near - $psnr->[$i];
}

my @joined = series('joined.psnr', 'psnr_y');
my @whole = series('whole.22.psnr', 'psnr_y');
@joined == @whole or die scalar(@joined), ' pictures joined, ',
    scalar(@whole), " in one\n";
my @beyond;
for (my $b = $gop; $b < @joined; $b += $gop) {
	push @beyond, dip(\@joined, $_) - max(0, dip(\@whole, $_))
	    for $b - 1, $b;
}
@beyond = sort { $a <=> $b } @beyond;
printf "dB_that_the_worst_of_%d_borders_loses,_beyond_it %.2f at-most 0.5\n",
    @beyond / 2, $beyond[-1];
