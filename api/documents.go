package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/internal/suggest"
	"rapport/workspace"
)

// DocumentPath is the kind and name of a document in an address.
type DocumentPath struct {
	Kind string `path:"kind" maxLength:"80" doc:"The kind, such as segment or journey"`
	Name string `path:"name" maxLength:"80" doc:"The document's name"`
}

type applied struct {
	Version uint64             `json:"version" doc:"In force afterwards; of a plan, the one there would be"`
	Changes []workspace.Change `json:"changes"`
	Missing []string           `json:"missingSecrets" doc:"Secrets that documents name and that are still to be set"`

	Warnings []fault   `json:"warnings" doc:"What is odd about the documents; it keeps nothing from being applied"`
	Journeys []outlook `json:"journeys" doc:"Of the journeys and campaigns that are new or become others how many messages they ask for at worst and, of a plan, whom they would reach"`
}

// bundle is several files in one JSON body.
type bundle struct {
	Files   []bundled `json:"files"`
	Prune   bool      `json:"prune"`
	Note    string    `json:"note"`
	Expects *uint64   `json:"expects"`
}

type bundled struct {
	Name string `json:"name"`
	Body string `json:"body"`
}

// maxDocuments is how large the body of an apply may be: a whole workspace in JSON, where
// each character takes two bytes at most, and the names of its files.
const maxDocuments = 2*workspace.MaxBytes + 8<<20

type applyRequest struct {
	Guarded
	Dry     bool   `query:"dry" doc:"Only say what would change"`
	Prune   bool   `query:"prune" doc:"Delete the documents that are not among these"`
	Note    string `query:"note" maxLength:"500" doc:"Why, for the list of versions"`
	RawBody []byte `contentType:"application/yaml"`
}

type rawAnswer struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *api) documentOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/apply", id: "apply", group: "Documents", summary: "Put documents in force, all or none", maxBody: maxDocuments,
		detail: `The body is a YAML stream of documents, each with its kind and name, or JSON: {"files": [{"name", "body"}], "prune", "note", "expects"}, in which case problems name the files.`,
	}, a.apply)
	register(a, operation{
		method: http.MethodPost, path: "/v1/plan", id: "plan", group: "Documents", summary: "What an apply would change", maxBody: maxDocuments,
		detail: "The body is that of apply. Nothing is changed.",
	}, func(ctx context.Context, in *applyRequest) (*answer[applied], error) {
		in.Dry = true
		return a.apply(ctx, in)
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/export", id: "export", group: "Documents", summary: "All documents in force as one YAML stream, to the byte",
	}, func(context.Context, *struct{}) (*rawAnswer, error) {
		return &rawAnswer{"application/yaml", workspace.Export(a.Workspaces.Current().Documents)}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/documents", id: "list-documents", group: "Documents", summary: "The documents in force",
	}, a.listDocuments)
	register(a, operation{
		method: http.MethodGet, path: "/v1/documents/{kind}/{name}", id: "get-document", group: "Documents", summary: "One document, as JSON or as it was written",
	}, a.getDocument)
	register(a, operation{
		method: http.MethodPut, path: "/v1/documents/{kind}/{name}", id: "put-document", group: "Documents", summary: "Put one document in force", maxBody: maxDocuments,
		detail: `The body is YAML or JSON; kind and name need not stand in it. A segment's is {"where": "a rule"}.`,
	}, a.putDocument)
	register(a, operation{
		method: http.MethodDelete, path: "/v1/documents/{kind}/{name}", id: "delete-document", group: "Documents", summary: "Take a document away, unless another needs it",
	}, a.deleteDocument)
	register(a, operation{
		method: http.MethodGet, path: "/v1/schemas", id: "list-schemas", group: "Documents", summary: "Which JSON Schemas there are", open: true,
	}, listSchemas)
	register(a, operation{
		method: http.MethodGet, path: "/v1/schemas/{kind}", id: "get-schema", group: "Documents", summary: "The JSON Schema of a kind of document, or of all kinds together", open: true,
	}, schema)
}

func (a *api) apply(ctx context.Context, in *applyRequest) (*answer[applied], error) {
	b, err := filesOf(in)
	if err != nil {
		return nil, err
	}
	var files []workspace.File
	for _, f := range b.Files {
		files = append(files, workspace.File{Name: f.Name, Body: []byte(f.Body)})
	}
	by, err := in.sign(ctx, b.Note)
	if err != nil {
		return nil, err
	}
	by.Expects = cmp.Or(by.Expects, b.Expects)
	return a.change(ctx, workspace.Put(files, b.Prune), in.Dry, by)
}

// change puts in force what an edit makes of the documents or, if it is dry, says what
// that would be.
func (a *api) change(ctx context.Context, edit workspace.Edit, dry bool, by Signature) (*answer[applied], error) {
	if !dry {
		return showApplied(a.Workspaces.Change(ctx, edit, by))
	}
	done, problems, err := a.Workspaces.Plan(ctx, edit)
	out, err := showApplied(done, problems, err)
	if err == nil {
		err = a.reaches(ctx, done, out.Body.Journeys)
	}
	return out, err
}

func filesOf(in *applyRequest) (bundle, error) {
	body := bytes.TrimSpace(in.RawBody)
	if len(body) == 0 {
		return bundle{}, rapport.Errorf(rapport.Invalid, "The body is empty. Send documents as a YAML stream: each with its kind and name, divided by lines of three dashes.")
	}
	var b bundle
	if body[0] != '{' || json.Unmarshal(body, &b) != nil || b.Files == nil {
		b = bundle{Files: []bundled{{"body", string(in.RawBody)}}}
	}
	b.Prune, b.Note = in.Prune || b.Prune, cmp.Or(in.Note, b.Note)
	return b, nil
}

