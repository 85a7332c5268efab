#!/usr/bin/perl
# mpd.pl FILE.mpd: check an MPD against the files that it names and against
# ISO/IEC 23009-1 and the DASH-IF timing model.  Prints what is wrong, a line
# each; exits 1 if anything is.  mpd.pl BEFORE AFTER compares two versions of
# a live MPD: what must not change, must not have.
# The XML that it reads has one tag a line, attributes in double quotes.
use strict;
use warnings;
use Time::Local qw(timegm);

my $bad = 0;
sub complain { print "@_\n"; $bad = 1 }

sub parse {
	my ($path) = @_;
	my (%mpd, $period, $set, $template);
	open my $f, '<:raw', $path or die "$path: $!\n";
	my @open;
	while (<$f>) {
		next if /^<\?xml/;
		m{^\s*<(/?)(\w+)((?: [\w:]+="[^"<&]*")*)(/?)>$} or do {
			complain("$path: not a tag: $_"); next };
		my ($close, $tag, $attributes, $empty) = ($1, $2, $3, $4);
		my %a = $attributes =~ /([\w:]+)="([^"]*)"/g;
		if ($close) {
			complain("$path: </$tag> closes nothing")
			    if (pop @open // '') ne $tag;
			next;
		}
		if ($tag eq 'UTCTiming' &&
		    ($open[-1] // '') eq 'ProducerReferenceTime') {
			$set->{reference}{utc} = "@a{qw(schemeIdUri value)}";
			next;
		}
		push @open, $tag if !$empty;
		if ($tag eq 'MPD') { %mpd = (%a, path => $path, periods => []) }
		elsif ($tag eq 'Period') {
			push @{$mpd{periods}}, $period = { %a, sets => [] } }
		elsif ($tag eq 'AdaptationSet') {
			push @{$period->{sets}}, $set = { %a, reps => [] } }
		elsif ($tag eq 'SegmentTemplate') {
			$set->{template} = $template = { %a, s => [] } }
		elsif ($tag eq 'S') { push @{$template->{s}}, { %a } }
		elsif ($tag eq 'Representation') {
			push @{$set->{reps}}, { %a } }
		elsif ($tag eq 'UTCTiming') {
			$mpd{utc} = "@a{qw(schemeIdUri value)}" }
		elsif ($tag eq 'Latency') { $mpd{latency} = { %a } }
		elsif ($tag eq 'ProducerReferenceTime') {
			$set->{reference} = { %a } }
	}
	complain("$path: <$_> is not closed") for @open;
	return \%mpd;
}

sub seconds { $_[0] =~ /^PT([\d.]+)S$/ ? $1 : complain("duration '$_[0]'") }

# Number, t and d of each segment of a set.
sub segments {
	my ($set, $where) = @_;
	my $t = $set->{template};
	my ($next, $n, @segs) = (undef, $t->{startNumber});
	complain("$where: \@duration beside a SegmentTimeline")
	    if exists $t->{duration};
	for my $s (@{$t->{s}}) {
		complain("$where: no \@t at first")
		    if !defined $next && !defined $s->{t};
		complain("$where: $s->{t} does not follow $next")
		    if defined $next && defined $s->{t} && $s->{t} != $next;
		my $at = $s->{t} // $next;
		for (0 .. $s->{r} // 0) {
			push @segs, { n => $n++, t => $at, d => $s->{d} };
			$at += $s->{d};
		}
		$next = $at;
	}
	complain("$where: no segments") if !@segs;
	complain("$where: beyond 2^53") if $next >= 2 ** 53;
	return @segs;
}

sub inside {		# the payload of the box at a path
	my ($data, @path) = @_;
	for my $want (@path) {
		my ($at, $found) = (0);
		while ($at + 8 <= length $data) {
			my ($n, $type) = unpack "x$at N a4", $data;
			$found = substr $data, $at + 8, $n - 8
			    if $type eq $want;
			last if $n < 8 || defined $found;
			$at += $n;
		}
		return undef if !defined $found;
		$data = $found;
	}
	return $data;
}
sub slurp { local (@ARGV, $/) = (shift); <> }

# The earliest presentation time of a segment whose first sample has it.
sub tfdt {
	my ($file) = @_;
	my $tfdt = inside(slurp($file), qw(moof traf tfdt)) // return undef;
	return unpack('C', $tfdt) ? unpack 'x4 Q>', $tfdt :
	    unpack 'x4 N', $tfdt;
}

sub check {
	my ($m) = @_;
	my ($dir) = $m->{path} =~ m{(.*)/};
	my $dynamic = $m->{type} eq 'dynamic';
	my @need = $dynamic ? qw(availabilityStartTime publishTime) :
	    qw(mediaPresentationDuration);
	complain("no \@$_") for grep { !defined $m->{$_} } @need,
	    qw(minBufferTime profiles);
	complain('no UTCTiming') if $dynamic && !defined $m->{utc};
	complain('no Period') if !@{$m->{periods}};
	my ($last, %ids) = (-1);
	for my $p (@{$m->{periods}}) {
		my $where = "Period $p->{id}";
		complain("$where twice") if $ids{$p->{id}}++;
		if ($dynamic) {
			complain("$where is not later")
			    if seconds($p->{start}) <= $last;
			$last = seconds($p->{start});
		}
		my (%set_ids, %rep_ids);
		for my $set (@{$p->{sets}}) {
			my $its = "$where set $set->{id}";
			complain("$its twice") if $set_ids{$set->{id}}++;
			my @segs = segments($set, $its);
			check_low($m, $p, $set, \@segs, $its)
			    if $m->{latency};
			for my $r (@{$set->{reps}}) {
				complain("$its: $r->{id} twice")
				    if $rep_ids{$r->{id}}++;
				complain("$its: $r->{id}: no \@$_")
				    for grep { !defined $r->{$_} }
				    qw(bandwidth codecs);
				check_files($m, $dir, $set, $r, \@segs);
			}
		}
	}
}

# Microseconds since 1970 of a date in UTC.
sub micros {
	my ($y, $m, $d, $hms, $us) = $_[0] =~
	    /^(\d+)-(\d+)-(\d+)T([\d:]+)\.(\d{6})Z$/ or return
	    complain("date '$_[0]'");
	my ($h, $min, $s) = split /:/, $hms;
	return 1e6 * timegm($s, $min, $h, $d, $m - 1, $y) + $us;
}

# Low latency: by a clock, and of segments that are short enough for it.
sub check_low {
	my ($m, $p, $set, $segs, $where) = @_;
	my ($ref, $t, $l) = ($set->{reference}, $set->{template},
	    $m->{latency});
	return complain("$where: no ProducerReferenceTime") if !$ref;
	complain("$where: its clock is not the MPD's")
	    if ($ref->{utc} // '') ne $m->{utc};
	complain("$where: refers to $ref->{presentationTime}")
	    if $ref->{presentationTime} != $t->{presentationTimeOffset};
	my $start = sprintf '%.0f', 1e6 * seconds($p->{start});
	complain("$where: its time is not that of its reference")
	    if $start != micros($ref->{wallclockTime});
	complain('a latency that is not between its bounds')
	    if $l->{target} < $l->{min} || $l->{target} > $l->{max};
	complain("$where: a long segment: $_->{n}") for grep {
	    2 * 1000 * $_->{d} / $t->{timescale} > $l->{target} } @$segs;
}

sub check_files {
	my ($m, $dir, $set, $r, $segs) = @_;
	my $t = $set->{template};
	my $init = $t->{initialization} =~ s/\$RepresentationID\$/$r->{id}/r;
	my $moov = -s "$dir/$init" && inside(slurp("$dir/$init"), 'moov');
	return complain("$init is not there") if !$moov;
	my $mdhd = inside($moov, qw(trak mdia mdhd));
	my $scale = unpack('C', $mdhd) ? unpack('x20 N', $mdhd) :
	    unpack('x12 N', $mdhd);
	complain("$init: time scale $scale, not $t->{timescale}")
	    if $scale != $t->{timescale};
	for (@$segs) {
		my $n = sprintf '%09d', $_->{n};
		my $media = $t->{media} =~ s/\$RepresentationID\$/$r->{id}/r;
		$media =~ s/\$Number%09d\$/$n/;
		complain("$media is not there"), next if !-s "$dir/$media";
		# One chunk, so that no availabilityTimeOffset is right.
		my $moofs = () = slurp("$dir/$media") =~ /....moof/sg;
		complain("$media has $moofs chunks")
		    if $moofs != 1 || defined $t->{availabilityTimeOffset};
		my $tfdt = tfdt("$dir/$media");
		complain("$media begins at $tfdt, not $_->{t}")
		    if defined $tfdt && $tfdt != $_->{t};
	}
}

sub compare {
	my ($x, $y) = @_;
	complain("$_ changed") for grep { ($x->{$_} // '') ne ($y->{$_} // '') }
	    qw(availabilityStartTime timeShiftBufferDepth
	    suggestedPresentationDelay utc);
	complain('publishTime did not grow')
	    if $y->{publishTime} le $x->{publishTime};
	my %new = map { $_->{id} => $_ } @{$y->{periods}};
	my @old = @{$x->{periods}};
	for my $p (@old) {
		my $q = $new{$p->{id}};
		if (!$q) {
			complain("Period $p->{id} is gone")
			    if $p == $old[-1];
			next;
		}
		my $where = "Period $p->{id}";
		complain("$where moved") if $p->{start} ne $q->{start};
		complain("$where is of another time") if grep {
		    ($p->{sets}[$_]{reference}{wallclockTime} // '') ne
		    ($q->{sets}[$_]{reference}{wallclockTime} // '')
		    } 0 .. $#{$p->{sets}};
		complain("$where has other sets")
		    if @{$p->{sets}} != @{$q->{sets}};
		for my $i (0 .. $#{$p->{sets}}) {
			my ($s, $z) = ($p->{sets}[$i], $q->{sets}[$i]);
			my ($u, $v) = ($s->{template}, $z->{template});
			complain("$where set $s->{id}: $_ changed") for grep {
			    $u->{$_} ne $v->{$_} } qw(timescale media
			    presentationTimeOffset initialization);
			complain("$where: other Representations") if
			    join(' ', map { $_->{id} } @{$s->{reps}}) ne
			    join ' ', map { $_->{id} } @{$z->{reps}};
			my %at = map { $_->{n} => "$_->{t} $_->{d}" }
			    segments($s, $where);
			my @now = segments($z, $where);
			complain("$where: segment $_->{n} changed") for grep {
			    ($at{$_->{n}} // "$_->{t} $_->{d}") ne
			    "$_->{t} $_->{d}" } @now;
			complain("$where: the list got shorter") if
			    $now[-1]{n} < (sort { $a <=> $b } keys %at)[-1];
		}
	}
}

@ARGV == 1 || @ARGV == 2 or die "usage: mpd.pl MPD | mpd.pl BEFORE AFTER\n";
my @mpds = map { parse($_) } @ARGV;
@mpds == 2 ? compare(@mpds) : check(@mpds);
exit $bad;
