# PowerCut - what a power cut may leave of directories, by the record that
# preload/faults.c made of the changes to them.
#
# A change is safe when an fsync of its file or directory that began after it
# has ended.  Of the others any part may be lost: names made or removed, bytes
# written, each for itself.
package PowerCut;
use strict;
use warnings;

# read_log(FILE): the records, each [TYPE, ...]; those of W and P end with the
# bytes
sub read_log {
	my ($file) = @_;
	my @ops;
	open my $f, '<:raw', $file or return [];
	while (defined(my $line = <$f>)) {
		last if $line !~ /\n\z/;
		chomp $line;
		my ($type, @rest) = split / /, $line, 4;
		if ($type eq 'W' || $type eq 'P') {
			my $n = $rest[-1];
			last if read($f, my $bytes, $n) != $n;
			push @rest, $bytes;
		}
		push @ops, [$type, @rest];
	}
	return \@ops;
}

# One file or directory: what of it is safe, and what is not yet.
sub node {
	my ($dir) = @_;
	return { dir => $dir, names => {}, data => [], waiting => [] };
}

# apply(NODE, CHANGE, PART): a name or bytes, the bytes perhaps in part
sub apply {
	my ($node, $change, $part) = @_;
	my ($type, @rest) = @{$change->{op}};
	if ($type eq 'W') {
		my ($at, $bytes) = @rest[1, 3];
		$bytes = substr $bytes, 0, int($part * length $bytes);
		push @{$node->{data}}, [$at, $bytes];
	} elsif ($type eq 'U') {
		delete $node->{names}{$rest[2]};
	} else {
		$node->{names}{$rest[2]} = $change->{node};
	}
}

# after(OPS, COUNT, TOP, LOSE): what is left of the directory with inode TOP
# when the power is cut after COUNT records; LOSE tells of each change that is
# not safe whether it is lost: 0 (no) to 1 (all of it).  And what was printed.
sub after {
	my ($ops, $count, $top, $lose) = @_;
	my (%nodes, %began, @lines);
	my $of = sub { $nodes{$_[0]} //= node() };
	for my $i (0 .. $count - 1) {
		my $op = $ops->[$i];
		my ($type, $inode, $other) = @$op;
		if ($type eq 'P') {
			push @lines, $op->[2];
		} elsif ($type eq 'B') {
			$began{$other} = $i;
		} elsif ($type eq 'S') {
			my $node = $of->($inode);
			my @later;
			for my $change (@{$node->{waiting}}) {
				if ($change->{at} < $began{$other}) {
					apply($node, $change, 1);
				} else {
					push @later, $change;
				}
			}
			$node->{waiting} = \@later;
		} else {
			# An inode may have been another file's before; a
			# directory may be told of twice.
			my $old = $nodes{$other};
			$nodes{$other} = node($type eq 'D')
			    if $type eq 'C' || $type eq 'D' &&
			    !($old && $old->{dir});
			push @{$of->($inode)->{waiting}}, { op => $op,
			    at => $i, node => $type =~ /[CDL]/ ?
			    $of->($other) : undef };
		}
	}
	for my $inode (sort keys %nodes) {
		my $node = $nodes{$inode};
		for my $change (@{$node->{waiting}}) {
			my $lost = $lose->();
			apply($node, $change, 1 - $lost) if $lost < 1;
		}
	}
	return ($of->($top), join '', @lines);
}

sub content {
	my ($node) = @_;
	my $bytes = '';
	for (@{$node->{data}}) {
		my ($at, $more) = @$_;
		$bytes .= "\0" x ($at - length $bytes) if $at > length $bytes;
		substr $bytes, $at, length $more, $more;
	}
	return $bytes;
}

# find(NODE, PATH): what is there, or undef
sub find {
	my ($node, $path) = @_;
	for (grep { length } split m{/}, $path) {
		$node = $node->{names}{$_} or return undef;
	}
	return $node;
}

# each_file(NODE, PATH, CODE): CODE->(PATH, NODE) for all below
sub each_file {
	my ($node, $path, $code) = @_;
	for my $name (sort keys %{$node->{names}}) {
		my $below = $node->{names}{$name};
		if ($below->{dir}) {
			each_file($below, "$path/$name", $code);
		} else {
			$code->("$path/$name", $below);
		}
	}
}

# make(NODE, PATH): the directory PATH as it is left
sub make {
	my ($node, $path) = @_;
	mkdir $path or die "$path: $!\n";
	for my $name (keys %{$node->{names}}) {
		my $below = $node->{names}{$name};
		if ($below->{dir}) {
			make($below, "$path/$name");
			next;
		}
		open my $f, '>:raw', "$path/$name" or die "$path/$name: $!\n";
		print $f content($below);
		close $f or die "$path/$name: $!\n";
	}
}

1;
