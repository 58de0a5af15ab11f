package mail

import (
	netmail "net/mail"
	"strings"
	"testing"

	"rapport"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ in, want string }{
		{"jane@example.com", "jane@example.com"},
		{"Jane.O'Neill+shop@Example.COM", "Jane.O'Neill+shop@Example.COM"},
		{"jane@localhost", "jane@localhost"},
		{"jane@[192.0.2.1]", "jane@[192.0.2.1]"},
		{"jane@[IPv6:2001:db8::1]", "jane@[IPv6:2001:db8::1]"},
		{"jane@bücher.example", "jane@xn--bcher-kva.example"},
		{"jane@例え.テスト", "jane@xn--r8jz45g.xn--zckzah"},
		{"สมชาย@example.com", "สมชาย@example.com"},
		{"a..b@docomo.ne.jp", `"a..b"@docomo.ne.jp`},
		{"ab.@docomo.ne.jp", `"ab."@docomo.ne.jp`},
		{".ab@docomo.ne.jp", `".ab"@docomo.ne.jp`},
		{long + "@example.com", long + "@example.com"},
		{long + "a@example.com", ""},
		{"a@" + strings.Repeat("a.", 130) + "com", ""},
		{"", ""}, {"@", ""}, {"a@", ""}, {"@a", ""}, {"jane", ""}, {"jane@@example.com", ""},
		{"jane doe@example.com", ""}, {"jane@exam ple.com", ""}, {"jane@example..com", ""}, {"jane@.com", ""},
		{"jane@-a.com", ""}, {"jane@a-.com", ""}, {"jane@a.com-", ""}, {"jane@a.com.", ""},
		{"Jane <jane@example.com>", ""}, {"<jane@example.com>", ""}, {"jane@example.com>", ""},
		{"jane@example.com\r\nRCPT TO:<x@y.z>", ""}, {"ja\nne@example.com", ""}, {"ja\x00ne@example.com", ""},
		{"jane@[192.0.2.1]]", ""}, {"jane@[fe80::1%eth0]", ""}, {"a,b@example.com", ""}, {"a\xff@example.com", ""},
		{"a\u0085b@example.com", ""}, {"a\u2028b@example.com", ""}, {"a@exa\u200bmple.com\u2028", ""},
	} {
		got, err := ParseAddress(c.in)
		if got.String() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ParseAddress(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
		if err != nil && (rapport.KindOf(err) != rapport.Invalid || len(c.in) > 3 && strings.Contains(err.Error(), c.in)) {
			t.Errorf("ParseAddress(%q): %v", c.in, err)
		}
	}
}

// Whatever is taken is one address for a reader of mail too, and can end neither
// a command nor a header line.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"jane@example.com", "a..b@docomo.ne.jp", "สมชาย@例え.テスト", "x@[192.0.2.1]", "a@b\r\nDATA", `"a b"@c`, "a@b@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			if !a.IsZero() {
				t.Fatalf("%q: an address and an error", s)
			}
			return
		}
		if strings.ContainsAny(a.String(), "\r\n\x00 <>,;:()\\\t") && !strings.Contains(a.Domain(), "[IPv6:") {
			t.Errorf("%q became %q", s, a)
		}
		if a.NeedsUTF8() == isASCII(a.String()) {
			t.Errorf("%q: NeedsUTF8 is %v", a, a.NeedsUTF8())
		}
		if again, err := ParseAddress(s); err != nil || again != a {
			t.Errorf("%q: %v, %v", s, again, err)
		}
		read, err := netmail.ParseAddress("<" + a.String() + ">")
		if err != nil {
			t.Fatalf("%q became %q, which net/mail refuses: %v", s, a, err)
		}
		at := strings.LastIndexByte(a.String(), '@')
		if want := strings.Trim(a.String()[:at], `"`) + a.String()[at:]; read.Address != want {
			t.Errorf("%q became %q, which net/mail reads as %q", s, a, read.Address)
		}
	})
}
