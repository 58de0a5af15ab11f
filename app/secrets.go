package app

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	secretSetting = "secret/" // and the name
	secretNames   = "secrets" // the names of all, as JSON
	maxSecret     = 64 << 10
)

var secretName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// SetSecret keeps a secret, opens the channels that need it again and returns
// their names.
func (a *App) SetSecret(ctx context.Context, name, value string) ([]string, error) {
	switch {
	case !secretName.MatchString(name):
		return nil, rapport.Errorf(rapport.Invalid, "A secret's name has up to 64 letters, digits, _ and - only, and begins with a letter.")
	case value == "":
		return nil, rapport.Errorf(rapport.Invalid, "The secret's value is empty. To take a secret away, delete it.")
	case len(value) > maxSecret:
		return nil, rapport.Errorf(rapport.TooLarge, "The secret's value is larger than 64 KB.")
	}
	a.secretsMu.Lock()
	defer a.secretsMu.Unlock()
	box, err := a.secretBox()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	sealed := box.Seal(nonce, nonce, []byte(value), []byte(name))
	names, err := a.SecretNames(ctx)
	if err != nil {
		return nil, err
	}
	if i, found := slices.BinarySearch(names, name); !found {
		names = slices.Insert(names, i, name)
	}
	if err := a.putSecret(ctx, name, sealed, names); err != nil {
		return nil, err
	}
	return a.Workspaces.reopen(ctx, name)
}

// DeleteSecret forgets a secret, unless a channel or a journey in force needs it, or runs of
// an earlier version do.
func (a *App) DeleteSecret(ctx context.Context, name string) error {
	a.secretsMu.Lock()
	defer a.secretsMu.Unlock()
	names, err := a.SecretNames(ctx)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearch(names, name)
	if !found {
		return rapport.Errorf(rapport.NotFound, "There is no secret %q.", name)
	}
	if users := a.Workspaces.Using(name); len(users) > 0 {
		return rapport.Errorf(rapport.Conflict, "Channel %s needs the secret %s. Take it out of the document first, or set the secret to another value.", strings.Join(users, ", "), name)
	}
	users, err := a.Workspaces.callers(ctx, name)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return rapport.Errorf(rapport.Conflict, "Journey %s needs the secret %s. Take it out of the document first, or set the secret to another value.", strings.Join(users, ", "), name)
	}
	return a.putSecret(ctx, name, nil, slices.Delete(names, i, i+1))
}

// SecretNames returns the names of the secrets that are kept, in order.
func (a *App) SecretNames(ctx context.Context) (names []string, err error) {
	data, err := a.Store.Setting(ctx, secretNames)
	if err != nil || data == nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, rapport.Errorf(rapport.Internal, "the list of secrets in the data folder is damaged")
	}
	return names, nil
}

// putSecret keeps a sealed secret, or forgets it if sealed is nil, together with the
// names there are then.
func (a *App) putSecret(ctx context.Context, name string, sealed []byte, names []string) error {
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return a.Store.PutSettings(ctx, []store.Setting{{Name: secretSetting + name, Data: sealed}, {Name: secretNames, Data: list}})
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
