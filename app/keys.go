package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"rapport"
	"rapport/store"
)

// Names of the settings that make a data folder what it is.
const (
	settingKey         = "installation key"
	settingEnvironment = "environment"
	settingAdminKey    = "admin key hash"
	settingWriteKey    = "write key"
)

// Environments of a data folder.
const (
	live    = "live"
	sandbox = "sandbox"
)

// settings is what of a store keeps small values of the installation.
type settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSettings(ctx context.Context, settings []store.Setting) error
}

// checkEnvironment makes a new folder live or sandbox, and refuses to open an old
// one as the other.
func checkEnvironment(ctx context.Context, st settings, isSandbox bool) error {
	wanted := live
	if isSandbox {
		wanted = sandbox
	}
	found, err := st.Setting(ctx, settingEnvironment)
	switch {
	case err != nil:
		return err
	case found == nil:
		return st.PutSettings(ctx, []store.Setting{{Name: settingEnvironment, Data: []byte(wanted)}})
	case string(found) == wanted:
		return nil
	case wanted == live:
		return rapport.Errorf(rapport.Invalid, "this data folder is a sandbox: start it with --sandbox, or choose another folder with --data")
	}
	return rapport.Errorf(rapport.Invalid, "this data folder is live and would be changed by a sandbox's clock: start it without --sandbox, or choose another folder with --data")
}

// installationKey returns the key that identifiers are hashed with, a new one for
// a new folder. It must never change.
func installationKey(ctx context.Context, st settings) (rapport.Key, error) {
	var key rapport.Key
	found, err := st.Setting(ctx, settingKey)
	if err != nil {
		return key, err
	}
	if found == nil {
		_, _ = rand.Read(key[:]) // never fails
		return key, st.PutSettings(ctx, []store.Setting{{Name: settingKey, Data: key[:]}})
	}
	if copy(key[:], found) != len(key) {
		return key, rapport.Errorf(rapport.Internal, "the installation key in the data folder is damaged")
	}
	return key, nil
}

// apiKey is a key that callers prove themselves with. Only its hash is kept.
type apiKey struct {
	hash  [sha256.Size]byte
	Fresh string // the key itself if it was made just now and must be shown, once
}

// Is reports whether a caller's key is this one, in a time that tells nothing.
func (k apiKey) Is(given string) bool {
	hash := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(hash[:], k.hash[:]) == 1
}

// openAdminKey returns the key that was given, or the one whose hash the folder keeps,
// or makes one.
func openAdminKey(ctx context.Context, st settings, given, prefix string) (apiKey, error) {
	if given != "" {
		return apiKey{hash: sha256.Sum256([]byte(given))}, nil
	}
	found, err := st.Setting(ctx, settingAdminKey)
	if err != nil {
		return apiKey{}, err
	}
	var key apiKey
	if found != nil {
		if copy(key.hash[:], found) != len(key.hash) {
			return key, rapport.Errorf(rapport.Internal, "the admin key in the data folder is damaged")
		}
		return key, nil
	}
	key.Fresh = newKey(prefix)
	key.hash = sha256.Sum256([]byte(key.Fresh))
	return key, st.PutSettings(ctx, []store.Setting{{Name: settingAdminKey, Data: key.hash[:]}})
}

// openWriteKey is openAdminKey for the key that events are sent with. It stands in
// every page of a shop, so it is no secret and kept as it is.
func openWriteKey(ctx context.Context, st settings, given, prefix string) (string, error) {
	if given != "" {
		return given, nil
	}
	found, err := st.Setting(ctx, settingWriteKey)
	if err != nil || found != nil {
		return string(found), err
	}
	key := newKey(prefix)
	return key, st.PutSettings(ctx, []store.Setting{{Name: settingWriteKey, Data: []byte(key)}})
}

func newKey(prefix string) string {
	var secret [20]byte
	_, _ = rand.Read(secret[:]) // never fails
	return prefix + "_" + hex.EncodeToString(secret[:])
}
