package smtp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/channel/channeltest"
	"rapport/channel/mail"
	"rapport/channel/smtp"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, security := range []smtp.Security{smtp.StartTLS, smtp.ImplicitTLS, smtp.NoTLS} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t *testing.T) channeltest.Subject {
				s := start(t, security == smtp.ImplicitTLS, func(s *server) { s.AllowInsecureAuth = true })
				p := open(t, s.config(func(c *smtp.Config) { c.Security = security }))
				return channeltest.Subject{Provider: p, Reached: s.reached, Down: func(down bool) {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.down = down
				}}
			})
		})
	}
}

// What arrives is what was composed, to the byte, whoever carries it.
func TestArrivesUnchanged(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := open(t, s.config())
	batch := channeltest.Batch(0, 5)
	batch[1].Content.Text = ".\r\n..\r\n.a\r\n\r\n.\r\n"
	batch[2].Content.HTML = strings.Repeat("<p>สวัสดี = é</p>", 500)
	batch[3].Content = rapport.Content{}
	for i, o := range p.Deliver(t.Context(), batch) {
		if o.Kind != rapport.Accepted {
			t.Fatalf("%d: %+v", i, o)
		}
	}
	for _, d := range batch {
		want, err := mail.Compose(nil, &d)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.find(t, d.To); !bytes.Equal(got.bytes, want.Bytes) || got.from != d.From.Address || got.size != int64(len(want.Bytes)) {
			t.Errorf("%s arrived changed: from %s, size %d\n%s", d.To, got.from, got.size, got.bytes)
		}
	}
}

func (s *server) find(t *testing.T, to string) received {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mails {
		if m.to == to {
			return m
		}
	}
	t.Fatalf("%s was never reached", to)
	return received{}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	clear := func(s *server) { s.AllowInsecureAuth = true }
	for _, c := range []struct {
		name       string
		server     func(*server)
		client     func(*smtp.Config)
		mechanisms string
		want       string // the mechanism, or part of the reason
	}{
		{"plain", nil, nil, "LOGIN CRAM-MD5 PLAIN", "PLAIN"},
		{"login", nil, nil, "CRAM-MD5 LOGIN", "LOGIN"},
		{"cram", nil, nil, "CRAM-MD5", "CRAM-MD5"},
		{"nothing we know", nil, nil, "GSSAPI", "none of the ways to sign in"},
		{"wrong password", nil, func(c *smtp.Config) { c.Password = "wrong" }, "PLAIN", "535 5.7.8 [address] your password is wrong"},
		{"wrong password, login", nil, func(c *smtp.Config) { c.Password = "wrong" }, "LOGIN", "535 5.7.8"},
		{"wrong password, cram", nil, func(c *smtp.Config) { c.Password = "wrong" }, "CRAM-MD5", "535 5.7.8"},
		{"no password", nil, func(c *smtp.Config) { c.Username, c.Password = "", "" }, "PLAIN", "the mail server said: 502 5.7.0"},
		{"in clear, on this machine", clear, func(c *smtp.Config) { c.Security = smtp.NoTLS }, "PLAIN", "PLAIN"},
		{"in clear, elsewhere", clear, elsewhere, "PLAIN LOGIN", "the password was not sent"},
		{"in clear, elsewhere, by challenge", clear, elsewhere, "PLAIN CRAM-MD5", "CRAM-MD5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, func(s *server) {
				s.mechanisms = strings.Fields(c.mechanisms)
				if c.server != nil {
					c.server(s)
				}
			})
			config := s.config()
			if c.client != nil {
				c.client(&config)
			}
			outcomes := open(t, config).Deliver(t.Context(), channeltest.Batch(0, 25))
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, o := range outcomes {
				if len(s.signedIn) > 0 && s.signedIn[0] == c.want && o.Kind == rapport.Accepted {
					continue
				}
				if o.Kind != rapport.Retry || !strings.Contains(o.Reason, c.want) || strings.Contains(o.Reason, config.Password) && config.Password != "wrong" && config.Password != "" {
					t.Fatalf("signed in by %s; %+v, want %s", s.signedIn, o, c.want)
				}
			}
		})
	}
}

// elsewhere makes the server look as if it were on another machine.
func elsewhere(c *smtp.Config) {
	c.Security = smtp.NoTLS
	dial := c.Dial
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return foreign{conn}, err
	}
}

type foreign struct{ net.Conn }

func (foreign) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestEncryption(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		server func(*server)
		client func(*smtp.Config)
		want   string
	}{
		{"nobody vouches for it", nil, func(c *smtp.Config) { c.RootCAs = nil }, "certificate is not to be trusted"},
		{"another host's certificate", nil, func(c *smtp.Config) { c.Host = "127.0.0.2" }, "certificate is not to be trusted"},
		{"an old protocol", func(s *server) { s.TLSConfig.MaxVersion = tls.VersionTLS11 }, nil, "tls: "},
		{"no STARTTLS", func(s *server) { s.TLSConfig = nil; s.AllowInsecureAuth = true }, nil, "offers no STARTTLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, c.server)
			config := s.config()
			if c.client != nil {
				c.client(&config)
			}
			if config.Host != "127.0.0.1" {
				dial := config.Dial
				config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, s.address) }
			}
			for _, o := range open(t, config).Deliver(t.Context(), channeltest.Batch(0, 3)) {
				if o.Kind != rapport.Retry || !strings.Contains(o.Reason, c.want) {
					t.Errorf("%+v, want Retry, %s", o, c.want)
				}
			}
			if len(s.signedIn) > 0 {
				t.Error("it has the password")
			}
		})
	}
}

