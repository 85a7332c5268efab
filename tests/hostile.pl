#!/usr/bin/perl
# hostile.pl SEED KIND FILE...
#
# Make each original, in place, one that an attacker could publish: its
# checksums are right, and its media are not.  KIND is one of
#	flip	bits of the samples, of some the boxes' too
#	cut	the samples end early, and mdat says so
#	zero	samples of zeros
#	swap=F	the codec configuration of the file F
#	side=N	an SPS of N by N pixels
#	any	one of the first three, drawn for each file
# Written by fragment(5): it shares no code with the programs under test.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Fragment qw(seal);

@ARGV > 2 or die "usage: hostile.pl SEED KIND FILE...\n";
my ($seed, $kind, @files) = @ARGV;
srand $seed;
my %containers = map { $_ => 1 } qw(moov trak mdia minf stbl moof traf);

sub slurp { local (@ARGV, $/) = (shift); <> }

# edit(DATA, TYPE, FN): FN gets and returns the payload of boxes of TYPE
sub edit {
	my ($data, $type, $fn) = @_;
	my $out = '';
	for (my $at = 0; $at + 8 <= length $data;) {
		my ($n, $t) = unpack "x$at N a4", $data;
		my $skip = $t eq 'stsd' ? 8 : $t =~ /^(avc1|hvc1)$/ ? 78 : 0;
		my $body = substr $data, $at + 8, $n - 8;
		if ($t eq $type) {
			$body = $fn->($body);
		} elsif ($skip || $containers{$t}) {
			$body = substr($body, 0, $skip) .
			    edit(substr($body, $skip), $type, $fn);
		}
		$out .= pack('N a4', 8 + length $body, $t) . $body;
		$at += $n;
	}
	return $out;
}

sub flip {
	my ($data, $n) = @_;
	for (1 .. $n) {
		my $at = int rand length $data;
		substr($data, $at, 1) = chr(ord(substr $data, $at, 1) ^
		    1 << int rand 8);
	}
	return $data;
}

# ue(V) of H.264 in bits
sub ue {
	my $bits = sprintf '%b', $_[0] + 1;
	return '0' x (length($bits) - 1) . $bits;
}

# avcC with an SPS of baseline, SIDE pixels either way
sub avcc {
	my ($side) = @_;
	my $bits = ue(0) . ue(0) . ue(0) . ue(0) . ue(1) . '0' .
	    ue($side / 16 - 1) x 2 . '11' . '0' . '0' . '1';
	$bits .= '0' x (-length($bits) % 8);
	my $sps = "\x67\x42\xc0\x3e" . pack 'B*', $bits;
	my $pps = "\x68" . pack 'B*', ue(0) x 2 . '00' . ue(0) x 3 . '000' .
	    ue(0) x 3 . '0001' . '0' x 5;
	return "\1\x42\xc0\x3e\xff\xe1" . pack('n/a*', $sps) . "\1" .
	    pack 'n/a*', $pps;
}

my %kinds = (
	flip => sub {
		my ($d) = @_;
		$d = edit($d, 'mdat', sub {
			flip($_[0], 1 + int exp rand 6) });
		return $d if rand() > 0.2;
		my ($box) = (qw(avcC esds stsd trun tfhd tfdt tkhd mdhd)
		    )[rand 8];
		return edit($d, $box, sub { flip($_[0], 1 + int rand 3) });
	},
	cut => sub { edit($_[0], 'mdat', sub {
		substr $_[0], 0, rand length $_[0] }) },
	zero => sub { edit($_[0], 'mdat', sub { "\0" x length $_[0] }) },
	swap => sub {
		my ($d, $other) = @_;
		my $config;
		edit(slurp($other), 'avcC', sub { $config = $_[0] });
		return edit($d, 'avcC', sub { $config });
	},
	side => sub { my $n = $_[1]; edit($_[0], 'avcC', sub { avcc($n) }) },
);

for my $file (@files) {
	my ($name, $arg) = split /=/, $kind;
	$name = (qw(flip flip flip cut zero))[rand 5] if $name eq 'any';
	my $sealed = eval { seal($kinds{$name}->(slurp($file), $arg)) };
	next if !defined $sealed;	# its boxes do not nest any more
	chmod 0600, $file;
	open my $f, '>:raw', $file or die "$file: $!\n";
	print $f $sealed;
	close $f or die "$file: $!\n";
}
