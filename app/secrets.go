package app

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"rapport"
	"rapport/store"
)

// Secrets are kept in the store, encrypted with AES-256-GCM under a key that lies
// in a file of its own in the data folder: whoever has only a copy of the database
// or a backup has no secrets. A variable of the environment, RAPPORT_SECRET_ and
// the name in capitals, goes before what is kept.

const (
	secretKeyFile = "secret.key"
	secretSetting = "secret/"
)

var secretName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// SetSecret keeps a secret. What needs it has it from the next apply on.
func (a *App) SetSecret(ctx context.Context, name, value string) error {
	if !secretName.MatchString(name) {
		return rapport.Errorf(rapport.Invalid, "A secret's name has letters, digits, _ and - only, and begins with a letter.")
	}
	box, err := a.secretBox()
	if err != nil {
		return err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	sealed := box.Seal(nonce, nonce, []byte(value), []byte(name))
	return a.Store.PutSettings(ctx, []store.Setting{{Name: secretSetting + name, Data: sealed}})
}

// secret looks a secret up by its name.
func (a *App) secret(name string) (string, bool) {
	variable := "RAPPORT_SECRET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if value, ok := os.LookupEnv(variable); ok {
		return value, true
	}
	sealed, err := a.Store.Setting(context.Background(), secretSetting+name)
	if err != nil || sealed == nil {
		return "", false
	}
	box, err := a.secretBox()
	if err != nil || len(sealed) < box.NonceSize() {
		a.config.Log.Error("reading a secret", "name", name, "err", err)
		return "", false
	}
	value, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(name))
	if err != nil {
		a.config.Log.Error("a secret can't be opened with the key in the data folder; set it again", "name", name)
		return "", false
	}
	return string(value), true
}

// secretBox returns the cipher of the folder's key, a new one for a new folder.
func (a *App) secretBox() (cipher.AEAD, error) {
	path := filepath.Join(a.config.Data, secretKeyFile)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		err = os.WriteFile(path, key, 0o600)
	}
	if err != nil {
		return nil, rapport.Errorf(rapport.Internal, "the key of the secrets can't be read or written: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, rapport.Errorf(rapport.Internal, "the key of the secrets is damaged: %w", err)
	}
	return cipher.NewGCM(block)
}
