package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rapport/channel/mail"
)

// conn is one session with the server, ready to send. It is used by one
// goroutine at a time; only hurry and abort may be called beside it.
type conn struct {
	config    *Config
	bounce    mail.Address // where bounces go, if not to the sender
	net       net.Conn
	in        *bufio.Reader
	encrypted bool
	offers    map[string]string // the server's extensions, with their parameters

	pipelining bool
	utf8       bool
	eightBit   bool
	sizeLimit  int // 0 if it names none

	ctx    context.Context // of the run that is under way
	out    []byte          // what is written next
	jobs   [2]job          // the message whose content is due, and the one after it
	begun  int             // messages begun in all
	kept   bool            // it was idle before this run
	dirty  bool            // a transaction was broken off, so the next begins with RSET
	broken bool            // it can't be used again
	fault  string          // why it broke
	heard  int             // messages this run got an answer for, or lost sight of
	vague  int             // of them, those that it lost sight of

	usedAt time.Time
	expiry *time.Timer
}

// refusal is a server's refusal to have us.
type refusal struct {
	doing     string
	reply     reply
	recipient string // whom not to name
}

// Error returns the server's words.
func (r *refusal) Error() string { return said(r.reply, r.recipient) + " (when " + r.doing + ")" }

// connect makes a connection and brings it to where it can send.
func connect(ctx context.Context, config *Config) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, config.Timeouts.Connect)
	defer cancel()
	raw, err := config.Dial(ctx, "tcp", config.address())
	if err != nil {
		return nil, fmt.Errorf("the mail server can't be reached: %w", err)
	}
	c := &conn{config: config, net: raw, in: bufio.NewReaderSize(raw, maxReplyLine)}
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	err = c.open(ctx)
	if !stop() && err == nil {
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		raw.Close()
		return nil, errors.New(explain(err))
	}
	return c, raw.SetDeadline(time.Time{})
}

// open greets, encrypts and signs in.
func (c *conn) open(ctx context.Context) error {
	if c.config.Security == ImplicitTLS {
		if err := c.encrypt(ctx); err != nil {
			return err
		}
	}
	r, err := readReply(c.in, nil)
	if err != nil {
		return err
	}
	if r.code != 220 {
		return &refusal{doing: "connecting", reply: r}
	}
	if err := c.hello(); err != nil {
		return err
	}
	if c.config.Security == StartTLS {
		if err := c.startTLS(ctx); err != nil {
			return err
		}
	}
	c.learn()
	return c.authenticate(c.config.Username, c.config.Password)
}

var errNoStartTLS = errors.New("the mail server offers no STARTTLS, so nothing was sent")

// startTLS goes on encrypted. What the server offered before is forgotten, and
// what somebody slipped in before the change makes it fail.
func (c *conn) startTLS(ctx context.Context) error {
	if _, ok := c.offers["STARTTLS"]; !ok {
		return errNoStartTLS
	}
	r, err := c.command("STARTTLS", nil)
	if err != nil {
		return err
	}
	if r.code != 220 {
		return &refusal{doing: "starting TLS", reply: r}
	}
	if c.in.Buffered() > 0 {
		return errGarbled
	}
	if err := c.encrypt(ctx); err != nil {
		return err
	}
	return c.hello()
}

func (c *conn) encrypt(ctx context.Context) error {
	secure := tls.Client(c.net, &tls.Config{
		ServerName: c.config.Host,
		MinVersion: tls.VersionTLS12,
		RootCAs:    c.config.RootCAs,
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		return err
	}
	c.net, c.encrypted = secure, true
	c.in.Reset(secure)
	return nil
}

// hello greets and notes what the server offers.
func (c *conn) hello() error {
	name := c.config.Hello
	if name == "" {
		name = literal(c.net.LocalAddr())
	}
	c.offers = map[string]string{}
	first := true
	r, err := c.command("EHLO "+name, func(line []byte) {
		if !first {
			keyword, parameters, _ := strings.Cut(strings.Replace(string(line), "=", " ", 1), " ")
			c.offers[strings.ToUpper(keyword)] = parameters
		}
		first = false
	})
	if err == nil && (r.code == 500 || r.code == 502) {
		clear(c.offers)
		r, err = c.command("HELO "+name, nil)
	}
	if err == nil && !r.ok() {
		err = &refusal{doing: "greeting", reply: r}
	}
	return err
}

// literal is our address in the form that stands for a host name.
func literal(local net.Addr) string {
	tcp, ok := local.(*net.TCPAddr)
	if !ok {
		return "localhost"
	}
	if tcp.IP.To4() == nil {
		return "[IPv6:" + tcp.IP.String() + "]"
	}
	return "[" + tcp.IP.String() + "]"
}

// learn reads what we use off the server's offers.
func (c *conn) learn() {
	_, c.pipelining = c.offers["PIPELINING"]
	_, c.utf8 = c.offers["SMTPUTF8"]
	_, c.eightBit = c.offers["8BITMIME"]
	c.sizeLimit, _ = strconv.Atoi(c.offers["SIZE"])
}

// command sends one command and reads its reply.
func (c *conn) command(text string, line func([]byte)) (reply, error) {
	if _, err := io.WriteString(c.net, text+"\r\n"); err != nil {
		return reply{}, err
	}
	return readReply(c.in, line)
}

// arm gives the server a time to answer: a shorter one if the caller has left.
func (c *conn) arm(d time.Duration) {
	c.net.SetDeadline(time.Now().Add(d))
	if c.ctx.Err() != nil {
		c.hurry()
	}
}

// hurry leaves the server the grace to answer what was sent.
func (c *conn) hurry() { c.net.SetDeadline(time.Now().Add(c.config.Timeouts.Grace)) }

// alive reports whether the server still answers.
func (c *conn) alive(ctx context.Context) bool {
	stop := context.AfterFunc(ctx, func() { c.net.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.net.SetDeadline(time.Now().Add(c.config.Timeouts.Connect))
	r, err := c.command("NOOP", nil)
	return err == nil && r.ok() && c.in.Buffered() == 0
}

// quit says goodbye without waiting for the answer.
func (c *conn) quit() {
	if !c.broken {
		c.net.SetDeadline(time.Now().Add(time.Second))
		io.WriteString(c.net, "QUIT\r\n")
	}
	c.net.Close()
}

// explain says in plain words what went wrong with a connection.
func explain(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return "the mail server did not answer in time"
	case errors.Is(err, context.Canceled):
		return "sending was stopped"
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed):
		return "the mail server closed the connection"
	case errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &certificate):
		return "the mail server's certificate is not to be trusted: " + err.Error()
	}
	return err.Error()
}
