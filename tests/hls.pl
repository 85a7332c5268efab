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
		} elsif (/^#EXT-X-([A-Z-]+)(?::(.*))?$/) {
			complain("$path: $1 twice") if exists $p{$1};
			$p{$1} = $2 // '';
			complain("$path: $1 behind segments")
			    if @{$p{segs}} && $1 ne 'ENDLIST';
		} elsif (!/^#/) {
			push @{$p{segs}}, { uri => $_, map => $map // '', %seg };
			%seg = ();
		}
	}
	return \%p;
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
		complain("$path: no ENDLIST") if !exists $p->{ENDLIST};
	} else {
		complain("$path: ENDLIST") if exists $p->{ENDLIST};
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
	for my $tag (qw(TARGETDURATION MEDIA-SEQUENCE
	    DISCONTINUITY-SEQUENCE)) {
		complain("$p->{path}: another $tag")
		    if ($p->{$tag} // '') ne ($lists[0]{$tag} // '');
	}
	my ($x, $y) = (numbered($p), numbered($lists[0]));
	for my $n (grep { $y->{$_} } keys %$x) {
		for my $key (qw(cc date)) {
			complain("$p->{path}: $n has another $key")
			    if ($x->{$n}{$key} // '') ne ($y->{$n}{$key} // '');
		}
	}
}
exit $bad;
