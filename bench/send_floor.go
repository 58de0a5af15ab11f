package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"html/template"
	"mime/quotedprintable"
	"net"
	"runtime"
	"strings"
	"time"
)

// floorMails is how many mails the floor is taken over.
const floorMails = 10_000

// mailFloor measures the least that could be done to send such mails: fill in the
// template, encode it and hand it to the mail server over one connection, with nothing
// decided and nothing kept. The processor time is that of the one thread that does it.
func mailFloor(s *sink, mails int) (time.Duration, error) {
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	filled, err := template.New("mail").Parse(strings.NewReplacer("{{ customer.first_name }}", "{{.Name}}", "{{ customer.points }}", "{{.Points}}").Replace(mailHTML()))
	if err != nil {
		return 0, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	in, out := bufio.NewReader(conn), bufio.NewWriterSize(conn, 64<<10)
	answers := func(n int) error {
		for range n {
			if _, err := in.ReadSlice('\n'); err != nil {
				return err
			}
		}
		return nil
	}
	if err := answers(1); err != nil {
		return 0, err
	}
	fmt.Fprint(out, "EHLO floor\r\n")
	if err := errOf(out.Flush(), answers(3)); err != nil {
		return 0, err
	}
	before := threadCPU()
	var html, body bytes.Buffer
	for i := range mails {
		html.Reset()
		body.Reset()
		if err := filled.Execute(&html, map[string]any{"Name": fmt.Sprintf("Customer %d", i), "Points": i}); err != nil {
			return 0, err
		}
		q := quotedprintable.NewWriter(&body)
		if _, err := q.Write(html.Bytes()); err != nil {
			return 0, err
		}
		if err := q.Close(); err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "MAIL FROM:<shop@example.com>\r\nRCPT TO:<customer-%d@example.com>\r\nDATA\r\n", i)
		if err := errOf(out.Flush(), answers(3)); err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "From: <shop@example.com>\r\nTo: <customer-%d@example.com>\r\nSubject: News\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", i)
		if _, err := out.Write(body.Bytes()); err != nil {
			return 0, err
		}
		fmt.Fprint(out, "\r\n.\r\n")
		if err := errOf(out.Flush(), answers(1)); err != nil {
			return 0, err
		}
	}
	return threadCPU() - before, nil
}

func errOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// mailHTML is a mail of about five kilobytes, filled in for each customer.
func mailHTML() string {
	var b strings.Builder
	b.WriteString("<!doctype html><html><body style=\"font-family: sans-serif\"><h1>Hello {{ customer.first_name }}</h1>\n")
	for i := range 17 {
		fmt.Fprintf(&b, "<p style=\"margin: 0 0 12px\">New this week, number %d: linen shirts, wide trousers and canvas shoes in seven colours. "+
			"<a href=\"https://shop.example/new/%d\">Have a look at them</a> before they are gone.</p>\n", i+1, i+1)
	}
	b.WriteString("<p>You have {{ customer.points }} points, {{ customer.first_name }}.</p></body></html>\n")
	return b.String()
}

// campaignDocuments is a workspace with a campaign to everybody at an instant, and a
// journey that sends a transactional mail for each order.
func campaignDocuments(port int, provider string, at time.Time) string {
	channel := "provider: capture"
	if provider == "smtp" {
		channel = fmt.Sprintf("provider: smtp\nsmtp: { host: 127.0.0.1, port: %d, tls: none, connections: 4, per_connection: 100000 }", port)
	}
	return fmt.Sprintf(`kind: brand
name: shop
title: Shop
url: https://shop.example
address: 1 Shop Street
sender: { name: Shop, address: shop@example.com }
---
kind: channel
name: mail
%s
---
kind: template
name: news
subject: News
defaults: { customer.first_name: friend, customer.points: 0 }
html: |
%s
text: "Hello {{ customer.first_name }}, there are linen shirts, wide trousers and canvas shoes: https://shop.example/new"
---
kind: template
name: order
subject: "%s{{ event.order_id }}"
defaults: { event.order_id: none }
text: Thank you.
---
kind: campaign
name: news
audience: 'true'
schedule: { on: %s, at: "%s", zone: UTC }
steps:
  - send: { template: news, channel: email, class: promotional, purpose: marketing }
---
kind: journey
name: orders
entry: { event: Order Completed }
key: event.order_id
steps:
  - send: { template: order, channel: email, class: transactional }
`, channel, indent(mailHTML()), notedSubject, at.Format(time.DateOnly), at.Format("15:04"))
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
