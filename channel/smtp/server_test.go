package smtp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"rapport"
	"rapport/channel/smtp"
)

// server is a real mail server that keeps what it takes.
type server struct {
	*gosmtp.Server
	address    string
	mechanisms []string
	password   string // no authentication without one
	pool       *x509.CertPool

	mu       sync.Mutex
	mails    []received
	onMail   func() // called with each mail that was taken; may be nil
	sessions int
	signedIn []string // the mechanisms used
	down     bool
}

// received is a mail as the server took it.
type received struct {
	from, to string
	utf8     bool
	body     gosmtp.BodyType
	size     int64
	bytes    []byte
}

// start starts a server; change is called before it listens.
func start(t *testing.T, implicit bool, change func(*server)) *server {
	t.Helper()
	s := &server{password: "open sesame", mechanisms: []string{"PLAIN"}}
	s.Server = gosmtp.NewServer(gosmtp.BackendFunc(s.session))
	s.Domain = "localhost"
	s.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableSMTPUTF8 = true
	s.MaxMessageBytes = 1 << 20
	var certificate tls.Certificate
	certificate, s.pool = certify(t)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	if change != nil {
		change(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		s.Serve(listener)
		close(done)
	}()
	t.Cleanup(func() {
		s.Close()
		listener.Close() // in case it had not begun to serve
		<-done
	})
	return s
}

// certify makes a certificate for this machine and the pool that trusts it.
func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (s *server) config(change ...func(*smtp.Config)) smtp.Config {
	host, port, _ := net.SplitHostPort(s.address)
	c := smtp.Config{
		Name: "relay", Host: host, RootCAs: s.pool, Username: "shop", Password: s.password, Connections: 3,
		From: rapport.Sender{Name: "Shop", Address: "hello@shop.example"},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.down {
				return nil, errors.New("connection refused")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	c.Port, _ = strconv.Atoi(port)
	for _, f := range change {
		f(&c)
	}
	return c
}

func open(t *testing.T, c smtp.Config) *smtp.Provider {
	t.Helper()
	p, err := smtp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

func (s *server) reached() (to []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mails {
		to = append(to, m.to)
	}
	return to
}

func (s *server) session(*gosmtp.Conn) (gosmtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &session{server: s}, nil
}

// session is one client's.
type session struct {
	server *server
	in     bool
	mail   received
}

func (s *session) AuthMechanisms() []string {
	if s.server.password == "" {
		return nil
	}
	return s.server.mechanisms
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		if username != "shop" || password != s.server.password {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: "shop@shop.example, your password is wrong"}
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.signedIn = append(s.server.signedIn, mechanism)
		s.in = true
		return nil
	}
	switch mechanism {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	case "LOGIN":
		return &login{check: check}, nil
	default:
		return &cram{check: check, password: s.server.password}, nil
	}
}

// login is the server's side of LOGIN.
type login struct {
	asked    int
	username string
	check    func(username, password string) error
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.username = string(response)
		return []byte("password please"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}

// cram is the server's side of CRAM-MD5.
type cram struct {
	asked    bool
	password string
	check    func(username, password string) error
}

func (c *cram) Next(response []byte) ([]byte, bool, error) {
	const challenge = "<1896.697170952@relay.example>"
	if !c.asked {
		c.asked = true
		return []byte(challenge), false, nil
	}
	mac := hmac.New(md5.New, []byte(c.password))
	mac.Write([]byte(challenge))
	if string(response) != "shop "+hex.EncodeToString(mac.Sum(nil)) {
		return nil, true, c.check("", "")
	}
	return nil, true, c.check("shop", c.password)
}

func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	if s.server.password != "" && !s.in {
		return gosmtp.ErrAuthRequired
	}
	s.mail = received{from: from, utf8: o.UTF8, body: o.Body, size: o.Size}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.bytes = b
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	if s.server.onMail != nil {
		s.server.onMail()
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
