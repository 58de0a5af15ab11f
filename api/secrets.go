package api

import (
	"context"
	"net/http"
)

// Secrets keeps values that documents name. What is set can be replaced and taken
// away, never read back.
type Secrets interface {
	// SetSecret returns the names of the channels that use the secret from now on.
	SetSecret(ctx context.Context, name, value string) (channels []string, err error)
	// DeleteSecret forgets one. Kind NotFound if it is not there, Conflict if a
	// channel in force needs it.
	DeleteSecret(ctx context.Context, name string) error
	// SecretNames returns the names of all, in order.
	SecretNames(ctx context.Context) ([]string, error)
}

const secretsPath = "/v1/secrets"

// maxSecret is how large the body with a secret may be: 64 KB, and what JSON adds.
const maxSecret = 512 << 10

// SecretPath is the name of a secret in an address.
type SecretPath struct {
	Name string `path:"name" maxLength:"64" doc:"The name by which documents call it"`
}

type secretBrief struct {
	Name string `json:"name"`
}

type secretPage struct {
	Secrets []secretBrief `json:"secrets"`
	Next    string        `json:"next,omitempty"`
}

type secretSet struct {
	Name     string   `json:"name"`
	Channels []string `json:"channels" doc:"The channels that use it from now on"`
}

func (a *api) secretOperations() {
	register(a, operation{
		method: http.MethodGet, path: secretsPath, id: "list-secrets", group: "Secrets", summary: "The names of the secrets that are set",
		detail: "Values are never shown. Those that come from the program's environment are not listed.",
	}, a.listSecrets)
	register(a, operation{
		method: http.MethodPut, path: secretsPath + "/{name}", id: "put-secret", group: "Secrets", summary: "Set a secret, or replace its value", maxBody: maxSecret,
		detail: "Channels that name it are opened again with it; messages that waited for it go out within minutes. An Idempotency-Key is not needed and not looked at.",
	}, a.putSecret)
	register(a, operation{
		method: http.MethodDelete, path: secretsPath + "/{name}", id: "delete-secret", group: "Secrets", summary: "Forget a secret, unless a channel needs it",
	}, func(ctx context.Context, in *SecretPath) (*struct{}, error) {
		return nil, a.Secrets.DeleteSecret(ctx, in.Name)
	})
}

func (a *api) listSecrets(ctx context.Context, in *Page) (*answer[secretPage], error) {
	names, err := a.Secrets.SecretNames(ctx)
	if err != nil {
		return nil, err
	}
	secrets := make([]secretBrief, len(names))
	for i, name := range names {
		secrets[i] = secretBrief{name}
	}
	page, next, err := offsetPage(secretList, secrets, *in)
	if err != nil {
		return nil, err
	}
	return &answer[secretPage]{secretPage{page, next}}, nil
}

func (a *api) putSecret(ctx context.Context, in *struct {
	SecretPath
	Body struct {
		Value string `json:"value" doc:"Up to 64 KB of text"`
	}
}) (*answer[secretSet], error) {
	channels, err := a.Secrets.SetSecret(ctx, in.Name, in.Body.Value)
	if err != nil {
		return nil, err
	}
	return &answer[secretSet]{secretSet{in.Name, append([]string{}, channels...)}}, nil
}
