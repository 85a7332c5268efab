# Origin - a segment-serve under test, and requests to it, byte by byte.
package Origin;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use POSIX qw(dup2);
use Time::HiRes qw(time);

use constant PATIENCE => 20;	# of everything that must come

# new(ARG...): a server over a spool of its own; $o->{www} is what it serves.
sub new {
	my ($class, @args) = @_;
	my $dir = tempdir(CLEANUP => 1);
	my $o = bless { dir => $dir, www => "$dir/spool/www" }, $class;

	mkdir "$dir/spool" or die;
	mkdir $o->{www} or die;
	$o->start(@args);
	return $o;
}

sub start {
	my ($o, @args) = @_;
	my $bin = $ENV{BIN} or die "set BIN to the directory of the programs\n";

	pipe my $r, my $w or die "pipe: $!\n";
	$o->{pid} = fork;
	die "fork: $!\n" if !defined $o->{pid};
	if ($o->{pid} == 0) {
		close $r;
		dup2(fileno $w, 9);
		open STDOUT, '>', "$o->{dir}/out";
		open STDERR, '>', "$o->{dir}/err";
		exec "$bin/segment-serve", '--spool', "$o->{dir}/spool",
		    '--listen', '127.0.0.1:0', '--ready-fd', 9, @args;
		die "segment-serve: $!\n";
	}
	close $w;
	my $line = <$r> // die "segment-serve did not start\n";
	($o->{port}, $o->{tls_port}) = split ' ', $line;
}

# write NAME: TEXT, below www, as everything is published: in one step.
sub write {
	my ($o, $name, $text) = @_;
	my $path = "$o->{www}/$name";
	my ($dir) = $path =~ m{(.*)/};

	system 'mkdir', '-p', $dir;
	open my $f, '>', "$dir/.new" or die "$dir: $!\n";
	print $f $text;
	close $f;
	rename "$dir/.new", $path or die "$path: $!\n";
}

sub connect {
	my $o = shift;

	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $o->{port}) // die "cannot connect: $!\n";
}

# ask PATH [FIELD...]: send the request; the connection
sub ask {
	my ($o, $path, @fields) = @_;
	my $s = $o->connect;

	print $s join("\r\n", "GET $path HTTP/1.1", 'Host: x',
	    'Connection: close', @fields), "\r\n\r\n";
	return $s;
}

# is_held S: nothing comes, for a while
sub is_held {
	my ($o, $s) = @_;

	return !IO::Select->new($s)->can_read(0.25);
}

# answer S: all that comes until the end: { code, body, and each field }
sub answer {
	my ($o, $s) = @_;
	my ($all, $end) = ('', time + PATIENCE);
	my $select = IO::Select->new($s);

	while ((my $left = $end - time) > 0) {
		next if !$select->can_read($left);
		last if !sysread $s, $all, 65536, length $all;
	}
	my ($head, $body) = split /\r\n\r\n/, $all, 2;
	my %a = (code => 0, body => $body // '', head => $head // '');
	$a{code} = $1 if $a{head} =~ m{^HTTP/1\.1 (\d+)};
	$a{lc $1} = $2 while $a{head} =~ /^([\w-]+): ([^\r]*)/mg;
	return \%a;
}

sub get {
	my ($o, @ask) = @_;

	return $o->answer($o->ask(@ask));
}

# The status with which it ends after SIGNAL.
sub stop {
	my ($o, $signal) = @_;

	kill $signal // 'TERM', $o->{pid};
	waitpid delete $o->{pid}, 0;
	return $?;
}

sub DESTROY {
	my $o = shift;

	local $?;
	$o->stop('KILL') if $o->{pid};
}

1;
