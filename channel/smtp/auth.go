package smtp

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
)

// errClear is why a password stays with us.
var errClear = errors.New("the mail server offers no encryption, so the password was not sent; use tls: starttls or tls: implicit")

// errNoMechanism is why we could not sign in.
var errNoMechanism = errors.New("the mail server offers none of the ways to sign in that we know: PLAIN, LOGIN, CRAM-MD5")

// authenticate signs in, in the way that the server offers and that is safe here.
func (c *conn) authenticate(username, password string) error {
	if username == "" {
		return nil
	}
	safe := c.encrypted || isLoopback(c.net.RemoteAddr())
	switch offered := strings.Fields(strings.ToUpper(c.offers["AUTH"])); {
	case safe && slices.Contains(offered, "PLAIN"):
		return c.exchange("AUTH PLAIN "+encode("\x00"+username+"\x00"+password), nil)
	case safe && slices.Contains(offered, "LOGIN"):
		answers := []string{encode(username), encode(password)}
		return c.exchange("AUTH LOGIN", func(string) (string, error) {
			if len(answers) == 0 {
				return "", errGarbled
			}
			answer := answers[0]
			answers = answers[1:]
			return answer, nil
		})
	case slices.Contains(offered, "CRAM-MD5"):
		return c.exchange("AUTH CRAM-MD5", func(challenge string) (string, error) {
			return cramMD5(username, password, challenge)
		})
	case !safe:
		return errClear
	}
	return errNoMechanism
}

// exchange sends a command and answers the server's challenges until it agrees.
func (c *conn) exchange(command string, answer func(challenge string) (string, error)) error {
	for {
		var challenge string
		r, err := c.command(command, func(text []byte) { challenge = string(text) })
		switch {
		case err != nil:
			return err
		case r.ok():
			return nil
		case r.code != 334 || answer == nil:
			return &refusal{doing: "signing in", reply: r}
		}
		if command, err = answer(challenge); err != nil {
			return err
		}
	}
}

// cramMD5 answers a challenge without showing the password (RFC 2195).
func cramMD5(username, password, challenge string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return "", errGarbled
	}
	mac := hmac.New(md5.New, []byte(password))
	mac.Write(raw)
	return encode(username + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// isLoopback reports whether a peer is on this machine.
func isLoopback(peer net.Addr) bool {
	switch a := peer.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}
