package rapport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// CustomerID names one customer for ever. It is a keyed hash of the identifier
// she was first known by, so two nodes that meet her at once give her the same
// one, and nobody without the key can aim at another customer's.
type CustomerID [16]byte

// MessageID names one message. It is the instant at which it was asked for and a hash of
// the customer, her journey run and the step: who asks twice has made one. Ids are in the
// order of their instants.
type MessageID [16]byte

// Part is the customer's partition, 0 to 255. It leads every key of hers.
func (id CustomerID) Part() uint8 { return id[0] }

// Uint64 returns 64 well-mixed bits of id, for hash tables.
func (id CustomerID) Uint64() uint64 { return binary.LittleEndian.Uint64(id[8:]) }

// IsZero reports whether id names nobody.
func (id CustomerID) IsZero() bool { return id == CustomerID{} }

// String returns the form that people and URLs use: "cus_" and 26 letters and digits.
func (id CustomerID) String() string { return "cus_" + encodeID(id) }

// MarshalText returns what String returns.
func (id CustomerID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what String wrote.
func (id *CustomerID) UnmarshalText(text []byte) error {
	raw, ok := decodeID("cus_", string(text))
	if !ok {
		return Errorf(Invalid, "not a customer id: it looks like cus_ and 26 letters and digits")
	}
	*id = raw
	return nil
}

// IsZero reports whether id names no message.
func (id MessageID) IsZero() bool { return id == MessageID{} }

// String returns the form that people and URLs use: "msg_" and 26 letters and digits.
func (id MessageID) String() string { return "msg_" + encodeID(id) }

// MarshalText returns what String returns.
func (id MessageID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what String wrote.
func (id *MessageID) UnmarshalText(text []byte) error {
	raw, ok := decodeID("msg_", string(text))
	if !ok {
		return Errorf(Invalid, "not a message id: it looks like msg_ and 26 letters and digits")
	}
	*id = raw
	return nil
}

// ParseCustomerID reads what [CustomerID.String] wrote.
func ParseCustomerID(s string) (CustomerID, bool) {
	raw, ok := decodeID("cus_", s)
	return raw, ok
}

// ParseMessageID reads what [MessageID.String] wrote.
func ParseMessageID(s string) (MessageID, bool) {
	raw, ok := decodeID("msg_", s)
	return raw, ok
}

// The alphabet is Crockford's without its check letters: nothing that is misread aloud.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

func idEncoding() *base32.Encoding {
	return base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)
}

// encodeID writes 16 bytes as idEncoding does, without making one: every mail needs some.
func encodeID(id [16]byte) string {
	var out [26]byte
	var left uint32
	bits, n := 0, 0
	for _, b := range id {
		left, bits = left<<8|uint32(b), bits+8
		for ; bits >= 5; n++ {
			bits -= 5
			out[n] = idAlphabet[left>>bits&31]
		}
	}
	out[n] = idAlphabet[left<<(5-bits)&31]
	return string(out[:])
}

func decodeID(prefix, s string) (id [16]byte, ok bool) {
	body, ok := strings.CutPrefix(s, prefix)
	if !ok || len(body) != 26 {
		return id, false
	}
	raw, err := idEncoding().DecodeString(body)
	if err != nil || len(raw) != len(id) {
		return id, false
	}
	copy(id[:], raw)
	return id, true
}

// Key is an installation's secret for hashes: of identifiers, so that foreign
// input can't be made to collide, and of links, so that they can't be guessed.
type Key [32]byte

// Sum hashes parts under a purpose. No two different lists of parts are hashed
// alike, since each part is preceded by its length.
func (k Key) Sum(purpose string, parts ...string) [32]byte {
	mac := hmac.New(sha256.New, k[:])
	b := appendPart(make([]byte, 0, 128), purpose)
	for _, part := range parts {
		b = appendPart(b, part)
	}
	mac.Write(b)
	var sum [32]byte
	mac.Sum(sum[:0])
	return sum
}

func appendPart(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// IdentifierKind is the namespace of an identifier.
type IdentifierKind uint8

// The kinds of identifier.
const (
	UserID      IdentifierKind = 1 // what the shop calls a known customer
	AnonymousID IdentifierKind = 2 // a browser or an installed app, before or after it is known whose
)

// String returns the name that the API uses.
func (k IdentifierKind) String() string {
	if k == AnonymousID {
		return "anonymousId"
	}
	return "userId"
}

// Identifier is a name that somebody else gave a customer.
type Identifier struct {
	Kind  IdentifierKind
	Value string
}

// IdentifierKey is the keyed hash under which an identifier is looked up.
type IdentifierKey [16]byte

// Identifier hashes an identifier: the first half of SHA-256 over the key, the
// kind and the value. The kind has one byte, so no two are hashed alike; half of
// a hash can't be continued, so the key in front is enough.
func (k Key) Identifier(id Identifier) IdentifierKey {
	var room [len(k) + 1 + 128]byte
	b := append(append(room[:0], k[:]...), byte(id.Kind))
	sum := sha256.Sum256(append(b, id.Value...))
	return IdentifierKey(sum[:16])
}

// CustomerID returns the id of the customer who is first met under an identifier.
func (i IdentifierKey) CustomerID() CustomerID { return CustomerID(i) }
