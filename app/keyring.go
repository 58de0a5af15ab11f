package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rapport"
	"rapport/api"
	"rapport/store"
)

// settingNamedKeys keeps the admin keys that were added, as JSON.
const settingNamedKeys = "admin keys"

// Names of keys that nobody has added.
const (
	adminName = "admin" // the one of the environment or the folder
	pagesName = "pages" // the one that the program's own pages call its face with
)

// taken are the names under which what the program does by itself is recorded.
var taken = []string{pagesName, "rapport", "demo"}

// maxKeys is how many may be added: more than people change documents.
const maxKeys = 1000

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// namedKey is an admin key that was added. Only its hash is kept.
type namedKey struct {
	Name string          `json:"name"`
	Hash string          `json:"hash"`
	At   rapport.Instant `json:"at"`
}

// keyring is the admin keys that were added, each with a name, beside the one that every
// server has. It is safe for concurrent use.
type keyring struct {
	settings settings
	prefix   string // of new ones
	now      func() rapport.Instant

	mu   sync.RWMutex
	keys []namedKey // by name
}

func (k *keyring) load(ctx context.Context) error {
	data, err := k.settings.Setting(ctx, settingNamedKeys)
	if err != nil || data == nil {
		return err
	}
	if err := json.Unmarshal(data, &k.keys); err != nil {
		return rapport.Errorf(rapport.Internal, "the list of admin keys in the data folder is damaged")
	}
	return nil
}

// name returns the name of a key. What is compared are hashes, so how long that takes
// tells nothing of a key.
func (k *keyring) name(given string) (string, bool) {
	sum := sha256.Sum256([]byte(given))
	hash := hex.EncodeToString(sum[:])
	k.mu.RLock()
	defer k.mu.RUnlock()
	i := slices.IndexFunc(k.keys, func(key namedKey) bool { return key.Hash == hash })
	if i < 0 {
		return "", false
	}
	return k.keys[i].Name, true
}

// AddKey makes an admin key and returns it. It can't be had again.
func (k *keyring) AddKey(ctx context.Context, name string) (string, error) {
	if !keyName.MatchString(name) {
		return "", rapport.Errorf(rapport.Invalid, "A key's name has up to 40 small letters, digits and dashes, and begins with a letter or digit: write whose key it is, such as mai-li.")
	}
	if slices.Contains(taken, name) {
		return "", rapport.Errorf(rapport.Invalid, "Under the name %s stands what the program does by itself: write whose key it is, such as mai-li.", name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	i, found := k.find(name)
	if found || name == adminName {
		return "", rapport.Errorf(rapport.Conflict, "There is a key %q already. Give this one another name, or take that one away first.", name)
	}
	if len(k.keys) == maxKeys {
		return "", rapport.Errorf(rapport.Conflict, "There are %d keys already, and no more can be added.", maxKeys)
	}
	key := newKey(k.prefix)
	sum := sha256.Sum256([]byte(key))
	return key, k.keep(ctx, slices.Insert(slices.Clone(k.keys), i, namedKey{name, hex.EncodeToString(sum[:]), k.now()}))
}

// RemoveKey takes a key away: from then on it opens nothing.
func (k *keyring) RemoveKey(ctx context.Context, name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	i, found := k.find(name)
	switch {
	case name == adminName:
		return rapport.Errorf(rapport.Conflict, "The key %s is the server's own: start it with another in RAPPORT_ADMIN_KEY.", adminName)
	case !found:
		return rapport.Errorf(rapport.NotFound, "There is no key %q.", name)
	}
	return k.keep(ctx, slices.Delete(slices.Clone(k.keys), i, i+1))
}

// Keys returns the keys that were added, in the order of their names.
func (k *keyring) Keys() []api.Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := make([]api.Key, len(k.keys))
	for i, key := range k.keys {
		keys[i] = api.Key{Name: key.Name, At: key.At}
	}
	return keys
}

// find returns the place of a key, or where it would be.
func (k *keyring) find(name string) (int, bool) {
	return slices.BinarySearchFunc(k.keys, name, func(key namedKey, name string) int { return strings.Compare(key.Name, name) })
}

// keep puts keys in the place of those there are, once they are kept.
func (k *keyring) keep(ctx context.Context, keys []namedKey) error {
	data, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	if err := k.settings.PutSettings(ctx, []store.Setting{{Name: settingNamedKeys, Data: data}}); err != nil {
		return err
	}
	k.keys = keys
	return nil
}

// keyNamed returns the name of the admin key that a caller has given.
func (a *App) keyNamed(given string) (string, bool) {
	if a.Admin.Is(given) {
		return adminName, true
	}
	return a.keys.name(given)
}

// isAdmin reports whether a key is an admin's.
func (a *App) isAdmin(given string) bool {
	_, ok := a.keyNamed(given)
	return ok
}
