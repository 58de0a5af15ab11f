package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"rapport"
	"rapport/collect"
	"rapport/flow"
)

// ImportPath is the name of an import in an address.
type ImportPath struct {
	ID string `path:"id" maxLength:"128" doc:"A name for this file and mapping, such as a hash of both"`
}

type importState struct {
	Rows    int64        `json:"rows" doc:"How many rows of the file are taken in: the next call begins with this one"`
	Refused []refusedRow `json:"refused,omitempty" doc:"Rows of this call that are no events; they are not tried again"`

	Repeated []int64 `json:"repeated,omitempty" doc:"Rows of this call, from 0, whose events have come with another import before, for the same customer under the same messageId; they are passed over"`
}

type refusedRow struct {
	Row    int64  `json:"row" doc:"From 0"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

type importRequest struct {
	ImportPath
	Body struct {
		From   int64             `json:"from" minimum:"0" doc:"How many rows of the file come before these: the number of the first one, from 0"`
		Events []json.RawMessage `json:"events" maxItems:"5000" doc:"One for each row, as in Segment's batch; null for a row that tells nothing"`
	}
}

func (a *api) importOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/imports/{id}/rows", id: "import-rows", group: "Imports", summary: "Take in rows of a file, each once for ever", maxBody: collect.MaxBody,
		detail: "Rows that were taken in before are passed over, so a call may be repeated and a file be begun again. A gap is refused with 409. An event with a messageId of its own is taken in once for ever, whichever import it comes with: files may overlap. Times are kept as they are told.",
	}, a.importRows)
	register(a, operation{
		method: http.MethodGet, path: "/v1/imports/{id}", id: "get-import", group: "Imports", summary: "How far an import has come",
	}, func(ctx context.Context, in *ImportPath) (*answer[importState], error) {
		mark, err := a.Ledger.Mark(ctx, flow.ImportMark(in.ID))
		if err != nil {
			return nil, err
		}
		rows, err := flow.Imported(mark)
		return &answer[importState]{importState{Rows: rows}}, err
	})
}

func (a *api) importRows(ctx context.Context, in *importRequest) (*answer[importState], error) {
	rows, refused, err := readRows(in, a.Flow.Now())
	if err != nil {
		return nil, err
	}
	var taken flow.Taken
	if err := a.Flow.Do(ctx, flow.Import(in.ID, in.Body.From, rows, &taken)); err != nil {
		return nil, err
	}
	return &answer[importState]{importState{Rows: taken.Rows, Refused: refused, Repeated: taken.Repeated}}, nil
}

// readRows makes events of rows. Which event came of which row follows from the
// refusals: all others are events, in order.
func readRows(in *importRequest, now rapport.Instant) (rows []flow.Row, refused []refusedRow, err error) {
	rows = make([]flow.Row, len(in.Body.Events))
	var given []int // the rows that tell something
	var items [][]byte
	for i, item := range in.Body.Events {
		if !bytes.Equal(item, []byte("null")) {
			given, items = append(given, i), append(items, item)
		}
	}
	body := slices.Concat([]byte(`{"batch":[`), bytes.Join(items, []byte(",")), []byte("]}"))
	result, err := collect.Parse(collect.Batch, body, collect.Meta{
		ReceivedAt: now, RequestID: fmt.Sprintf("import-%x-%d", sha256.Sum256([]byte(in.ID)), in.Body.From),
	})
	if err != nil {
		return nil, nil, err
	}
	skip := map[int]bool{}
	for _, r := range result.Refused {
		row := given[r.Index]
		skip[row] = true
		refused = append(refused, refusedRow{in.Body.From + int64(row), r.Code, r.Detail})
	}
	for _, row := range given {
		if !skip[row] {
			rows[row], result.Events = flow.Row{result.Events[0]}, result.Events[1:]
		}
	}
	return rows, refused, nil
}
