package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/app"
	"rapport/workspace"
)

const password = "open sesame"

// mailbox is a mail server that lets in who knows the password, and tells what it takes.
type mailbox struct {
	address string
	mails   chan string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	box := &mailbox{mails: make(chan string, 10)}
	server := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &visit{box: box}, nil }))
	server.Domain, server.AllowInsecureAuth = "localhost", true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box.address = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	// The listener by itself too: a server that is closed before it has begun to serve would not know of it.
	t.Cleanup(func() { _, _ = server.Close(), listener.Close(); serving.Wait() })
	return box
}

type visit struct {
	box      *mailbox
	signedIn bool
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		if user != "shop" || given != password {
			return errors.New("unknown")
		}
		v.signedIn = true
		return nil
	}), nil
}

func (v *visit) Mail(string, *gosmtp.MailOptions) error {
	if !v.signedIn {
		return gosmtp.ErrAuthRequired
	}
	return nil
}

func (v *visit) Rcpt(string, *gosmtp.RcptOptions) error { return nil }

func (v *visit) Data(r io.Reader) error {
	mail, err := io.ReadAll(r)
	v.box.mails <- string(mail)
	return err
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

// shop is a workspace whose only message is a mail that needs a secret.
func (b *mailbox) shop(t *testing.T) workspace.File {
	host, port, err := net.SplitHostPort(b.address)
	if err != nil {
		t.Fatal(err)
	}
	return workspace.File{Name: "shop.yaml", Body: []byte(strings.NewReplacer("HOST", host, "PORT", port).Replace(`
kind: channel
name: mail
provider: smtp
from: {name: Lumen, address: shop@lumen.example}
smtp: {host: HOST, port: PORT, tls: none, username: shop, password: {secret: MAIL_PASSWORD}}
---
kind: template
name: receipt
subject: Your order
text: Thank you.
---
kind: journey
name: receipt
entry: {event: [Order Completed]}
steps:
  - send: {template: receipt, channel: email, class: transactional}
`))}
}

func open(t *testing.T, data string, log io.Writer) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: data, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func shut(t *testing.T, a *app.App) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

func order(t *testing.T, a *app.App, id string) {
	t.Helper()
	events := []rapport.Event{
		{MessageID: "i" + id, Type: rapport.Identify, UserID: "ana", ReceivedAt: a.Now(), Timestamp: a.Now(), Properties: []byte(`{"email":"ana@example.com"}`)},
		{MessageID: "o" + id, Type: rapport.Track, Name: "Order Completed", UserID: "ana", ReceivedAt: a.Now(), Timestamp: a.Now(), Properties: []byte(`{"order_id":"` + id + `"}`)},
	}
	if err := a.Flow.Submit(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// TestAChannelOpensWhenItsSecretIsSet: documents that name a secret which is not
// there are applied; once it is set, mail goes out, without a new version, and
// after a restart too.
func TestAChannelOpensWhenItsSecretIsSet(t *testing.T) {
	t.Parallel()
	box, data := newMailbox(t), t.TempDir()
	var log lockedBuffer
	a := open(t, data, &log)
	applied, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{box.shop(t)}, false, "test", "")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if diff := cmp.Diff([]string{"MAIL_PASSWORD"}, applied.Missing); diff != "" {
		t.Error(diff)
	}
	for _, value := range []string{"wrong", password} {
		channels, err := a.SetSecret(t.Context(), "MAIL_PASSWORD", value)
		if diff := cmp.Diff([]string{"mail"}, channels); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	if got := a.Workspaces.Current().Running.Version; got != applied.Version {
		t.Errorf("version %d is in force, not %d", got, applied.Version)
	}
	order(t, a, "1")
	if mail := <-box.mails; !strings.Contains(mail, "Subject: Your order") {
		t.Errorf("the mail:\n%s", mail)
	}
	shut(t, a)
	a = open(t, data, &log)
	order(t, a, "2")
	<-box.mails
	shut(t, a)
	if strings.Contains(log.String(), password) {
		t.Errorf("the password was logged:\n%s", &log)
	}
}

// TestALostSecretDoesNotStopTheServer: without the key of the secrets, as in a
// folder that comes from a backup, the server starts, says what it lacks, and
// works again once the secret is set again.
func TestALostSecretDoesNotStopTheServer(t *testing.T) {
	t.Parallel()
	box, data := newMailbox(t), t.TempDir()
	var log lockedBuffer
	a := open(t, data, &log)
	if _, err := a.SetSecret(t.Context(), "MAIL_PASSWORD", password); err != nil {
		t.Fatal(err)
	}
	if _, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{box.shop(t)}, false, "test", ""); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	shut(t, a)
	if err := os.Remove(filepath.Join(data, "secret.key")); err != nil {
		t.Fatal(err)
	}
	a = open(t, data, &log)
	if !strings.Contains(log.String(), "rapport secret set") || !strings.Contains(log.String(), "MAIL_PASSWORD") {
		t.Errorf("the log does not say what is lacking:\n%s", &log)
	}
	if _, err := a.SetSecret(t.Context(), "MAIL_PASSWORD", password); err != nil {
		t.Fatal(err)
	}
	order(t, a, "1")
	<-box.mails
	shut(t, a)
}

func TestSecretsAreListedAndDeleted(t *testing.T) {
	t.Parallel()
	box, data := newMailbox(t), t.TempDir()
	a := open(t, data, io.Discard)
	defer shut(t, a)
	for _, name := range []string{"b", "a", "MAIL_PASSWORD", "b"} {
		if _, err := a.SetSecret(t.Context(), name, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if _, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{box.shop(t)}, false, "test", ""); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for name, want := range map[string]rapport.ErrorKind{"MAIL_PASSWORD": rapport.Conflict, "c": rapport.NotFound} {
		if err := a.DeleteSecret(t.Context(), name); rapport.KindOf(err) != want || err == nil {
			t.Errorf("deleting %s: %v", name, err)
		}
	}
	if err := a.DeleteSecret(t.Context(), "b"); err != nil {
		t.Error(err)
	}
	names, err := a.SecretNames(context.Background())
	if diff := cmp.Diff([]string{"MAIL_PASSWORD", "a"}, names); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for name, value := range map[string]string{"": "x", "1a": "x", "a b": "x", "a/b": "x", "ok": "", "large": strings.Repeat("x", 65<<10)} {
		if _, err := a.SetSecret(t.Context(), name, value); err == nil || rapport.KindOf(err) == rapport.Internal {
			t.Errorf("the secret %q with %d bytes: %v", name, len(value), err)
		}
	}
}

// lockedBuffer is a log that many write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
