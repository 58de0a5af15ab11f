package mail

import (
	"errors"
	"strings"
	"time"

	"rapport"
)

// ErrRecipient is in the chain of the error for a delivery whose recipient's
// address can never be reached.
var ErrRecipient = errors.New("the recipient's address")

// Mail is a composed e-mail with its envelope.
type Mail struct {
	From  Address
	To    Address
	Bytes []byte // header and body; lines end in CR LF, dots are not doubled
}

// NeedsUTF8 reports whether only servers with SMTPUTF8 can take it.
func (m Mail) NeedsUTF8() bool { return m.From.utf8 || m.To.utf8 }

// A Signer returns header fields that vouch for a message, such as
// DKIM-Signature, each ended by CR LF. They are put before the message.
type Signer func(message []byte) (fields []byte, err error)

// Compose appends the e-mail for a delivery to buf[:0], so that a buffer can be
// used again, and returns it. A delivery that can't be written safely is an
// error of kind Invalid.
func Compose(buf []byte, d *rapport.Delivery) (Mail, error) {
	h, err := checkHeader(d)
	if err != nil {
		return Mail{}, err
	}
	b := h.append(buf[:0], d)
	text := d.Content.Text
	if d.Content.HTML == "" {
		return h.mail(appendBody(b, plainType, text)), nil
	}
	if strings.TrimSpace(text) == "" {
		text = Text(d.Content.HTML)
	}
	return h.mail(appendAlternative(b, boundaryMark+h.id, text, d.Content.HTML)), nil
}

const (
	plainType = "text/plain; charset=utf-8"
	htmlType  = "text/html; charset=utf-8"
	// boundaryMark can't stand in a body in any of the encodings: quoted-printable
	// has no underscore after "=", base64 none at all, and a plain body is checked.
	boundaryMark = "=_"
)

// appendAlternative appends the text and the HTML as two forms of the same.
func appendAlternative(b []byte, boundary, text, html string) []byte {
	b = append(b, "Content-Type: multipart/alternative;\r\n boundary=\""...)
	b = append(b, boundary...)
	b = append(b, "\"\r\n\r\n"...)
	b = appendDelimiter(b, boundary, "\r\n")
	b = appendBody(b, plainType, text)
	b = appendDelimiter(b, boundary, "\r\n")
	b = appendBody(b, htmlType, html)
	return appendDelimiter(b, boundary, "--\r\n")
}

func appendDelimiter(b []byte, boundary, end string) []byte {
	b = append(b, "--"...)
	b = append(b, boundary...)
	return append(b, end...)
}

// header is what of a delivery goes into the header, checked.
type header struct {
	id                string
	from, to, replyTo Address
}

func (h header) mail(b []byte) Mail { return Mail{From: h.from, To: h.to, Bytes: b} }

func checkHeader(d *rapport.Delivery) (h header, err error) {
	if h.to, err = ParseAddress(d.To); err != nil {
		return h, &rapport.Error{Kind: rapport.Invalid, Message: "the customer's address is " + err.Error(), Err: ErrRecipient}
	}
	if h.from, err = ParseAddress(d.From.Address); err != nil {
		return h, rapport.Errorf(rapport.Invalid, "the sender's address is %v", err)
	}
	if d.ReplyTo != "" {
		if h.replyTo, err = ParseAddress(d.ReplyTo); err != nil {
			return h, rapport.Errorf(rapport.Invalid, "the address for replies is %v", err)
		}
	}
	if breaksOut(d.From.Name) || breaksOut(d.Content.Subject) {
		return h, rapport.Errorf(rapport.Invalid, "the subject and the sender's name must be one line each, without control characters that end it")
	}
	h.id = d.Message.String()
	return h, checkLink(d.Unsubscribe)
}

// breaksOut reports whether s could end a header line.
func breaksOut(s string) bool { return strings.ContainsAny(s, "\r\n\x00") }

const maxLink = 900

// checkLink checks the URL of the unsubscribe page.
func checkLink(s string) error {
	if s == "" {
		return nil
	}
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || len(s) > maxLink {
		return rapport.Errorf(rapport.Invalid, "the unsubscribe link must be an https address of at most %d characters", maxLink)
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '<' || c == '>' {
			return rapport.Errorf(rapport.Invalid, "the unsubscribe link has a character that no link has")
		}
	}
	return nil
}

// append appends all header fields but those of the content.
func (h header) append(b []byte, d *rapport.Delivery) []byte {
	b = append(b, "Date: "...)
	b = d.At.Time().AppendFormat(b, time.RFC1123Z)
	b = append(b, "\r\n"...)
	b = appendMailbox(b, "From", d.From.Name, h.from)
	b = appendMailbox(b, "To", "", h.to)
	if !h.replyTo.IsZero() {
		b = appendMailbox(b, "Reply-To", "", h.replyTo)
	}
	b = appendText(b, "Subject", d.Content.Subject)
	b = append(b, "Message-ID: "...)
	b = appendMessageID(b, h.id, h.from)
	b = append(b, "\r\n"...)
	if d.Unsubscribe != "" {
		b = append(b, "List-Unsubscribe:"...)
		if len("List-Unsubscribe: <>")+len(d.Unsubscribe) > lineWidth {
			b = append(b, "\r\n"...)
		}
		b = append(b, " <"...)
		b = append(b, d.Unsubscribe...)
		b = append(b, ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...)
	}
	if d.Class == rapport.Transactional {
		b = appendField(b, "Auto-Submitted", "auto-generated")
	}
	return appendField(b, "MIME-Version", "1.0")
}

// MessageID returns the Message-ID that every mail for this message carries when
// it is sent from an address.
func MessageID(id rapport.MessageID, from Address) string {
	return string(appendMessageID(nil, id.String(), from))
}

func appendMessageID(b []byte, id string, from Address) []byte {
	b = append(b, '<')
	b = append(b, id...)
	b = append(b, '@')
	b = append(b, from.Domain()...)
	return append(b, '>')
}
