package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rapport"
	"rapport/channel/mail"
	"rapport/channel/smtp"
)

// sinkVariable makes the test's own binary a mail server that throws mails away,
// so that a benchmark counts the client's work only.
const sinkVariable = "RAPPORT_TEST_MAIL_SINK"

func TestMain(m *testing.M) {
	if os.Getenv(sinkVariable) != "" {
		sink()
		return
	}
	goleak.VerifyTestMain(m)
}

// sink prints its address and takes every mail until its input ends.
func sink() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go swallow(conn)
		}
	}()
	bufio.NewReader(os.Stdin).ReadString('\n')
}

func swallow(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	say := func(s string) {
		out.WriteString(s)
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
	say("220 here\r\n")
	for content := false; ; {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case content && string(line) == ".\r\n":
			content = false
			say("250 2.0.0 taken\r\n")
		case content:
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-here\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			content = true
			say("354 go on\r\n")
		default:
			say("250 2.0.0 fine\r\n")
		}
	}
}

// mails returns personalised mails of 5 KB.
func mails(n int, withText bool) []rapport.Delivery {
	batch := make([]rapport.Delivery, n)
	for i := range batch {
		var b strings.Builder
		fmt.Fprintf(&b, "<!doctype html><html><body style=\"margin:0\">\n<h1>Hello Zoë %d</h1>\n", i)
		for line := 0; b.Len() < 5000; line++ {
			fmt.Fprintf(&b, "<table width=\"100%%\"><tr><td style=\"padding:12px 24px;color:#333333;font-size:15px\">The dress No. %d you liked is back in your size, "+
				"and it goes well with the coat you bought in autumn. <a href=\"https://shop.example/p/%d?c=%d\">See it</a></td></tr></table>\n", line, line, i)
		}
		d := rapport.Delivery{
			Message: rapport.MessageID{0: byte(i >> 16), 1: byte(i >> 8), 2: byte(i)}, Channel: rapport.Email, Class: rapport.Promotional,
			From: rapport.Sender{Name: "Maison Étoile", Address: "hello@shop.example"}, To: fmt.Sprintf("customer%d@mail.example", i),
			Content:     rapport.Content{Subject: fmt.Sprintf("Zoë %d, back in your size: the dress you liked", i), HTML: b.String()},
			Unsubscribe: fmt.Sprintf("https://shop.example/u/%d", i), At: 1795000000000,
		}
		if withText {
			d.Content.Text = mail.Text(d.Content.HTML)
		}
		batch[i] = d
	}
	return batch
}

// BenchmarkDeliver sends 10,000 mails of 5 KB, in batches of 500, to a server in
// another process, and reports this process's CPU seconds, user and system.
func BenchmarkDeliver(b *testing.B) {
	for _, c := range []struct {
		name     string
		withText bool
	}{{"text given", true}, {"text derived", false}} {
		b.Run(c.name, func(b *testing.B) {
			batch := mails(10_000, c.withText)
			p := toSink(b)
			used := cpu()
			began := time.Now()
			for b.Loop() {
				for at := 0; at < len(batch); at += 500 {
					for _, o := range p.Deliver(b.Context(), batch[at:at+500]) {
						if o.Kind != rapport.Accepted {
							b.Fatalf("%+v", o)
						}
					}
				}
			}
			b.ReportMetric((cpu()-used).Seconds()/float64(b.N), "cpu-s/10k")
			b.ReportMetric(float64(b.N*len(batch))/time.Since(began).Seconds(), "mails/s")
		})
	}
}

func toSink(b *testing.B) *smtp.Provider {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), sinkVariable+"=1")
	stdin, _ := command.StdinPipe()
	stdout, _ := command.StdoutPipe()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	p, err := smtp.New(smtp.Config{Host: "127.0.0.1", Security: smtp.NoTLS, Connections: 2,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimSpace(address))
		}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		p.Close(context.Background())
		stdin.Close()
		command.Wait()
	})
	return p
}

// cpu returns the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
