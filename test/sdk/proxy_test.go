package sdk_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// fate is what becomes of a request on its way.
type fate int

const (
	passed     fate = iota
	lost            // the connection breaks before anything has arrived
	torn            // it breaks in the middle of the body
	unanswered      // all has arrived, and it breaks before the answer comes back
	fates
)

// proxy stands between the client and the program and breaks connections: of
// the first attempts three in four, each in another way, of the first retries one
// in five, of later ones none.
type proxy struct {
	dial    func() (net.Conn, error) // connects to the program
	arrived func()                   // is told of each request that has arrived whole, before its answer
	// slots bounds how many requests are with the program at once, and so how many
	// a kill hits: the client waits twice as long after each failure.
	slots chan struct{}

	mu       sync.Mutex
	attempts int // first ones
	retries  int
	happened [fates]int
}

// start returns the address to call.
func (p *proxy) start(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[conn] = true
			mu.Unlock()
			open.Go(func() { p.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		open.Wait()
	})
	return listener.Addr().String()
}

// serve takes requests from one connection until it breaks.
func (p *proxy) serve(conn *net.TCPConn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		answer := p.pass(req, p.fateOf(req))
		if answer == nil {
			_ = conn.SetLinger(0) // so that the client's side is reset, not closed in order
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// fateOf decides what becomes of a request.
func (p *proxy) fateOf(req *http.Request) fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := passed
	switch count, _ := strconv.Atoi(req.Header.Get("X-Retry-Count")); count {
	case 0:
		f = fate(p.attempts) % fates
		p.attempts++
	case 1:
		if p.retries%5 == 0 {
			f = lost + fate(p.retries/5)%(fates-1)
		}
		p.retries++
	}
	p.happened[f]++
	return f
}

// pass hands a request on and returns the answer, nil if there is none to give.
func (p *proxy) pass(req *http.Request, f fate) []byte {
	if f == lost {
		return nil
	}
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	conn, err := p.dial()
	if err != nil {
		return nil
	}
	defer conn.Close()
	var whole bytes.Buffer
	if err := req.Write(&whole); err != nil {
		return nil
	}
	if f == torn {
		_, _ = conn.Write(whole.Bytes()[:whole.Len()*2/3])
		return nil
	}
	if _, err := conn.Write(whole.Bytes()); err != nil {
		return nil
	}
	p.arrived()
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return nil // it was killed
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if err := res.Write(&answer); err != nil || f == unanswered {
		return nil
	}
	return answer.Bytes()
}
