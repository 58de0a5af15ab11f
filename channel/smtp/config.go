package smtp

import (
	"context"
	"crypto/x509"
	"net"
	"strconv"
	"time"

	"rapport"
	"rapport/channel/mail"
)

// Security is how a connection is protected.
type Security string

// The ways to protect a connection.
const (
	StartTLS    Security = "starttls" // begins in clear, goes on in TLS or not at all
	ImplicitTLS Security = "implicit" // TLS from the first byte
	NoTLS       Security = "none"     // for a relay on this machine or in a trusted network
)

// Config says which server to use and how. Only Host must be set.
type Config struct {
	Name          string // how outcomes name the provider; "smtp" unless set
	Host          string
	Port          int // 587 for StartTLS, 465 for ImplicitTLS, 25 for NoTLS unless set
	Security      Security
	Username      string // no authentication if empty
	Password      string
	From          rapport.Sender // for deliveries that name no sender
	Bounce        string         // where bounces go; the sender's address unless set
	Hello         string         // the name we greet with; our address unless set
	Connections   int            // at most so many at once; 4 unless set
	PerConnection int            // messages before a connection is replaced; 1,000 unless set
	Timeouts      Timeouts
	RootCAs       *x509.CertPool // whom to trust; the machine's list unless set
	Sign          mail.Signer    // vouches for each message; may be nil

	// Dial makes a connection; the network's own unless set.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Timeouts are the times by the machine's clock after which we give up on a server.
type Timeouts struct {
	Connect time.Duration // until it has greeted, encrypted and authenticated; 30 s unless set
	Reply   time.Duration // for one flight of commands; 2 min unless set
	Accept  time.Duration // for the answer to a message's content; 10 min unless set, as the standard asks, since giving up leaves it unclear
	Idle    time.Duration // an unused connection is closed after it; 1 min unless set
	Grace   time.Duration // how long an answer is waited for after the caller's context ended; 5 s unless set
}

// checkAfter is how long a connection may lie unused before it is checked.
const checkAfter = 10 * time.Second

func (c Config) withDefaults() Config {
	setDefault(&c.Name, "smtp")
	setDefault(&c.Security, StartTLS)
	setDefault(&c.Port, map[Security]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}[c.Security])
	setDefault(&c.Connections, 4)
	setDefault(&c.PerConnection, 1000)
	setDefault(&c.Timeouts.Connect, 30*time.Second)
	setDefault(&c.Timeouts.Reply, 2*time.Minute)
	setDefault(&c.Timeouts.Accept, 10*time.Minute)
	setDefault(&c.Timeouts.Idle, time.Minute)
	setDefault(&c.Timeouts.Grace, 5*time.Second)
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

func (c Config) check() error {
	switch {
	case c.Host == "" || hasControl(c.Host):
		return rapport.Errorf(rapport.Invalid, "the mail server's host is missing; write it as smtp.example.com")
	case c.Security != StartTLS && c.Security != ImplicitTLS && c.Security != NoTLS:
		return rapport.Errorf(rapport.Invalid, "tls must be starttls, implicit or none")
	case c.Port < 1 || c.Port > 65535:
		return rapport.Errorf(rapport.Invalid, "the mail server's port must be between 1 and 65535")
	case c.Connections < 1 || c.Connections > 256:
		return rapport.Errorf(rapport.Invalid, "connections must be between 1 and 256")
	case c.PerConnection < 1:
		return rapport.Errorf(rapport.Invalid, "a connection must carry at least one message")
	case hasControl(c.Hello):
		return rapport.Errorf(rapport.Invalid, "the name to greet with must be a host name")
	case hasControl(c.Username + c.Password):
		return rapport.Errorf(rapport.Invalid, "the user name or the password has a control character in it; perhaps a line end was stored with the secret")
	case c.Username == "" && c.Password != "":
		return rapport.Errorf(rapport.Invalid, "there is a password for the mail server but no user name")
	}
	return c.checkAddresses()
}

func (c Config) checkAddresses() error {
	if c.Bounce != "" {
		bounce, err := mail.ParseAddress(c.Bounce)
		if err != nil {
			return rapport.Errorf(rapport.Invalid, "the address for bounces is %v", err)
		}
		if bounce.NeedsUTF8() {
			return rapport.Errorf(rapport.Invalid, "the address for bounces must have no letters beyond ASCII before the @")
		}
	}
	if c.From.Address != "" {
		if _, err := mail.ParseAddress(c.From.Address); err != nil {
			return rapport.Errorf(rapport.Invalid, "the sender's address is %v", err)
		}
	}
	return nil
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }
