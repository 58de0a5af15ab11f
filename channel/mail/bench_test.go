package mail

import (
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"rapport"
)

// page is a mail of about 5 KB with the lines, attributes and accents of a real one.
func page() string {
	var b strings.Builder
	b.WriteString("<!doctype html><html><body style=\"margin:0;font-family:Helvetica,Arial,sans-serif\">\n")
	for i := range 14 {
		fmt.Fprintf(&b, "<table width=\"100%%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td style=\"padding:12px 24px;color:#333333;font-size:15px\">"+
			"Très chère Zoë, the dress No. %d you liked is back in your size, and it goes well with the coat you bought in autumn. "+
			"<a href=\"https://shop.example/p/%d?utm_source=mail&amp;c=8f2b1c\">See it</a></td></tr></table>\n", i, i)
	}
	return b.String() + "</body></html>\n"
}

func BenchmarkCompose(b *testing.B) {
	d := delivery()
	d.Content.HTML = page()
	for _, c := range []struct{ name, text string }{{"text given", Text(page())}, {"text derived", ""}} {
		b.Run(c.name, func(b *testing.B) {
			d := d
			d.Content.Text = c.text
			buf := make([]byte, 0, 16<<10)
			b.SetBytes(int64(len(d.Content.HTML)))
			b.ReportAllocs()
			for b.Loop() {
				m, err := Compose(buf, &d)
				if err != nil {
					b.Fatal(err)
				}
				buf = m.Bytes
			}
		})
	}
}

// BenchmarkComposeGoMail is the same mail made by the library that most would take.
func BenchmarkComposeGoMail(b *testing.B) {
	d := delivery()
	html := page()
	text := Text(html)
	b.SetBytes(int64(len(html)))
	b.ReportAllocs()
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := composeGoMail(&out, d, text, html); err != nil {
			b.Fatal(err)
		}
	}
}

func composeGoMail(out *bytes.Buffer, d rapport.Delivery, text, html string) error {
	m := gomail.NewMsg()
	if err := m.FromFormat(d.From.Name, d.From.Address); err != nil {
		return err
	}
	if err := m.To(d.To); err != nil {
		return err
	}
	m.Subject(d.Content.Subject)
	m.SetMessageIDWithValue("a@b.example")
	m.SetDateWithValue(d.At.Time())
	m.SetBodyString(gomail.TypeTextPlain, text)
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	_, err := m.WriteTo(out)
	return err
}

func BenchmarkQuoted(b *testing.B) {
	html := page()
	b.Run("ours", func(b *testing.B) {
		out := make([]byte, 0, 2*len(html))
		b.SetBytes(int64(len(html)))
		for b.Loop() {
			out = appendQuoted(out[:0], html)
		}
	})
	b.Run("standard library", func(b *testing.B) {
		var out bytes.Buffer
		b.SetBytes(int64(len(html)))
		for b.Loop() {
			out.Reset()
			w := quotedprintable.NewWriter(&out)
			w.Write([]byte(html))
			w.Close()
		}
	})
}

func BenchmarkText(b *testing.B) {
	html := page()
	b.SetBytes(int64(len(html)))
	b.ReportAllocs()
	for b.Loop() {
		Text(html)
	}
}
