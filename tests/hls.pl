#!/usr/bin/perl
# hls.pl DIR: check the playlists of one stream in DIR against each other
# and against draft-pantos-hls-rfc8216bis.  Prints what is wrong, a line
# each; exits 1 if anything is.  hls.pl BEFORE AFTER compares two versions of
# a live media playlist: what is listed in both must not have changed.
use strict;
use warnings;

my $bad = 0;
sub complain { print "@_\n"; $bad = 1 }

sub parse {
	my ($path) = @_;
	open my $f, '<:raw', $path or do {
		complain("$path: $!"); return { segs => [] } };
	my @lines = <$f>;
	my (%p, %seg, $map);
	$p{path} = $path;
	$p{segs} = [];
	$p{reports} = {};
	complain("$path: no EXTM3U") if ($lines[0] // '') ne "#EXTM3U\n";
	for (@lines) {
		complain("$path: no newline at the end") unless s/\n$//;
		complain("$path: control byte in '$_'") if /[\x00-\x1f\x7f]/;
		complain("$path: space in '$_'") if /^#EXT-X.*, |\s$/;
		if (/^#EXTINF:(.*),$/) {
			$seg{dur} = $1;
			complain("$path: EXTINF '$1'")
			    if $1 !~ /^\d+\.\d{5,}$/;
		} elsif (/^#EXT-X-MAP:URI="([^"]+)"$/) {
			$map = $1;
		} elsif (/^#EXT-X-DISCONTINUITY$/) {
			$seg{breaks}++;
		} elsif (/^#EXT-X-GAP$/) {
			$seg{gap} = 1;
		} elsif (/^#EXT-X-PROGRAM-DATE-TIME:(.*)$/) {
			$seg{date} = $1;
			complain("$path: date '$1'")
			    if $1 !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
		} elsif (/^#EXT-X-PART:(.*)$/) {
			push @{$seg{parts}}, { attributes($path, $1) };
		} elsif (/^#EXT-X-RENDITION-REPORT:(.*)$/) {
			my %r = attributes($path, $1);
			complain("$path: two reports of $r{URI}")
			    if $p{reports}{$r{URI}};
			$p{reports}{$r{URI}} = \%r;
		} elsif (/^#EXT-X-([A-Z-]+)(?::(.*))?$/) {
			complain("$path: $1 twice") if exists $p{$1};
			$p{$1} = $2 // '';
			complain("$path: $1 behind segments") if @{$p{segs}} &&
			    $1 ne 'ENDLIST' && $1 ne 'PRELOAD-HINT';
		} elsif (!/^#/) {
			push @{$p{segs}}, { uri => $_, map => $map // '', %seg };
			%seg = ();
		}
	}
	$p{open} = { map => $map, %seg } if $seg{parts};
	return \%p;
}

sub attributes {	# NAME => value, quotes removed
	my ($path, $text) = @_;
	my %a;
	while ($text =~ /\G([A-Z-]+)=(?:"([^"]*)"|([^",]*))(?:,|$)/gc) {
		complain("$path: $1 twice in '$text'") if exists $a{$1};
		$a{$1} = $2 // $3;
	}
	complain("$path: attributes '$text'")
	    if (pos($text) // 0) != length $text;
	return %a;
}