// Addresses in other scripts: the domain always works, the name needs SMTPUTF8.
func TestInternationalAddresses(t *testing.T) {
	t.Parallel()
	for _, utf8 := range []bool{true, false} {
		s := start(t, false, func(s *server) { s.EnableSMTPUTF8 = utf8 })
		p := open(t, s.config())
		batch := channeltest.Batch(0, 3)
		batch[0].To, batch[1].To = "jane@bücher.example", "สมชาย@例え.テスト"
		outcomes := p.Deliver(t.Context(), batch)
		if outcomes[0].Kind != rapport.Accepted || outcomes[2].Kind != rapport.Accepted {
			t.Errorf("%+v", outcomes)
		}
		if got := s.find(t, "jane@xn--bcher-kva.example"); got.utf8 {
			t.Error("SMTPUTF8 without need")
		}
		if !utf8 {
			if o := outcomes[1]; o.Kind != rapport.Refused || o.Bad || !strings.Contains(o.Reason, "beyond ASCII") {
				t.Errorf("without SMTPUTF8: %+v", o)
			}
			continue
		}
		got := s.find(t, "สมชาย@xn--r8jz45g.xn--zckzah")
		if !got.utf8 || got.body != "8BITMIME" || !bytes.Contains(got.bytes, []byte("To: <สมชาย@xn--r8jz45g.xn--zckzah>\r\n")) {
			t.Errorf("utf8 %v, body %q\n%s", got.utf8, got.body, got.bytes)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(s *server) { s.MaxMessageBytes = 4000 })
	batch := channeltest.Batch(0, 3)
	batch[1].Content.Text = strings.Repeat("large ", 1000)
	outcomes := open(t, s.config()).Deliver(t.Context(), batch)
	if o := outcomes[1]; o.Kind != rapport.Refused || o.Bad || !strings.Contains(o.Reason, "larger") {
		t.Errorf("%+v", o)
	}
	if outcomes[0].Kind != rapport.Accepted || outcomes[2].Kind != rapport.Accepted {
		t.Errorf("%+v", outcomes)
	}
}

// Connections are used again, replaced when used up, and never more than allowed.
func TestReuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		perConnection int
		idle          time.Duration
		most          int
		least         int
	}{
		{"kept", 0, 0, 3, 1},
		{"used up after 20", 20, 0, 12, 10},
	} {
		s := start(t, false, nil)
		p := open(t, s.config(func(config *smtp.Config) {
			config.PerConnection = c.perConnection
			config.Timeouts.Idle = c.idle
		}))
		for call := range 10 {
			for _, o := range p.Deliver(t.Context(), channeltest.Batch(call*100, 20)) {
				if o.Kind != rapport.Accepted {
					t.Fatalf("%s: %+v", c.name, o)
				}
			}
		}
		s.mu.Lock()
		// STARTTLS begins a second session on the same connection.
		if n := s.sessions / 2; n < c.least || n > c.most {
			t.Errorf("%s: %d connections for 200 messages, want %d to %d", c.name, n, c.least, c.most)
		}
		s.mu.Unlock()
	}
}

func TestSigner(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := open(t, s.config(func(c *smtp.Config) {
		c.Sign = func(message []byte) ([]byte, error) {
			if bytes.Contains(message, []byte("customer1@")) {
				return nil, errors.New("no key")
			}
			return []byte("X-Signature: of " + string(message[:4]) + "\r\n"), nil
		}
	}))
	outcomes := p.Deliver(t.Context(), channeltest.Batch(0, 3))
	if outcomes[0].Kind != rapport.Accepted || outcomes[1].Kind != rapport.Retry || outcomes[2].Kind != rapport.Accepted {
		t.Errorf("%+v", outcomes)
	}
	if got := s.find(t, "customer0@mail.example"); !bytes.HasPrefix(got.bytes, []byte("X-Signature: of Date\r\nDate: ")) {
		t.Errorf("%s", got.bytes)
	}
}

func TestBounceAndDefaultSender(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := open(t, s.config(func(c *smtp.Config) { c.Bounce = "bounces@shop.example" }))
	batch := channeltest.Batch(0, 1)
	batch[0].From = rapport.Sender{}
	if o := p.Deliver(t.Context(), batch)[0]; o.Kind != rapport.Accepted {
		t.Fatalf("%+v", o)
	}
	got := s.find(t, batch[0].To)
	if got.from != "bounces@shop.example" || !bytes.Contains(got.bytes, []byte("From: Shop <hello@shop.example>\r\n")) {
		t.Errorf("from %s\n%s", got.from, got.bytes)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*smtp.Config){
		"host":        func(c *smtp.Config) { c.Host = "" },
		"port":        func(c *smtp.Config) { c.Port = 70000 },
		"tls":         func(c *smtp.Config) { c.Security = "perhaps" },
		"connections": func(c *smtp.Config) { c.Connections = -1 },
		"connection":  func(c *smtp.Config) { c.PerConnection = -1 },
		"name":        func(c *smtp.Config) { c.Hello = "a\r\nMAIL" },
		"control":     func(c *smtp.Config) { c.Username, c.Password = "a", "b\n" },
		"user name":   func(c *smtp.Config) { c.Password = "b" },
		"bounces":     func(c *smtp.Config) { c.Bounce = "nobody" },
		"beyond":      func(c *smtp.Config) { c.Bounce = "é@shop.example" },
		"sender":      func(c *smtp.Config) { c.From.Address = "nobody" },
	} {
		c := smtp.Config{Host: "localhost"}
		change(&c)
		if _, err := smtp.New(c); rapport.KindOf(err) != rapport.Invalid || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
