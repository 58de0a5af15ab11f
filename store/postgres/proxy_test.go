package postgres_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// network is what lies between a store and its server, to be cut in the middle of a
// commit. It forwards everything until it trips over a text that the store sends.
type network struct {
	t      testing.TB
	server string // its socket
	dir    string // of ours

	mu       sync.Mutex
	listener net.Listener
	pairs    map[*pair]bool
	trip     string // what to trip over; "" for nothing
	how      fault
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

// fault is where the network is cut.
type fault int

const (
	loseRequest fault = iota // nothing arrives
	loseAnswer               // everything arrives, and the answer does not
	delay                    // it arrives when the test says so; the store is cut off at once
)

// through returns a network, and the address of the same schema behind it.
func through(t testing.TB, address string) (*network, string) {
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
	n := &network{t: t, server: filepath.Join(query.Get("host"), socket), dir: filepath.Join(dir, socket), pairs: map[*pair]bool{}}
	n.mend()
	t.Cleanup(func() {
		n.cut()
		os.RemoveAll(dir)
	})
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	return n, u.String()
}

// mend lets connections through from now on.
func (n *network) mend() {
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

func (n *network) join(client net.Conn) {
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

// cut breaks every connection and lets none through; a server whose answer is late
// stays on the line.
func (n *network) cut() {
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

// tripOver arms the network: it is cut around what holds the text, and the channel
// closed then.
func (n *network) tripOver(text string, how fault) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.trip, n.how, n.tripped = text, how, make(chan struct{})
	return n.tripped
}

func (n *network) forward(p *pair) {
	buffer := make([]byte, 1<<20)
	for {
		size, err := p.client.Read(buffer)
		if err != nil {
			return // whoever cut the line has seen to the server
		}
		if n.hold(p, buffer[:size]) {
			n.cut()
			close(n.tripped)
			return
		}
		if _, err := p.server.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// hold reports whether what is sent goes no further.
func (n *network) hold(p *pair, data []byte) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trip == "" || !strings.Contains(string(data), n.trip) {
		return false
	}
	n.trip = ""
	switch n.how {
	case loseAnswer:
		p.deaf = true
		return false
	case delay:
		n.late, p.held = p, append([]byte(nil), data...)
	}
	return true
}

func (n *network) back(p *pair) {
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
			n.cut()
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

// arrive lets what was held arrive after all, and returns what the server says to it.
func (n *network) arrive() string {
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
