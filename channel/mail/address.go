package mail

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"rapport"
)

// Address is an e-mail address that was checked: it is safe to write into an
// SMTP command and into a header. The zero Address is no address.
type Address struct {
	text string // local@domain, the domain in ASCII
	at   int    // where the @ is
	utf8 bool
}

// RFC 5321, section 4.5.3.1.
const (
	maxLocal   = 64
	maxAddress = 254
)

// ParseAddress checks one bare address, such as jane@example.com. A domain in
// another script becomes its ASCII form. A local part whose dots stand where
// the standard has none (docomo.ne.jp gave such addresses out) is quoted.
func ParseAddress(s string) (Address, error) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 {
		return Address{}, badAddress("it needs a name, an @ and a domain")
	}
	local, wide, err := localPart(s[:at])
	if err != nil {
		return Address{}, err
	}
	domain, err := asciiDomain(s[at+1:])
	if err != nil {
		return Address{}, err
	}
	if local != s[:at] || domain != s[at+1:] {
		s = local + "@" + domain
	}
	if len(s) > maxAddress {
		return Address{}, badAddress("it is too long")
	}
	return Address{text: s, at: len(local), utf8: wide}, nil
}

// String returns the address as it is written into commands and headers.
func (a Address) String() string { return a.text }

// Domain returns what follows the @, in ASCII.
func (a Address) Domain() string {
	if a.text == "" {
		return ""
	}
	return a.text[a.at+1:]
}

// IsZero reports whether a is no address.
func (a Address) IsZero() bool { return a.text == "" }

// NeedsUTF8 reports whether only servers with SMTPUTF8 (RFC 6531) can take it.
func (a Address) NeedsUTF8() bool { return a.utf8 }

func badAddress(why string) error {
	return rapport.Errorf(rapport.Invalid, "not an e-mail address: %s", why)
}

// localPart returns the part before the @ as it is written, and whether it has
// more than ASCII in it.
func localPart(s string) (written string, wide bool, err error) {
	if len(s) > maxLocal {
		return "", false, badAddress("the part before the @ is too long")
	}
	quote := s[0] == '.' || s[len(s)-1] == '.'
	for i, r := range s {
		switch {
		case r == '.':
			quote = quote || s[i+1] == '.'
		case r >= utf8.RuneSelf:
			if r == utf8.RuneError || !unicode.IsPrint(r) {
				return "", false, badAddress("the part before the @ has a character that no address has")
			}
			wide = true
		case !isAtom(byte(r)):
			return "", false, badAddress("the part before the @ has a character that no address has")
		}
	}
	if quote {
		s = `"` + s + `"`
	}
	return s, wide, nil
}

// isAtom reports whether c may stand unquoted in an address or a name (RFC 5322, atext).
func isAtom(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0 && c != 0
}

func isAlnum(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// asciiDomain checks a domain and returns its ASCII form.
func asciiDomain(s string) (string, error) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		return s, checkLiteral(inner)
	}
	if !isASCII(s) {
		ascii, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", badAddress("the domain has a character that no domain has")
		}
		s = ascii
	}
	if !isDomain(s) {
		return "", badAddress("the domain is not one")
	}
	return s, nil
}

// checkLiteral checks an address in brackets, without the first.
func checkLiteral(inner string) error {
	inner, ok := strings.CutSuffix(inner, "]")
	if v6, is6 := strings.CutPrefix(inner, "IPv6:"); is6 {
		inner = v6
	}
	if ip, err := netip.ParseAddr(inner); !ok || err != nil || ip.Zone() != "" {
		return badAddress("the domain is not one")
	}
	return nil
}

// isDomain reports whether s is made of labels of letters, digits, hyphens and
// (as some hosts have them) underscores.
func isDomain(s string) bool {
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isAlnum(c) || c == '_':
			label++
		case c == '-' && label > 0:
			label++
		case c == '.' && label > 0 && s[i-1] != '-':
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0 && len(s) <= 253 && s[len(s)-1] != '-'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
