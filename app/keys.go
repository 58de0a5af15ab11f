package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"rapport"
	"rapport/store"
)

// Names of the settings that make a data folder what it is.
const (
	settingKey         = "installation key"
	settingEnvironment = "environment"
	settingAdminKey    = "admin key hash"
	settingWriteKey    = "write key hash"
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

// openKey returns the key that was given, or the one whose hash the folder keeps,
// or makes one.
func openKey(ctx context.Context, st settings, setting, given, prefix string) (apiKey, error) {
	if given != "" {
		return apiKey{hash: sha256.Sum256([]byte(given))}, nil
	}
	found, err := st.Setting(ctx, setting)
	if err != nil {
		return apiKey{}, err
	}
	var key apiKey
	if found != nil {
		if copy(key.hash[:], found) != len(key.hash) {
			return key, rapport.Errorf(rapport.Internal, "the %s in the data folder is damaged", setting)
		}
		return key, nil
	}
	var secret [20]byte
	_, _ = rand.Read(secret[:]) // never fails
	key.Fresh = fmt.Sprintf("%s_%s", prefix, hex.EncodeToString(secret[:]))
	key.hash = sha256.Sum256([]byte(key.Fresh))
	return key, st.PutSettings(ctx, []store.Setting{{Name: setting, Data: key.hash[:]}})
}