sub slurp { local (@ARGV, $/) = (shift); <> // '' }

# All parts in order, each with the seconds of media behind it.
sub parts {
	my ($p) = @_;
	my ($behind, @parts) = (0);
	for my $seg (reverse @{$p->{segs}}, $p->{open} // ()) {
		my $at = $behind;
		for (reverse @{$seg->{parts} // []}) {
			unshift @parts, { %$_, behind => $at,
			    last => $at == $behind };
			$at += $_->{DURATION};
		}
		$behind += $seg->{dur} // ($at - $behind);
	}
	return @parts;
}

# Where a playlist ends, as others have to report it.
sub last_of {
	my ($p) = @_;
	my $seg = $p->{open} // $p->{segs}[-1] // {};
	my $msn = $p->{'MEDIA-SEQUENCE'} + @{$p->{segs}} -
	    ($p->{open} ? 0 : 1);
	return ($msn, @{$seg->{parts} // [0]} - 1);
}

sub check_low {
	my ($p, $dir) = @_;
	my $path = $p->{path};
	my %c = attributes($path, $p->{'SERVER-CONTROL'} // '');
	my %info = attributes($path, $p->{'PART-INF'} // '');
	my ($target, $td) = ($info{'PART-TARGET'} // 0, $p->{TARGETDURATION});
	my @parts = parts($p);
	complain("$path: version with parts") if $p->{VERSION} < 9;
	complain("$path: MEDIA-SEQUENCE 0") if $p->{'MEDIA-SEQUENCE'} < 1;
	complain("$path: no blocking") if $c{'CAN-BLOCK-RELOAD'} ne 'YES';
	complain("$path: hold back") if $c{'PART-HOLD-BACK'} < 3 * $target ||
	    $c{'HOLD-BACK'} < 3 * $td || $c{'CAN-SKIP-UNTIL'} < 6 * $td;
	for (@parts) {
		complain("$path: $_->{URI}: part too long")
		    if $_->{DURATION} > $target;
		complain("$path: $_->{URI}: part 3 TD from the end")
		    if $_->{last} && $_->{behind} > 3 * $td + 1e-6;
		complain("$path: $_->{URI} is not there")
		    if !$_->{GAP} && !-s "$dir/$_->{URI}";
	}
	for my $seg (@{$p->{segs}}) {
		my @own = @{$seg->{parts} // []} or next;
		my ($sum, $gap, $bytes) = (0, 0, '');
		$sum += $_->{DURATION} for @own;
		$gap ||= $_->{GAP} for @own;
		complain("$path: $seg->{uri}: duration of its parts")
		    if abs($sum - $seg->{dur}) > 1e-4;
		complain("$path: $seg->{uri}: GAP but for its parts")
		    if !!$gap ne !!$seg->{gap};
		next if $gap;
		$bytes .= slurp("$dir/$_->{URI}") for @own;
		complain("$path: $seg->{uri} is not its parts")
		    if slurp("$dir/$seg->{uri}") ne $bytes;
	}
	# 85 %, but for INDEPENDENT, GAP, before a GAP, the last of a parent.
	for my $seg (@{$p->{segs}}, $p->{open} // ()) {
		my @own = @{$seg->{parts} // []};
		for (0 .. $#own - 1) {
			complain("$path: $own[$_]{URI}: part too short")
			    if $own[$_]{DURATION} < 0.85 * $target &&
			    !$own[$_]{INDEPENDENT} && !$own[$_]{GAP} &&
			    !$own[$_ + 1]{GAP};
		}
	}
	my %hint = attributes($path, $p->{'PRELOAD-HINT'} // '');
	complain("$path: hint at the end") if %hint && exists $p->{ENDLIST};
	complain("$path: the hint is listed") if %hint &&
	    grep { $_->{URI} eq $hint{URI} } @parts;
	complain("$path: hint") if %hint && $hint{TYPE} ne 'PART';
}

# A date on its day; 0 when there is none.
sub seconds {
	my ($h, $m, $s) = ($_[0] // '') =~ /T(\d+):(\d+):([\d.]+)Z/ or return 0;
	return $h * 3600 + $m * 60 + $s;
}

# Each segment under its media sequence number, with its break number.
sub numbered {
	my ($p) = @_;
	my $n = $p->{'MEDIA-SEQUENCE'} // 0;
	my $cc = $p->{'DISCONTINUITY-SEQUENCE'} // 0;
	my %by;
	for (@{$p->{segs}}) {
		$cc += $_->{breaks} // 0;
		$by{$n++} = { %$_, cc => $cc };
	}
	return \%by;
}

sub check_media {
	my ($p, $dir) = @_;
	my $path = $p->{path};
	my ($first, $last_map) = (1, '');
	complain("$path: version") if ($p->{VERSION} // 0) < 6;
	for my $tag (qw(TARGETDURATION MEDIA-SEQUENCE)) {
		complain("$path: no $tag") if ($p->{$tag} // '') !~ /^\d+$/;
	}
	if (exists $p->{'PLAYLIST-TYPE'}) {
		complain("$path: no ENDLIST") if !exists $p->{ENDLIST} &&
		    $p->{'PLAYLIST-TYPE'} ne 'EVENT';
	} else {
		complain("$path: no DISCONTINUITY-SEQUENCE")
		    if !exists $p->{'DISCONTINUITY-SEQUENCE'};
	}
	for (@{$p->{segs}}) {
		complain("$path: $_->{uri} is longer than TARGETDURATION")
		    if int($_->{dur} + 0.5) > $p->{TARGETDURATION};
		complain("$path: $_->{uri} is not there")
		    if !$_->{gap} && !-s "$dir/$_->{uri}";
		complain("$path: $_->{uri} is a GAP but there")
		    if $_->{gap} && -e "$dir/$_->{uri}";
		complain("$path: no date before $_->{uri}")
		    if ($first || $_->{breaks}) && !$_->{date};
		complain("$path: no map for $_->{uri}")
		    if !$_->{gap} && !-s "$dir/$_->{map}";
		complain("$path: the map changes before $_->{uri}")
		    if !$first && !$_->{breaks} && $_->{map} ne $last_map;
		($first, $last_map) = (0, $_->{map});
	}
	if (exists $p->{'PART-INF'}) {
		check_low($p, $dir);
	} else {
		complain("$path: $_ without PART-INF") for grep
		    { exists $p->{$_} } qw(SERVER-CONTROL PRELOAD-HINT);
		complain("$path: parts without PART-INF") if parts($p);
	}
}

if (@ARGV == 2) {
	my ($before, $after) = map { parse($_) } @ARGV;
	my ($x, $y) = map { numbered($_) } $before, $after;
	complain('MEDIA-SEQUENCE goes back')
	    if $after->{'MEDIA-SEQUENCE'} < $before->{'MEDIA-SEQUENCE'};
	complain('the end goes back') if $after->{'MEDIA-SEQUENCE'} +
	    @{$after->{segs}} < $before->{'MEDIA-SEQUENCE'} +
	    @{$before->{segs}};
	complain('TARGETDURATION changes')
	    if $after->{TARGETDURATION} != $before->{TARGETDURATION};
	for my $n (grep { $y->{$_} } sort { $a <=> $b } keys %$x) {
		for my $key (qw(uri dur map cc gap)) {
			my ($v, $w) = ($x->{$n}{$key} // '',
			    $y->{$n}{$key} // '');
			complain("$n: $key was '$v' and is '$w'")
			    if $v ne $w;
		}
	}
	# What was hinted is the next that is listed.
	my %hint = attributes('hint', $before->{'PRELOAD-HINT'} // '');
	my %known = map { $_->{URI} => 1 } parts($before);
	my ($next) = grep { !$known{$_->{URI}} } parts($after);
	complain("hinted $hint{URI}, listed $next->{URI}")
	    if %hint && $next && $hint{URI} ne $next->{URI};
	exit $bad;
}

my ($main) = @ARGV;
my ($dir) = $main =~ m{(.*)/} or die "usage: hls.pl DIR/main.m3u8\n";
open my $f, '<', $main or die "$main: $!\n";
my (@uris, %groups, @wanted);
while (<$f>) {
	chomp;
	if (/^#EXT-X-MEDIA:(.*)/) {
		my $a = $1;
		push @uris, $a =~ /URI="([^"]+)"/;
		my ($group) = $a =~ /GROUP-ID="([^"]+)"/;
		$groups{$group}++;
		complain("no $_ in $a") for grep { $a !~ /(^|,)$_=/ }
		    qw(TYPE GROUP-ID NAME LANGUAGE DEFAULT AUTOSELECT);
	} elsif (/^#EXT-X-STREAM-INF:(.*)/) {
		my $a = $1;
		push @wanted, $a =~ /AUDIO="([^"]+)"/;
		complain("no $_ in $a") for grep { $a !~ /(^|,)$_=/ }
		    qw(BANDWIDTH AVERAGE-BANDWIDTH CODECS),
		    $a =~ /avc1/ ? qw(RESOLUTION FRAME-RATE) : ();
		my ($peak, $average) =
		    $a =~ /BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/;
		complain("average over peak: $a") if $average > $peak;
	} elsif (/^[^#]/) {
		push @uris, $_;
	}
}
$groups{$_} or complain("no audio group $_") for @wanted;
my %seen;
my @lists = map { parse("$dir/$_") } grep { !$seen{$_}++ } @uris;
complain("$main: no playlists") if !@lists;
for my $p (@lists) {
	my ($its) = $p->{path} =~ m{(.*)/};
	check_media($p, $its);
	if (exists $p->{'PART-INF'}) {
		for my $other (grep { $_ != $p } @lists) {
			my ($uri) = $other->{path} =~ m{([^/]+/[^/]+)$};
			my $r = $p->{reports}{"../$uri"} // {};
			my ($msn, $part) = last_of($other);
			complain("$p->{path}: report of $uri") if $msn !=
			    ($r->{'LAST-MSN'} // -1) ||
			    $part != ($r->{'LAST-PART'} // -1);
		}
		complain("$p->{path}: reports") if
		    keys %{$p->{reports}} != @lists - 1;
	}
	for my $tag (qw(TARGETDURATION MEDIA-SEQUENCE SERVER-CONTROL PART-INF
	    DISCONTINUITY-SEQUENCE)) {
		complain("$p->{path}: another $tag")
		    if ($p->{$tag} // '') ne ($lists[0]{$tag} // '');
	}
	my ($x, $y) = (numbered($p), numbered($lists[0]));
	for my $n (grep { $y->{$_} } keys %$x) {
		my ($a, $b) = map { $_->{uri} =~ /(\d+)[^\/]*$/ }
		    $x->{$n}, $y->{$n};
		complain("$p->{path}: $n has another cc")
		    if $x->{$n}{cc} != $y->{$n}{cc};
		# Sound is cut at its own frames.
		complain("$p->{path}: $n has another date") if $a eq $b &&
		    abs(seconds($x->{$n}{date}) - seconds($y->{$n}{date})) >
		    0.024;
	}
}
exit $bad;
