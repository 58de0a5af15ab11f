package pgtest

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Network is what lies between a store and its server, to be cut in the middle of a
// commit. It forwards everything until it trips over a text that the store sends.
type Network struct {
	t      testing.TB
	server string // its socket
	dir    string // of ours

	mu       sync.Mutex
	listener net.Listener
	pairs    map[*pair]bool
	trip     string // what to trip over; "" for nothing
	how      Fault
	tripped  chan struct{} // closed when it has
	late     *pair         // whose words are held
}

// pair is one connection of the store, and its other half.
type pair struct {
	client, server net.Conn
	deaf           bool   // what the server says next is lost
	held           []byte // what has not reached the server yet
	said           []byte // by the server, to nobody
	over           chan struct{}
}

// Fault is where a network is cut.
type Fault int

// The faults.
const (
	LoseRequest Fault = iota // nothing arrives
	LoseAnswer               // everything arrives, and the answer does not
	Delay                    // it arrives when the test says so; the store is cut off at once
)

// Through returns a network, and the address of the same schema behind it.
func Through(t testing.TB, address string) (*Network, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	dir, err := os.MkdirTemp("", "pg-") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	n := &Network{t: t, server: filepath.Join(query.Get("host"), socket), dir: filepath.Join(dir, socket), pairs: map[*pair]bool{}}
	n.Mend()
	t.Cleanup(func() {
		n.Cut()
		os.RemoveAll(dir)
	})
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	return n, u.String()
}

// Mend lets connections through from now on.
func (n *Network) Mend() {
	n.t.Helper()
	listener, err := net.Listen("unix", n.dir)
	if err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listener = listener
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			n.join(client)
		}
	}()
}

func (n *Network) join(client net.Conn) {
	server, err := net.Dial("unix", n.server)
	if err != nil {
		client.Close()
		return
	}
	p := &pair{client: client, server: server, over: make(chan struct{})}
	n.mu.Lock()
	n.pairs[p] = true
	n.mu.Unlock()
	go n.forward(p)
	go n.back(p)
}

// Cut breaks every connection and lets none through; a server whose answer is late
// stays on the line.
func (n *Network) Cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listener.Close()
	for p := range n.pairs {
		p.client.Close()
		if p != n.late {
			p.server.Close()
		}
		delete(n.pairs, p)
	}
}

// TripOver arms the network: it is cut around what holds the text, and the channel
// closed then.
func (n *Network) TripOver(text string, how Fault) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trip, n.how, n.tripped = text, how, make(chan struct{})
	return n.tripped
}

func (n *Network) forward(p *pair) {
	buffer := make([]byte, 1<<20)
	for {
		size, err := p.client.Read(buffer)
		if err != nil {
			return // whoever cut the line has seen to the server
		}
		if n.hold(p, buffer[:size]) {
			n.Cut()
			close(n.tripped)
			return
		}
		if _, err := p.server.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// hold reports whether what is sent goes no further.
func (n *Network) hold(p *pair, data []byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trip == "" || !strings.Contains(string(data), n.trip) {
		return false
	}
	n.trip = ""
	switch n.how {
	case LoseAnswer:
		p.deaf = true
		return false
	case Delay:
		n.late, p.held = p, append([]byte(nil), data...)
	}
	return true
}

func (n *Network) back(p *pair) {
	defer close(p.over)
	buffer := make([]byte, 1<<20)
	for {
		size, err := p.server.Read(buffer)
		if err != nil {
			p.client.Close()
			return
		}
		n.mu.Lock()
		deaf, late := p.deaf, n.late == p
		n.mu.Unlock()
		switch {
		case deaf:
			n.Cut()
			close(n.tripped)
			return
		case late:
			p.said = append(p.said, buffer[:size]...)
		default:
			if _, err := p.client.Write(buffer[:size]); err != nil {
				p.server.Close()
				return
			}
		}
	}
}

// Arrive lets what was held arrive after all, and returns what the server says to it.
func (n *Network) Arrive() string {
	n.t.Helper()
	n.mu.Lock()
	p := n.late
	n.mu.Unlock()
	if _, err := p.server.Write(p.held); err != nil {
		n.t.Fatal(err)
	}
	if err := p.server.(*net.UnixConn).CloseWrite(); err != nil {
		n.t.Fatal(err)
	}
	<-p.over
	return string(p.said)
}
