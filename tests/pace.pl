#!/usr/bin/perl
# pace.pl FROM SPOOL STREAM - a live stream out of a finished one
#
# Links the files of STREAM from the spool FROM into SPOOL, each fragment
# when it would be there: its arrival and its length later.  A ticket tells
# of it, as with segment-store and transcode-job.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Spec;
use Time::HiRes qw(sleep time);

@ARGV == 3 or die "usage: pace.pl FROM SPOOL STREAM\n";
my ($from, $spool) = map { File::Spec->rel2abs($_) } @ARGV[0, 1];
my $stream = $ARGV[2];

sub publish {		# a path below the spool, once
	my ($path) = @_;
	return if -e "$spool/$path";
	make_path(dirname("$spool/$path"));
	link "$from/$path", "$spool/$path" or die "$spool/$path: $!\n";
}

# When the original at PATH is complete: arrival, end - start.
sub complete_at {
	my ($path) = @_;
	open my $f, '<:raw', $path or die "$path: $!\n";
	read $f, my $head, 256;
	my ($ftyp) = unpack 'N', $head;
	my ($scale, $start, $end, $arrival) =
	    unpack "x$ftyp x44 N q>3", $head;
	return $arrival / 1e6 + ($end - $start) / $scale;
}

chdir $from or die "$from: $!\n";
my @renditions = map { s{.*/}{}r } grep { -d } glob "www/$stream/*";
for my $src (glob "src/$stream/*/*/*.mp4") {
	my ($epoch, $group, $seq) = $src =~ m{(\d+)/(\d+)/(\d+)\.mp4$};
	my $wait = complete_at($src) - time;
	sleep $wait if $wait > 0;
	publish($src);
	for my $r (@renditions) {
		my $media = "www/$stream/$r/$epoch/$group/$seq.m4s";
		next if !-e $media;
		publish("www/$stream/$r/init-$epoch.mp4");
		publish($media);
	}
	my $ticket = "$spool/queue/$stream+$epoch+$seq";
	open my $f, '>', $ticket or die "$ticket: $!\n";
	unlink $ticket;
}
