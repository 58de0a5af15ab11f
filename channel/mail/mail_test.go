package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
)

func delivery() rapport.Delivery {
	at, _ := rapport.ParseInstant("2026-11-22T09:30:00Z")
	return rapport.Delivery{
		Message: rapport.MessageID{1, 2, 3},
		Channel: rapport.Email,
		Class:   rapport.Promotional,
		From:    rapport.Sender{Name: "Maison Étoile", Address: "hello@shop.example"},
		To:      "jane@example.com",
		ReplyTo: "help@shop.example",
		Content: rapport.Content{
			Subject: "Your cart is waiting: 10 % off until Sunday, and free delivery for members",
			HTML:    "<p>Hello Jané, your <a href=\"https://shop.example/cart\">cart</a> is waiting.</p>\n",
			Text:    "Hello Jané,\nyour cart is waiting.\n",
		},
		Unsubscribe: "https://shop.example/u/8f2b1c",
		At:          at,
	}
}

// testdata/mail.eml is how a mail looks on the wire.
func TestComposeGolden(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/mail.eml")
	if err != nil {
		t.Fatal(err)
	}
	d := delivery()
	m, err := Compose(nil, &d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(crlf(string(want)), string(m.Bytes)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// read is what a reader of mail makes of a message.
type readMail struct {
	Header map[string]string
	From   netmail.Address
	To     string
	Text   string
	HTML   string
}

func readBack(t interface{ Fatalf(string, ...any) }, b []byte) (r readMail) {
	m, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("net/mail: %v\n%s", err, b)
	}
	r.Header = map[string]string{}
	for name, values := range m.Header {
		if len(values) != 1 {
			t.Fatalf("%d fields %s", len(values), name)
		}
		if r.Header[name], err = new(mime.WordDecoder).DecodeHeader(values[0]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 {
		t.Fatalf("From: %v, %v", from, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != "" {
		t.Fatalf("To: %v, %v", to, err)
	}
	r.From, r.To = *from[0], to[0].Address
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type: %v", err)
	}
	if kind == "text/plain" {
		r.Text = readBody(t, m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return r
	}
	if kind != "multipart/alternative" {
		t.Fatalf("Content-Type: %s", kind)
	}
	r.Text, r.HTML = readParts(t, multipart.NewReader(m.Body, params["boundary"]))
	return r
}

func readParts(t interface{ Fatalf(string, ...any) }, parts *multipart.Reader) (text, html string) {
	for _, part := range []struct {
		kind string
		body *string
	}{{plainType, &text}, {htmlType, &html}} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatalf("%s: %v", part.kind, err)
		}
		if got := p.Header.Get("Content-Type"); got != part.kind {
			t.Fatalf("a part is %s, want %s", got, part.kind)
		}
		*part.body = readBody(t, p.Header.Get("Content-Transfer-Encoding"), p)
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Fatalf("a third part, or no end: %v", err)
	}
	return text, html
}

func readBody(t interface{ Fatalf(string, ...any) }, how string, body io.Reader) string {
	switch how {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "7bit":
	default:
		t.Fatalf("encoding %q", how)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("body: %v", err)
	}
	return string(b)
}

// Any content in any script is read back as it was given, by code that is not ours.
func TestComposeReadsBack(t *testing.T) {
	t.Parallel()
	line := rapid.StringMatching(`[^\r\n\x00]{0,120}`)
	body := rapid.OneOf(rapid.String(), rapid.StringMatching(`([ -~]{0,90}\r?\n){0,10}`), rapid.StringMatching(`[\p{Thai}\p{Han} ]{0,200}`),
		rapid.StringMatching(`(<p>[a-z =".\t]{0,90}</p>\n?){0,9}`))
	rapid.Check(t, func(t *rapid.T) {
		d := delivery()
		d.From.Name = line.Draw(t, "name")
		d.Content = rapport.Content{Subject: line.Draw(t, "subject"), HTML: body.Draw(t, "html"), Text: body.Draw(t, "text")}
		copy(d.Message[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		m, err := Compose(nil, &d)
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, m.Bytes)
		got := readBack(t, m.Bytes)
		want := readMail{
			Header: got.Header,
			From:   netmail.Address{Name: strings.TrimSpace(strings.ToValidUTF8(d.From.Name, "\uFFFD")), Address: "hello@shop.example"},
			To:     "jane@example.com",
			Text:   crlf(d.Content.Text),
			HTML:   crlf(d.Content.HTML),
		}
		if d.Content.HTML == "" {
			want.Text += "\r\n" // the line end that closes the message
		} else if strings.TrimSpace(d.Content.Text) == "" {
			want.Text = crlf(Text(d.Content.HTML))
		}
		got.Text, want.Text = bodyOf(got.Text), bodyOf(want.Text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("want -, got +\n%s\n%s", diff, m.Bytes)
		}
		if got.Header["Subject"] != strings.ToValidUTF8(d.Content.Subject, "\uFFFD") {
			t.Fatalf("subject %q became %q", d.Content.Subject, got.Header["Subject"])
		}
	})
}

// bodyOf leaves out the line ends that close a message: base64 has none of them.
func bodyOf(s string) string { return strings.TrimRight(s, "\r\n") }

func checkWire(t interface{ Fatalf(string, ...any) }, b []byte) {
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		t.Fatalf("the last line has no end")
	}
	inHeader := true
	for line := range bytes.SplitSeq(bytes.TrimSuffix(b, []byte("\r\n")), []byte("\r\n")) {
		inHeader = inHeader && len(line) > 0
		if len(line) > lineWidth || !isASCII(string(line)) || bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("not a line for the wire: %q", line)
		}
		if inHeader && len(bytes.TrimSpace(line)) == 0 {
			t.Fatalf("a header line of white space")
		}
	}
}

func TestComposeIsStable(t *testing.T) {
	t.Parallel()
	d := delivery()
	first, err := Compose(nil, &d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Compose(make([]byte, 0, 1<<16), &d)
	if err != nil || !bytes.Equal(first.Bytes, again.Bytes) {
		t.Errorf("the same delivery gave other bytes, %v", err)
	}
	if !strings.Contains(string(first.Bytes), "Message-ID: "+MessageID(d.Message, first.From)+"\r\n") {
		t.Errorf("no Message-ID of its own:\n%s", first.Bytes)
	}
}

func TestComposeHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		with  func(*rapport.Delivery)
		field string
		want  string
	}{
		{"one click", func(*rapport.Delivery) {}, "List-Unsubscribe", "<https://shop.example/u/8f2b1c>"},
		{"one click by POST", func(*rapport.Delivery) {}, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
		{"no way out", func(d *rapport.Delivery) { d.Unsubscribe = "" }, "List-Unsubscribe-Post", ""},
		{"long link", func(d *rapport.Delivery) { d.Unsubscribe += strings.Repeat("a", 100) }, "List-Unsubscribe", "<https://shop.example/u/8f2b1c" + strings.Repeat("a", 100) + ">"},
		{"marketing is no answer", func(*rapport.Delivery) {}, "Auto-Submitted", ""},
		{"a receipt is", func(d *rapport.Delivery) { d.Class = rapport.Transactional }, "Auto-Submitted", "auto-generated"},
		{"reply", func(*rapport.Delivery) {}, "Reply-To", "<help@shop.example>"},
		{"no reply", func(d *rapport.Delivery) { d.ReplyTo = "" }, "Reply-To", ""},
		{"date", func(*rapport.Delivery) {}, "Date", "Sun, 22 Nov 2026 09:30:00 +0000"},
		{"plain name", func(d *rapport.Delivery) { d.From.Name = "Ada Shop" }, "From", "Ada Shop <hello@shop.example>"},
		{"quoted name", func(d *rapport.Delivery) { d.From.Name = `Ada "A" Inc. \o/` }, "From", `"Ada \"A\" Inc. \\o/" <hello@shop.example>`},
		{"no name", func(d *rapport.Delivery) { d.From.Name = " " }, "From", "<hello@shop.example>"},
		{"foreign domain", func(d *rapport.Delivery) { d.To = "jane@bücher.example" }, "To", "<jane@xn--bcher-kva.example>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := delivery()
			c.with(&d)
			m, err := Compose(nil, &d)
			if err != nil {
				t.Fatal(err)
			}
			if got := readBack(t, m.Bytes).Header[c.field]; got != c.want {
				t.Errorf("%s is %q, want %q", c.field, got, c.want)
			}
		})
	}
}

func TestComposeChoosesEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want encoding
	}{
		{"plain\nlines\n", sevenBit},
		{"", sevenBit},
		{"a = b", sevenBit},
		{"space at the end \n", quoted},
		{"From here on\n", quoted},
		{"the boundary =_ itself", quoted},
		{strings.Repeat("a", 79), quoted},
		{"un café, s'il vous plaît", quoted},
		{"สวัสดีค่ะ", base64ed},
		{"\x00", quoted},
	} {
		if got := encodingFor(c.body); got != c.want {
			t.Errorf("%q is sent as %s, want %s", c.body, got, c.want)
		}
	}
}

