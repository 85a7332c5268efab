# Fragment - the info box of fragment(5), for tests written in Perl.
#
# Written by fragment(5) and the description of XXH64: it shares no code with
# the programs under test.
package Fragment;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(info_box seal name_of trouble);

my $USERTYPE = pack 'H*', 'bf465e8895128be503e7df45ff4bae28';
my $BYTES = 112;

sub xxh64 {
	use integer;		# arithmetic modulo 2^64
	my ($data) = @_;
	my ($p1, $p2, $p3, $p4, $p5) = map { unpack 'q>', pack 'H16', $_ }
	    qw(9E3779B185EBCA87 C2B2AE3D27D4EB4F 165667B19E3779F9
	    85EBCA77C2B2AE63 27D4EB2F165667C5);
	my $right = sub { ($_[0] >> $_[1]) & ~(-1 << (64 - $_[1])) };
	my $rotl = sub { $_[0] << $_[1] | $right->($_[0], 64 - $_[1]) };
	my $round = sub { $rotl->($_[0] + $_[1] * $p2, 31) * $p1 };
	my ($n, $at, $h) = (length $data, 0, $p5);

	if ($n >= 32) {
		my ($a, $b, $c, $d) = ($p1 + $p2, $p2, 0, 0 - $p1);
		for (; $at + 32 <= $n; $at += 32) {
			my ($w, $x, $y, $z) = unpack "x$at q<4", $data;
			# The rounds, unrolled: this is most of the time.
			$a += $w * $p2;
			$a = ($a << 31 | ($a >> 33 & 0x7fffffff)) * $p1;
			$b += $x * $p2;
			$b = ($b << 31 | ($b >> 33 & 0x7fffffff)) * $p1;
			$c += $y * $p2;
			$c = ($c << 31 | ($c >> 33 & 0x7fffffff)) * $p1;
			$d += $z * $p2;
			$d = ($d << 31 | ($d >> 33 & 0x7fffffff)) * $p1;
		}
		$h = $rotl->($a, 1) + $rotl->($b, 7) + $rotl->($c, 12) +
		    $rotl->($d, 18);
		$h = ($h ^ $round->(0, $_)) * $p1 + $p4 for $a, $b, $c, $d;
	}
	$h += $n;
	for (; $at + 8 <= $n; $at += 8) {
		my $lane = unpack "x$at q<", $data;
		$h = $rotl->($h ^ $round->(0, $lane), 27) * $p1 + $p4;
	}
	if ($at + 4 <= $n) {
		my $lane = unpack "x$at V", $data;
		$h = $rotl->($h ^ $lane * $p1, 23) * $p2 + $p3;
		$at += 4;
	}
	for (; $at < $n; $at++) {
		my $byte = unpack "x$at C", $data;
		$h = $rotl->($h ^ $byte * $p5, 11) * $p1;
	}
	$h = ($h ^ $right->($h, 33)) * $p2;
	$h = ($h ^ $right->($h, 29)) * $p3;
	return pack 'q>', $h ^ $right->($h, 32);
}

# name_of(STREAM, RENDITION): 8 bytes
sub name_of { return xxh64("$_[0]/$_[1]") }

# info_box(FLAGS, EPOCH, SEQ, BACK, TIMESCALE, START, END, ARRIVAL_US, DATE_US,
#     NAME)
sub info_box {
	my ($name) = splice @_, 9, 1;
	return pack 'N a4 a16 N6 q>4 a8 x24', $BYTES, 'uuid', $USERTYPE,
	    2 << 24, @_[0 .. 8], $name // '';
}

# Where the box and the number in mfhd (0: no moof) are.
sub places {
	my ($file) = @_;
	my $box = unpack 'N', $file;
	my ($at, $n, $type) = (0);
	for (; $at + 8 <= length $file; $at += $n) {
		($n, $type) = unpack "x$at N a4", $file;
		die "bad box at $at\n" if $n < 8;
		return ($box, $at + 20) if $type eq 'moof';
	}
	return ($box, 0);
}

sub sum {
	my ($file, $box, $seq) = @_;
	substr $file, $seq, 4, '' if $seq;
	substr $file, $box, $BYTES, '';
	return xxh64($file);
}

# seal(FILE): with size and checksums, and its number in mfhd
sub seal {
	my ($file) = @_;
	my ($box, $seq) = places($file);
	substr $file, $seq, 4, substr $file, $box + 36, 4 if $seq;
	substr $file, $box + 88, 16, pack('Q>', length $file) .
	    sum($file, $box, $seq);
	substr $file, $box + 104, 8, xxh64(substr $file, $box, 104);
	return $file;
}

# trouble(FILE): what is wrong with a file, or undef
sub trouble {
	my ($file) = @_;
	my ($box, $seq) = places($file);
	my ($version, $bytes) = unpack "x$box x24 C x63 Q>", $file;
	return 'version' if $version != 2;
	return 'check' if substr($file, $box + 104, 8) ne
	    xxh64(substr $file, $box, 104);
	return 'size' if $bytes != length $file;
	return 'sum' if substr($file, $box + 96, 8) ne sum($file, $box, $seq);
	return 'seq' if $seq && substr($file, $seq, 4) ne
	    substr $file, $box + 36, 4;
	return undef;
}

1;
