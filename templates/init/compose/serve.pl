# serve.pl PORT [HOST:PORT]: answers HTTP requests, with the answer of another server if one is named.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $upstream) = @ARGV;
$SIG{TERM} = sub { exit };
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "port $port: $!\n";

while (my $client = $server->accept) {
    read_head($client);
    my ($status, $text) = $upstream ? ask($upstream) : ("200 OK", "fresh from the store\n");
    print $client "HTTP/1.0 $status\r\nContent-Length: ", length $text, "\r\n\r\n$text";
    close $client;
}

sub ask {
    my $server = IO::Socket::INET->new(PeerAddr => shift, Timeout => 5)
        or return ("504 Gateway Timeout", "the store does not answer\n");
    print $server "GET / HTTP/1.0\r\n\r\n";
    read_head($server);
    return ("200 OK", join "", <$server>);
}

sub read_head {
    my $peer = shift;
    while (my $line = <$peer>) { last if $line eq "\r\n" }
}
