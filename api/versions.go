package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"rapport"
	"rapport/store"
	"rapport/workspace"
)

func (a *api) versionOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/versions", id: "list-versions", group: "Documents", summary: "The versions of the workspace, new to old",
	}, a.listVersions)
	register(a, operation{
		method: http.MethodGet, path: "/v1/versions/{version}", id: "get-version", group: "Documents", summary: "One version, and what it changed",
	}, a.getVersion)
	register(a, operation{
		method: http.MethodGet, path: "/v1/versions/{version}/export", id: "export-version", group: "Documents", summary: "All documents of a version as one YAML stream, to the byte",
	}, a.exportVersion)
	register(a, operation{
		method: http.MethodPost, path: "/v1/rollback", id: "rollback", group: "Documents", summary: "Put the documents of an earlier version in force again",
		detail: "They become a new version, once they have been checked as those of an apply are. What came after them is not forgotten: it can be come back to in the same way.",
	}, a.rollback)
}

type version struct {
	Version uint64          `json:"version"`
	At      rapport.Instant `json:"at"`
	Key     string          `json:"key" doc:"The name of the key that it was made with, which is proved"`
	Author  string          `json:"author,omitempty" doc:"Who made it, as was said along; nothing proves it"`
	Note    string          `json:"note,omitempty"`
}

func versionOf(v store.Version) version { return version{v.Number, v.At, v.Key, v.Author, v.Note} }

type versionPage struct {
	Versions []version `json:"versions"`
	Next     string    `json:"next,omitempty"`
}

// maxVersions is how many of the newest versions are listed.
const maxVersions = 10_000

func (a *api) listVersions(ctx context.Context, in *Page) (*answer[versionPage], error) {
	found, err := a.Ledger.Versions(ctx, maxVersions)
	if err != nil {
		return nil, err
	}
	slices.Reverse(found)
	versions := make([]version, len(found))
	for i, v := range found {
		versions[i] = versionOf(v)
	}
	// Numbers serve as instants: no two are the same.
	page, next, err := timePage(versionsList, versions, func(v version) rapport.Instant { return rapport.Instant(v.Version) }, *in)
	if err != nil {
		return nil, err
	}
	return &answer[versionPage]{versionPage{page, next}}, nil
}

// VersionPath is the number of a version in an address.
type VersionPath struct {
	Version uint64 `path:"version" minimum:"1" doc:"The version's number"`
}

type versionInFull struct {
	version
	Documents int                `json:"documents" doc:"How many there are"`
	Against   uint64             `json:"against" doc:"The version that it is compared with; 0 is an empty workspace"`
	Changes   []workspace.Change `json:"changes" doc:"What became of documents from that version to this one; those that are the same are left out"`
}

func (a *api) getVersion(ctx context.Context, in *struct {
	VersionPath
	Against int64 `query:"against" minimum:"-1" default:"-1" doc:"The version to compare it with; 0 is an empty workspace, -1 the version before"`
}) (*answer[versionInFull], error) {
	v, docs, err := a.documentsOf(ctx, in.Version)
	if err != nil {
		return nil, err
	}
	against := in.Version - 1
	if in.Against >= 0 {
		against = uint64(in.Against)
	}
	var before []workspace.Document
	if against > 0 {
		if _, before, err = a.documentsOf(ctx, against); err != nil {
			return nil, err
		}
	}
	changes := slices.DeleteFunc(workspace.Plan(before, docs), func(c workspace.Change) bool { return c.Action == workspace.Unchanged })
	return &answer[versionInFull]{versionInFull{versionOf(v), len(docs), against, append([]workspace.Change{}, changes...)}}, nil
}

// documentsOf returns a version with its documents. Kind NotFound if there is no such
// version.
func (a *api) documentsOf(ctx context.Context, number uint64) (store.Version, []workspace.Document, error) {
	v, err := a.Ledger.Version(ctx, number)
	if rapport.KindOf(err) == rapport.NotFound {
		remedy := "There is none yet: apply documents."
		if last := a.Workspaces.Current().Running.Version; last > 0 {
			remedy = fmt.Sprintf("The last one is %d.", last)
		}
		err = &rapport.Error{Kind: rapport.NotFound, Code: "version_unknown", Message: fmt.Sprintf("There is no version %d. %s", number, remedy)}
	}
	if err != nil {
		return v, nil, err
	}
	var docs []workspace.Document
	for _, d := range v.Documents {
		docs = append(docs, workspace.Document{Kind: d.Kind, Name: d.Name, Body: d.Body})
	}
	return v, docs, nil
}

func (a *api) exportVersion(ctx context.Context, in *VersionPath) (*rawAnswer, error) {
	_, docs, err := a.documentsOf(ctx, in.Version)
	return &rawAnswer{"application/yaml", workspace.Export(docs)}, err
}

type rollbackRequest struct {
	Guarded
	Dry  bool `query:"dry" doc:"Only say what would change"`
	Body struct {
		Version uint64 `json:"version,omitempty" doc:"The version whose documents are to be in force again; the one before that in force unless said"`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"Why, for the list of versions; otherwise it names the version"`
	}
}

func (a *api) rollback(ctx context.Context, in *rollbackRequest) (*answer[applied], error) {
	inForce := a.Workspaces.Current().Running.Version
	number := cmp.Or(in.Body.Version, inForce-min(inForce, 1))
	if number == 0 {
		return nil, &rapport.Error{Kind: rapport.Conflict, Code: "version_first", Message: "There is no earlier version to go back to."}
	}
	_, docs, err := a.documentsOf(ctx, number)
	if err != nil {
		return nil, err
	}
	by, err := in.sign(ctx, cmp.Or(in.Body.Note, fmt.Sprintf("back to version %d", number)))
	if err != nil {
		return nil, err
	}
	if in.Body.Version == 0 && by.Expects == nil {
		by.Expects = &inForce // the one before another is not the one that was meant
	}
	out, err := a.change(ctx, workspace.Replace(docs), in.Dry, by)
	if p, ok := err.(*problem); ok && p.Code == "documents_invalid" {
		p.Detail = fmt.Sprintf("Version %d can't be in force any more. %s", number, p.Detail)
	}
	return out, err
}
