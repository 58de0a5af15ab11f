package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rapport"
)

// api is the control plane: the operations that the OpenAPI document describes.
type api struct {
	Config
	huma   huma.API
	common common
}

// answer is what an operation answers with if all is well.
type answer[T any] struct{ Body T }

// operation says where an operation is and what it is for.
type operation struct {
	method, path string
	id           string // for generated clients
	group        string
	summary      string
	detail       string
	maxBody      int64 // bytes; 1 MB unless said
	open         bool  // needs no key
}

const keyScheme = "key"

// openAPI returns the frame that operations are registered in.
func (a *api) openAPI(mux *http.ServeMux) huma.API {
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Rapport", Version: a.Version,
			Description: "Customers, messages, documents and the sandbox of one environment. Times are RFC 3339, lengths of time 15m, 26h or 90d, faults RFC 9457. Writes may carry an Idempotency-Key.",
			License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				keyScheme: {Type: "http", Scheme: "bearer", Description: "The admin's API key"},
			},
		},
	}
	face := humago.New(mux, huma.Config{
		OpenAPI: document, OpenAPIPath: "/openapi", DefaultFormat: "application/json",
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ownProblems},
	})
	face.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) { next(ownStatuses{ctx}) })
	return face
}

// register adds an operation. What its handler returns as an error is answered as
// a problem; a fault of ours is logged besides.
func register[I, O any](a *api, op operation, handle func(context.Context, *I) (*O, error)) {
	o := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.group},
		Summary: op.summary, Description: op.detail, MaxBodyBytes: op.maxBody, BodyReadTimeout: patience,
		Responses: map[string]*huma.Response{"default": a.problemResponse()},
	}
	if !op.open {
		o.Security = []map[string][]string{{keyScheme: {}}}
	}
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err == nil {
			return out, nil
		}
		p := problemOf(err)
		if p.Status == http.StatusInternalServerError && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "an operation failed", "operation", op.id, "error", err)
		}
		return nil, p
	})
}

func (a *api) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "problem")
	return &huma.Response{
		Description: "What is wrong, and what to do (RFC 9457)",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

// ownStatuses answers what does not fit an operation's parameters or body with the
// status of the kind Invalid.
type ownStatuses struct{ inner }

// inner has another name than its method Context.
type inner = huma.Context

// Unwrap is for the adapter.
func (s ownStatuses) Unwrap() huma.Context { return s.inner }

// SetStatus sets the status of the answer.
func (s ownStatuses) SetStatus(status int) { s.inner.SetStatus(ownStatus(status)) }

func ownStatus(status int) int {
	if status == http.StatusUnprocessableEntity {
		return statuses[rapport.Invalid]
	}
	return status
}

// ownProblems makes a problem of ours of what does not fit an operation. What was
// sent is not repeated: it may be personal.
func ownProblems(_ huma.Context, _ string, body any) (any, error) {
	model, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	p := newProblem(ownStatus(model.Status), "", "request_invalid")
	for _, e := range model.Errors {
		if e != nil {
			p.Errors = append(p.Errors, fault{Path: e.Location, Message: e.Message})
		}
	}
	switch {
	case model.Status == http.StatusRequestEntityTooLarge:
		p.Detail, p.Code = "The body is larger than this address takes.", "body_too_large"
	case len(p.Errors) > 0:
		said := make([]string, len(p.Errors))
		for i, f := range p.Errors {
			said[i] = strings.TrimSpace(f.Path + ": " + f.Message)
		}
		p.Detail = "The request does not fit: " + strings.Join(said, "; ") + "."
	default:
		p.Detail = "The request does not fit: " + model.Detail + "."
	}
	return p, nil
}
