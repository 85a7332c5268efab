# Fragment - the info box of fragment(5), for tests written in Perl.
#
# Written by fragment(5) and the descriptions of XXH64 and XXH3: it shares no
# code with the programs under test.
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

# The secret of XXH3, as 64-bit numbers that begin at each of its bytes.
my $SECRET = pack 'H*', <<'END' =~ s/\s//gr;
	b8fe6c3923a44bbe 7c01812cf721ad1c ded46de9839097db 7240a4a4b7b3671f
	cb79e64eccc0e578 825ad07dccff7221 b8084674f743248e e03590e6813a264c
	3c2852bb91c300cb 88d0658b1b532ea3 71644897a20df94e 3819ef46a9deacd8
	a8fa763fe39c343f f9dcbbc7c70b4f1d 8a51e04bcdb45931 c89f7ec9d9787364
	eac5ac8334d3ebc3 c581a0fffa1363eb 170ddd51b7f0da49 d316552629d4689e
	2b16be587d47a1fc 8ff8b8d17ad031ce 45cb3a8f95160428 afd7fbcabb4b407e
END

# The 64-bit halves of a product, one XORed with the other.
sub fold128 {
	use integer;
	my ($a, $b) = @_;
	my $m = 0xffffffff;
	my $high = sub { $_[0] >> 32 & $m };
	my $low = ($a & $m) * ($b & $m);
	my $one = $high->($a) * ($b & $m);
	my $two = $high->($low) + ($one & $m) + ($a & $m) * $high->($b);
	return $high->($one) + $high->($two) + $high->($a) * $high->($b) ^
	    ($two << 32 | ($low & $m));
}

sub avalanche {
	use integer;
	my ($h) = @_;
	$h ^= $h >> 37 & 0x7ffffff;
	$h *= unpack 'q>', pack 'H16', '165667919E3779F9';
	return $h ^ ($h >> 32 & 0xffffffff);
}

# The 64-bit XXH3 of 17 to 240 bytes, begun with H.
sub xxh3_short {
	use integer;
	my ($h, $n) = ($_[0], length $_[1]);
	my $mix = sub {			# 16 bytes with 16 of the secret
		my @d = unpack "x$_[1] q<2", $_[0];
		my @s = unpack "x$_[2] q<2", $SECRET;
		$h += fold128($d[0] ^ $s[0], $d[1] ^ $s[1]);
	};

	if ($n > 128) {
		$mix->($_[1], 16 * $_, 16 * $_) for 0 .. 7;
		$h = avalanche($h);
		$mix->($_[1], 16 * $_, 16 * $_ - 125) for 8 .. $n / 16 - 1;
		$mix->($_[1], $n - 16, 119);
		return avalanche($h);
	}
	for my $i (reverse 0 .. ($n - 1) / 32) {
		$mix->($_[1], 16 * $i, 32 * $i);
		$mix->($_[1], $n - 16 * ($i + 1), 32 * $i + 16);
	}
	return avalanche($h);
}

# The 64-bit XXH3 of more than 16 bytes.
sub xxh3 {
	use integer;		# arithmetic modulo 2^64
	my $n = length $_[0];
	die "XXH3 of $n bytes\n" if $n <= 16;
	my ($p1, $p2, $p3, $p4, $p5) = map { unpack 'q>', pack 'H16', $_ }
	    qw(9E3779B185EBCA87 C2B2AE3D27D4EB4F 165667B19E3779F9
	    85EBCA77C2B2AE63 27D4EB2F165667C5);
	return pack 'q>', xxh3_short($n * $p1, $_[0]) if $n <= 240;
	my ($q1, $q2, $q3) = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D);
	my $m = 0xffffffff;
	my @acc = ($q3, $p1, $p2, $p3, $p4, $q2, $p5, $q1);
	my @key = map { [unpack "x$_ q<8", $SECRET] } 0 .. 128;
	my $stripe = sub {
		my ($at, $key) = @_;
		my @d = unpack "x$at q<8", $_[2];
		for my $i (0 .. 7) {
			my $k = $d[$i] ^ $$key[$i];
			$acc[$i] += ($k & $m) * ($k >> 32 & $m);
			$acc[$i ^ 1] += $d[$i];
		}
	};

	my ($at, $in_block) = (0, 0);
	for (; $at + 64 < $n; $at += 64) {
		$stripe->($at, $key[8 * $in_block], $_[0]);
		next if ++$in_block < 16 || $at + 64 >= $n;
		$in_block = 0;
		for my $i (0 .. 7) {
			my $v = $acc[$i];
			$v ^= $v >> 47 & 0x1ffff;
			$acc[$i] = ($v ^ $key[128][$i]) * $q1;
		}
	}
	$stripe->($n - 64, $key[121], $_[0]);
	my $h = $n * $p1;
	for my $i (map { 2 * $_ } 0 .. 3) {
		$h += fold128($acc[$i] ^ $key[11][$i],
		    $acc[$i + 1] ^ $key[11][$i + 1]);
	}
	return pack 'q>', avalanche($h);
}

# name_of(STREAM, RENDITION): 8 bytes
sub name_of { return xxh64("$_[0]/$_[1]") }

# info_box(FLAGS, EPOCH, SEQ, BACK, TIMESCALE, START, END, ARRIVAL_US, DATE_US,
#     NAME)
sub info_box {
	my ($name) = splice @_, 9, 1;
	return pack 'N a4 a16 N6 q>4 a8 x24', $BYTES, 'uuid', $USERTYPE,
	    3 << 24, @_[0 .. 8], $name // '';
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
	my $version = unpack "x$box x24 C", $file;
	substr $file, $seq, 4, '' if $seq;
	substr $file, $box, $BYTES, '';
	return $version == 2 ? xxh64($file) : xxh3($file);
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
	return 'version' if $version != 2 && $version != 3;
	return 'check' if substr($file, $box + 104, 8) ne
	    xxh64(substr $file, $box, 104);
	return 'size' if $bytes != length $file;
	return 'sum' if substr($file, $box + 96, 8) ne sum($file, $box, $seq);
	return 'seq' if $seq && substr($file, $seq, 4) ne
	    substr $file, $box + 36, 4;
	return undef;
}

1;
