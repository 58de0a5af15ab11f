package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"rapport"
	"rapport/journey"
	"rapport/workspace"
)

func (a *api) renameOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/rename", id: "rename", group: "Documents", summary: "Give a document another name, and all that refer to it, all or none",
		detail: "Of the documents' texts the bytes of the name change and nothing else. Warnings say what is kept under the old name. What would be lost under another name has to keep its own (409): purposes and topics, and journeys that have had runs or are not active.",
	}, a.rename)
}

type renameRequest struct {
	Guarded
	Dry  bool `query:"dry" doc:"Only say what would change"`
	Body struct {
		Kind string `json:"kind" maxLength:"80" doc:"The document's kind"`
		Name string `json:"name" maxLength:"80" doc:"Its name"`
		To   string `json:"to" maxLength:"200" doc:"The name that it is to have"`
		Note string `json:"note,omitempty" maxLength:"500" doc:"Why, for the list of versions; otherwise it says what was renamed"`
	}
}

func (a *api) rename(ctx context.Context, in *renameRequest) (*answer[applied], error) {
	b := in.Body
	if err := a.losesRuns(ctx, b.Kind, b.Name); err != nil {
		return nil, err
	}
	by, err := in.sign(ctx, cmp.Or(b.Note, fmt.Sprintf("renamed %s %s to %s", b.Kind, b.Name, b.To)))
	if err != nil {
		return nil, err
	}
	out, err := a.change(ctx, workspace.Rename(b.Kind, b.Name, b.To), in.Dry, by)
	if p, ok := err.(*problem); ok && p.Code == "documents_invalid" {
		p.Detail = "The old name can't be written over everywhere. " + p.Detail
	}
	return out, err
}

// losesRuns returns an error of kind Conflict for a journey of which more is kept under
// its name than its document.
func (a *api) losesRuns(ctx context.Context, kind, name string) error {
	if kind != "journey" && kind != "campaign" {
		return nil
	}
	if s := a.Workspaces.Current().Standings[name]; s.State != journey.Active {
		return &rapport.Error{Kind: rapport.Conflict, Code: "rename_loses", Message: fmt.Sprintf(
			"The %s %q is not active, and under another name it would be: activate it first, or put it in force anew under the other name.", kind, name)}
	}
	counted, err := a.Ledger.Counters(ctx, "journey/"+name+"/")
	if err != nil || len(counted) == 0 {
		return err
	}
	return &rapport.Error{Kind: rapport.Conflict, Code: "rename_loses", Message: fmt.Sprintf(
		"The %s %q has had runs, and they are kept under its name: who is under way would stop, and who has been through could begin again. Put it in force anew under the other name, and let this one end.", kind, name)}
}
