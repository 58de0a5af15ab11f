package api

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"rapport"
)

// Keys keeps the admin keys that have a name each. The server's own is not among them.
type Keys interface {
	// Keys returns them in the order of their names.
	Keys() []Key
	// AddKey makes a key, which can't be had again. Kind Conflict if one is called so.
	AddKey(ctx context.Context, name string) (key string, err error)
	// RemoveKey takes one away. Kind NotFound if it is not there, Conflict if it has to stay.
	RemoveKey(ctx context.Context, name string) error
}

// Key is an admin key, without the key itself.
type Key struct {
	Name string          `json:"name"`
	At   rapport.Instant `json:"at" doc:"When it was made"`
}

const keysPath = "/v1/keys"

type keyPage struct {
	Keys []Key  `json:"keys"`
	Next string `json:"next,omitempty"`
}

type keyMade struct {
	Name string `json:"name"`
	Key  string `json:"key" doc:"The key, told only now: its hash is kept"`
}

// KeyPath is the name of a key in an address.
type KeyPath struct {
	Name string `path:"name" maxLength:"40" doc:"The key's name"`
}

func (a *api) keyOperations() {
	register(a, operation{
		method: http.MethodGet, path: keysPath, id: "list-keys", group: "Keys", summary: "The names of the admin keys that were added",
		detail: "The server's own, admin, is not among them. The keys themselves are never shown.",
	}, a.listKeys)
	register(a, operation{
		method: http.MethodPost, path: keysPath, id: "add-key", group: "Keys", summary: "Make an admin key for somebody",
		detail: "What is changed with it is recorded under its name. An Idempotency-Key is not looked at: the answer is kept nowhere.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Name string `json:"name" maxLength:"40" doc:"Whose it is: small letters, digits and dashes"`
		}
	}) (*answer[keyMade], error) {
		key, err := a.Keys.AddKey(ctx, in.Body.Name)
		return &answer[keyMade]{keyMade{in.Body.Name, key}}, err
	})
	register(a, operation{
		method: http.MethodDelete, path: keysPath + "/{name}", id: "remove-key", group: "Keys", summary: "Take an admin key away; it opens nothing from then on",
	}, func(ctx context.Context, in *KeyPath) (*struct{}, error) { return nil, a.Keys.RemoveKey(ctx, in.Name) })
}

func (a *api) listKeys(_ context.Context, in *Page) (*answer[keyPage], error) {
	page, next, err := offsetPage(keyList, a.Keys.Keys(), *in)
	if err != nil {
		return nil, err
	}
	return &answer[keyPage]{keyPage{page, next}}, nil
}

// keyOfRequest is where a request's context holds the name of the key it came with.
type keyOfRequest struct{}

// withKey notes the name of the key that a request came with.
func withKey(r *http.Request, name string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), keyOfRequest{}, name))
}

// By is who says that he makes a change.
type By struct {
	Author string `header:"Rapport-Author" doc:"Who makes the change, up to 100 characters. It is recorded as said, beside the name of the key, which is proved"`
}

// Guarded is By for a change that may be kept to one version.
type Guarded struct {
	By
	Expects int64 `query:"expects" minimum:"-1" default:"-1" doc:"The version that has to be in force before, 0 for none yet, -1 for whichever; if another is, nothing is changed (409)"`
}

// sign returns who makes a change, why, and of which version.
func (g Guarded) sign(ctx context.Context, note string) (Signature, error) {
	s, err := g.By.sign(ctx, note)
	if g.Expects >= 0 {
		version := uint64(g.Expects)
		s.Expects = &version
	}
	return s, err
}

// maxAuthor is how long a name may be.
const maxAuthor = 100

// sign returns who makes a change, and why.
func (by By) sign(ctx context.Context, note string) (Signature, error) {
	author := strings.TrimSpace(by.Author)
	if len([]rune(author)) > maxAuthor || strings.ContainsFunc(author, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return Signature{}, rapport.Errorf(rapport.Invalid, "Rapport-Author is who makes the change: up to %d characters of text in UTF-8.", maxAuthor)
	}
	if len([]rune(note)) > maxNote {
		return Signature{}, rapport.Errorf(rapport.Invalid, "The note is longer than %d characters.", maxNote)
	}
	key, _ := ctx.Value(keyOfRequest{}).(string)
	return Signature{Key: key, Author: author, Note: note}, nil
}

// maxNote is how long it may be said why something changes.
const maxNote = 500
