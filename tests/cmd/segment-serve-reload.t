#!/usr/bin/perl
# segment-serve: the delivery directives of Low-Latency HLS.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/..";
use IO::Uncompress::Gunzip qw(gunzip);
use Origin;
use Test::More;
use Time::HiRes qw(time);

my $o = Origin->new;
my $dir = 's1/h264';

# list LAST PARTS EXTRA...: a playlist whose last whole segment has the number
# LAST, with PARTS of the next; segments of two parts of a second each
sub list {
	my ($last, $parts, %o) = @_;
	my $window = $o{window} // 6;
	my $td = $o{td} // 2;
	my $first = $last - $window + 1;
	my $s = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:$td\n" .
	    '#EXT-X-SERVER-CONTROL:' .
	    ($o{plain} ? '' : 'CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,') .
	    "PART-HOLD-BACK=3.015\n#EXT-X-PART-INF:PART-TARGET=1.005\n" .
	    "#EXT-X-MEDIA-SEQUENCE:$first\n" .
	    "#EXT-X-MAP:URI=\"init-000001.mp4\"\n";

	for my $n ($first .. $last + 1) {
		my $of = $n <= $last ? $n > $last - 2 ? 2 : 0 : $parts;
		$s .= "#EXT-X-PART:DURATION=1.00000,URI=\"$n.$_.m4s\"\n"
		    for 0 .. $of - 1;
		$s .= "#EXTINF:2.00000,\n$n.m4s\n" if $n <= $last;
	}
	$s .= $o{ended} ? "#EXT-X-ENDLIST\n" :
	    '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="' .
	    ($o{hint} // $last + 1 . ".$parts.m4s") . "\"\n";
	return $s;
}
sub publish { $o->write("$dir/live.m3u8", list(@_)) }
sub url { "/$dir/live.m3u8" . (@_ ? "?$_[0]" : '') }
sub gives {
	my ($query, $code, $name) = @_;
	my $a = $o->get(url($query));

	is($a->{code}, $code, $name);
	return $a;
}
# holds QUERY, NAME, UPDATE...: until the update
sub holds {
	my ($path, $name, @update) = @_;
	my $s = $o->ask($path);

	ok($o->is_held($s), "$name: held");
	publish(@update);
	my $t = time;
	my $a = $o->answer($s);
	is($a->{code}, 200, "$name: released");
	is($a->{body}, list(@update), "$name: with the new list") if
	    $path =~ /m3u8/;
	ok(time - $t < 1, "$name: at once");
	return $a;
}

publish(10, 1);

# What is answered at once.
my $a = gives('', 200, 'no directive');
is($a->{'cache-control'}, 'max-age=1', 'kept for half a target duration');
$a = gives('_HLS_msn=10', 200, 'a segment that is there');
is($a->{body}, list(10, 1), 'the whole list');
is($a->{'cache-control'}, 'max-age=12', 'kept for six target durations');
gives('_HLS_msn=1', 200, 'a segment that left the list long ago');
gives('_HLS_msn=0&_HLS_part=7', 200, 'and a part of one');
gives('_HLS_msn=11&_HLS_part=0', 200, 'a part that is there');
gives('_HLS_msn=10&_HLS_part=1', 200, 'the last part of a segment');
gives('_HLS_msn=10&_HLS_part=2', 200, 'behind it: the next one, there too');
gives('_HLS_other=x&token=1&_HLS_msn=10', 200, 'parameters of others');

# What is refused.
$a = gives('_HLS_part=1', 400, 'a part of no segment');
is($a->{'cache-control'}, 'max-age=8', 'kept for four target durations');
gives('_HLS_msn=13', 400, 'a segment too far ahead');
gives('_HLS_msn=18446744073709551615', 400, 'much too far');
gives('_HLS_msn=11&_HLS_part=4', 400, 'a part too far ahead');
gives('_HLS_msn=12&_HLS_part=3', 400, 'one of the segment after');
gives("_HLS_msn=$_", 400, "no number: '$_'") for '', '-1', '1x', '+1', '1.0',
    '18446744073709551616', '%31';
gives('_HLS_msn=10&_HLS_msn=10', 400, 'a number twice');
gives('_HLS_msn=10&_HLS_part=0&_HLS_part=0', 400, 'a part twice');

# What is held.
holds(url('_HLS_msn=11&_HLS_part=1'), 'the next part', 11, 0);
holds(url('_HLS_msn=12'), 'the next segment', 12, 1);
holds(url('_HLS_msn=14&_HLS_part=0'), 'the part after the next', 14, 0);
holds(url('_HLS_msn=14&_HLS_part=2'), 'a part behind the last', 15, 1);
holds(url('_HLS_msn=17'), 'something newer will do', 30, 0);

# Not what was waited for: it goes on.
my $s = $o->ask(url('_HLS_msn=32'));
ok($o->is_held($s), 'two segments ahead: held');
publish(31, 1);
ok($o->is_held($s), 'one came: still held');
publish(32, 0);
is($o->answer($s)->{body}, list(32, 0), 'the other came');

# Many at once, in every form; gzip and the delta are made once for all.
publish(40, 0, window => 20);
my @form = ('', 'Accept-Encoding: br, gzip;q=0.5', 'X: y');
my @asked = map { $o->ask(url('_HLS_msn=41' . ($_ % 2 ? '&_HLS_skip=YES' :
    '')), $form[$_ % 3] || 'A: b') } 0 .. 59;
ok($o->is_held($asked[$_]), "many: $_") for 0, 59;
publish(41, 0, window => 20);
my %bodies;
for (0 .. 59) {
	my $r = $o->answer($asked[$_]);
	my $body = $r->{body};
	gunzip(\$r->{body}, \$body) if ($r->{'content-encoding'} // '') eq 'gzip';
	$bodies{$_ % 2}{$body}++;
	$bodies{gzip}++ if $body ne $r->{body};
}
is_deeply([map { values %{$bodies{$_}} } 0, 1], [30, 30], 'two bodies for all');
is($bodies{gzip}, 20, 'compressed for those that take it');
is((keys %{$bodies{0}})[0], list(41, 0, window => 20), 'the whole list');

# Those who asked first leave before the update: the others have it all the same.
@asked = map { $o->ask(url('_HLS_msn=42')) } 0 .. 15;
ok($o->is_held($asked[$_]), "some leave: $_ is held") for 0, 15;
close $_ for splice @asked, 0, 8;
my $then = time;
publish(42, 0, window => 20);
is_deeply([map { $o->answer($_)->{code} } @asked], [(200) x 8],
    'the others are answered');
ok(time - $then < 1, 'at once');
publish(41, 0, window => 20);

# Delta updates.
$a = $o->get(url('_HLS_skip=YES'));
is($a->{body}, (keys %{$bodies{1}})[0], 'a delta, held or not');
my ($whole, $delta) = (list(41, 0, window => 20), $a->{body});
# 20 segments of 2 s; those more than 12 s before the end: 13 of them.
like($delta, qr/^#EXTM3U\n#EXT-X-VERSION:9\n/, 'version 9');
is(() = $delta =~ /#EXT-X-VERSION/g, 1, 'once');
like($delta, qr/MEDIA-SEQUENCE:22\n#EXT-X-SKIP:SKIPPED-SEGMENTS=13\n#EXTINF/,
    'the skip stands for 13 segments');
my ($rest) = $delta =~ /SKIPPED-SEGMENTS=13\n(.*)/s;
is($rest, substr($whole, -length $rest), 'the rest is as it was');
is(() = $rest =~ /EXTINF/g, 7, 'and has 7');
my $etag = $a->{etag};
is($o->get(url('_HLS_skip=v2'))->{body}, $delta, 'v2');
is($o->get(url('_HLS_skip=v9'))->{body}, $whole, 'an unknown one');
is($o->get(url('_HLS_skip=YES'), "If-None-Match: $etag")->{code}, 304,
    'it has its own ETag');
is($o->get(url(), "If-None-Match: $etag")->{code}, 200,
    'which is not that of the whole list');
publish(42, 0, window => 6);
is($o->get(url('_HLS_skip=YES'))->{body}, list(42, 0, window => 6),
    'nothing to skip: the whole list');
publish(42, 0, window => 20, plain => 1);
is($o->get(url('_HLS_skip=YES'))->{body},
    list(42, 0, window => 20, plain => 1), 'not offered: the whole list');
$a = gives('_HLS_msn=99', 200, 'blocking is not offered: ignored');
is($a->{'cache-control'}, 'max-age=1', 'and it is no blocking answer');

# Hints.
my $slurped = "\0" x 70000;
sub part { "/$dir/$_[0]" }
publish(50, 0);
$s = $o->ask(part('51.0.m4s'));
my $twin = $o->ask(part('51.0.m4s'));
ok($o->is_held($s), 'a hinted part: held');
is($o->get(part('51.1.m4s'))->{code}, 404, 'one that is not hinted: 404');
is($o->get(part('51.1.m4s'))->{'cache-control'}, 'max-age=2',
    'kept for a target duration');
publish(50, 0, window => 7);
ok($o->is_held($s), 'another list with the same hint: still held');
$o->write("$dir/51.0.m4s", $slurped);
publish(50, 1);
$a = $o->answer($s);
is("$a->{code} " . length $a->{body}, '200 70000', 'it came: all of it');
is($a->{'cache-control'}, 'public, max-age=3600, immutable', 'a segment');
is($o->answer($twin)->{code}, 200, 'for the other, too');
$s = $o->ask(part('51.1.m4s'), 'Range: bytes=10-19');
ok($o->is_held($s), 'a range of a hinted part: held');
$o->write("$dir/51.1.m4s", $slurped);
publish(51, 0);
is($o->answer($s)->{'content-range'}, 'bytes 10-19/70000', 'its range');
$s = $o->ask(part('52.0.m4s'));
ok($o->is_held($s), 'the next: held');
publish(51, 0, hint => '../h264/000002/52.0.m4s?x#y');
is($o->answer($s)->{code}, 404, 'the hint is withdrawn: 404');
$s = $o->ask("/$dir/000002/52.0.m4s");
ok($o->is_held($s), 'a hint in a directory below');
$o->write("$dir/000002/52.0.m4s", 'x');
publish(52, 0, hint => '/etc/passwd');
is($o->answer($s)->{body}, 'x', 'is found, too');
is($o->get('/etc/passwd')->{code}, 404, 'a hint opens nothing');

# The end.
publish(60, 0, window => 20);
my @last = ($o->ask(url('_HLS_msn=61')), $o->ask(part('61.0.m4s')),
    $o->ask(url('_HLS_msn=62&_HLS_part=0&_HLS_skip=YES')));
ok($o->is_held($_), 'held at the end') for @last;
publish(60, 0, window => 20, ended => 1);
is($o->answer($last[0])->{body}, list(60, 0, window => 20, ended => 1),
    'ENDLIST releases');
is($o->answer($last[1])->{code}, 404, 'no hint is left');
is($o->answer($last[2])->{body}, list(60, 0, window => 20, ended => 1),
    'and skips nothing');
gives($_, 200, "ended: '$_' is ignored") for '_HLS_msn=99', '_HLS_part=1',
    '_HLS_msn=x', '_HLS_skip=YES';

# Nothing comes; and the publisher's list is taken away.
publish(70, 0, td => 1);
my $t = time;
$s = $o->ask(url('_HLS_msn=71'));
$twin = $o->ask(part('71.0.m4s'));
$a = $o->answer($s);
is($a->{code}, 503, 'nothing came: 503');
ok(time - $t > 2.9 && time - $t < 3 + Origin::PATIENCE,
    'after three target durations');
is($a->{'cache-control'}, 'max-age=4', 'kept for four');
is($o->answer($twin)->{code}, 503, 'the same for a part');
publish(70, 0);
$s = $o->ask(url('_HLS_msn=71'));
ok($o->is_held($s), 'held');
rename "$o->{www}/$dir", "$o->{www}/gone" or die;
is($o->answer($s)->{code}, 404, 'its directory is gone: 404');
holds(url('_HLS_msn=72'), 'and there again', 72, 0) if
    (publish(71, 0), 1);

# The server ends: nobody is left without an answer.
$s = $o->ask(url('_HLS_msn=73'));
ok($o->is_held($s), 'held when the server ends');
is($o->stop, 0, 'it ends in order');
$a = $o->answer($s);
is("$a->{code} $a->{'cache-control'}", '503 max-age=8', 'with an answer');

open my $err, '<', "$o->{dir}/err";
is(join('', <$err>), '', 'nothing on standard error');
done_testing;