// Nothing in a delivery can add a header, a recipient or a command.
func TestComposeRefusesInjection(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b"} {
		for _, c := range []struct {
			name string
			with func(*rapport.Delivery)
			bad  bool
		}{
			{"to", func(d *rapport.Delivery) { d.To += evil }, true},
			{"to's name", func(d *rapport.Delivery) { d.To = evil + d.To }, true},
			{"from", func(d *rapport.Delivery) { d.From.Address += evil }, false},
			{"name", func(d *rapport.Delivery) { d.From.Name += evil }, false},
			{"reply", func(d *rapport.Delivery) { d.ReplyTo += evil }, false},
			{"subject", func(d *rapport.Delivery) { d.Content.Subject += evil }, false},
			{"link", func(d *rapport.Delivery) { d.Unsubscribe += evil }, false},
		} {
			d := delivery()
			c.with(&d)
			m, err := Compose(nil, &d)
			if err == nil || m.Bytes != nil || rapport.KindOf(err) != rapport.Invalid {
				t.Errorf("%s %q: %v", c.name, evil, err)
				continue
			}
			if errors.Is(err, ErrRecipient) != c.bad || strings.Contains(err.Error(), "example") {
				t.Errorf("%s %q: %v", c.name, evil, err)
			}
		}
	}
}

func TestComposeRefusesLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"ftp://x", "shop.example/u", "https://x/ y", "https://x/>", "https://x/<", "https://x/é", "https://x/" + strings.Repeat("a", maxLink)} {
		d := delivery()
		d.Unsubscribe = link
		if _, err := Compose(nil, &d); rapport.KindOf(err) != rapport.Invalid || err == nil {
			t.Errorf("%q: %v", link, err)
		}
	}
}