func showApplied(done Applied, problems []workspace.Problem, err error) (*answer[applied], error) {
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, documentProblem(problems)
	}
	return &answer[applied]{applied{
		Version: done.Version, Changes: append([]workspace.Change{}, done.Changes...), Missing: append([]string{}, done.Missing...),
		Warnings: faultsOf(done.Warnings), Journeys: outlooksOf(done.Journeys),
	}}, nil
}

// maxFaults is how many things that are wrong with documents are listed.
const maxFaults = 1000

func documentProblem(problems []workspace.Problem) error {
	many := "1 thing is"
	if len(problems) > 1 {
		many = fmt.Sprintf("%d things are", len(problems))
	}
	p := newProblem(statuses[rapport.Invalid], many+" wrong with the documents, so nothing was changed. The first: "+problems[0].String(), "documents_invalid")
	p.Errors = faultsOf(problems)
	return p
}

// faultsOf returns problems as they are answered.
func faultsOf(problems []workspace.Problem) []fault {
	faults := []fault{}
	for _, f := range problems[:min(len(problems), maxFaults)] {
		faults = append(faults, fault{File: f.File, Line: f.Line, Column: f.Column, Path: f.Path, Message: f.Message})
	}
	return faults
}

func (a *api) putDocument(ctx context.Context, in *struct {
	DocumentPath
	Guarded
	Note    string `query:"note" maxLength:"500" doc:"Why, for the list of versions"`
	RawBody []byte `contentType:"application/yaml"`
}) (*answer[applied], error) {
	d, problems := workspace.ParseOne(in.Kind, in.Name, bytes.Clone(in.RawBody))
	if len(problems) > 0 {
		return nil, documentProblem(problems)
	}
	by, err := in.sign(ctx, in.Note)
	if err != nil {
		return nil, err
	}
	return a.change(ctx, workspace.Put([]workspace.File{{Name: d.File, Body: d.Body}}, false), false, by)
}

func (a *api) deleteDocument(ctx context.Context, in *struct {
	DocumentPath
	Guarded
	Dry  bool   `query:"dry" doc:"Only say what would change"`
	Note string `query:"note" maxLength:"500" doc:"Why, for the list of versions; otherwise it says what was deleted"`
}) (*answer[applied], error) {
	by, err := in.sign(ctx, cmp.Or(in.Note, "deleted "+in.Kind+" "+in.Name))
	if err != nil {
		return nil, err
	}
	return a.change(ctx, workspace.Remove(in.Kind, in.Name), in.Dry, by)
}

type documentBrief struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

type documentPage struct {
	Documents []documentBrief `json:"documents"`
	Next      string          `json:"next,omitempty"`
}

func (a *api) listDocuments(_ context.Context, in *struct {
	Kind string `query:"kind" maxLength:"80" doc:"Only documents of this kind"`
	Page
}) (*answer[documentPage], error) {
	if err := workspace.CheckKind(in.Kind); in.Kind != "" && err != nil {
		return nil, err
	}
	docs := []documentBrief{}
	for _, d := range a.Workspaces.Current().Documents {
		if in.Kind == "" || d.Kind == in.Kind {
			docs = append(docs, documentBrief{d.Kind, d.Name})
		}
	}
	page, next, err := offsetPage(namesList, docs, in.Page)
	if err != nil {
		return nil, err
	}
	return &answer[documentPage]{documentPage{page, next}}, nil
}

func (a *api) document(kind, name string) (workspace.Document, error) {
	if err := workspace.CheckKind(kind); err != nil {
		return workspace.Document{}, err
	}
	var names []string
	for _, d := range a.Workspaces.Current().Documents {
		if d.Kind == kind && d.Name == name {
			return d, nil
		}
		if d.Kind == kind {
			names = append(names, d.Name)
		}
	}
	remedy := ""
	if guess, ok := suggest.Nearest(name, names); ok {
		remedy = fmt.Sprintf(" Did you mean %q?", guess)
	}
	return workspace.Document{}, rapport.Errorf(rapport.NotFound, "There is no %s %q.%s", kind, name, remedy)
}

func (a *api) getDocument(_ context.Context, in *struct {
	DocumentPath
	Raw bool `query:"raw" doc:"As it was written, to the byte"`
}) (*rawAnswer, error) {
	d, err := a.document(in.Kind, in.Name)
	if err != nil {
		return nil, err
	}
	if in.Raw {
		return &rawAnswer{"application/yaml", d.Body}, nil
	}
	tree, problems := strictyaml.Parse(strictyaml.Source{Text: d.Body})
	if tree == nil {
		return nil, rapport.Errorf(rapport.Internal, "The document cannot be shown as JSON. Ask for it with raw=true. %v", problems)
	}
	body, err := marshal(tree.Value())
	return &rawAnswer{"application/json", body}, err
}

type schemaBrief struct {
	Kind string `json:"kind" doc:"Of the documents it is about; document is of all kinds together"`
	Path string `json:"path" doc:"Where it is"`
}

type schemaPage struct {
	Schemas []schemaBrief `json:"schemas"`
}

func listSchemas(context.Context, *struct{}) (*answer[schemaPage], error) {
	page := schemaPage{}
	for _, name := range workspace.SchemaNames() {
		page.Schemas = append(page.Schemas, schemaBrief{name, "/v1/schemas/" + name + ".json"})
	}
	return &answer[schemaPage]{page}, nil
}

func schema(_ context.Context, in *struct {
	Kind string `path:"kind" maxLength:"80" doc:"A kind of document, or document for all of them; .json may stand behind it"`
}) (*rawAnswer, error) {
	body, err := workspace.Schema(strings.TrimSuffix(in.Kind, ".json"))
	if err != nil {
		return nil, err
	}
	return &rawAnswer{"application/schema+json", body}, nil
}
