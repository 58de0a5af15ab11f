package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rapport"
	"rapport/store"
	"rapport/workspace"
)

// maxEarlier is how many earlier versions of a journey are kept for runs that began under
// them. The runs of older ones go on with the newest.
const maxEarlier = 20

// originSetting keeps which version made each journey what it is.
const originSetting = "journey origins"

// origin is which version made a journey's document what it is.
type origin struct {
	Hash  string `json:"hash"` // of the document
	Since uint64 `json:"since"`
}

func originOf(body []byte, version uint64) origin {
	sum := sha256.Sum256(body)
	return origin{hex.EncodeToString(sum[:]), version}
}

// originsOf returns which version made each journey what it is, if these are the documents
// of a version: the one before it for those that are still the same.
func (w *Workspaces) originsOf(docs []workspace.Document, version uint64) map[string]origin {
	next := map[string]origin{}
	for _, d := range docs {
		if d.Kind != "journey" && d.Kind != "campaign" {
			continue
		}
		o := originOf(d.Body, version)
		if known, ok := w.origins[d.Name]; ok && known.Hash == o.Hash {
			o = known
		}
		next[d.Name] = o
	}
	return next
}

// past returns what a version of the workspace is to be told of those before it: for each
// journey the documents that runs under way follow.
func (w *Workspaces) past(ctx context.Context, origins map[string]origin) (workspace.Past, error) {
	past := workspace.Past{Since: map[string]uint64{}}
	read := map[uint64]store.Version{}
	for _, name := range slices.Sorted(maps.Keys(origins)) {
		since := origins[name].Since
		past.Since[name] = since
		versions, err := w.followed(ctx, name, since)
		if err != nil {
			return past, err
		}
		for _, version := range versions {
			d, found, err := w.documentOf(ctx, read, version, name)
			if err != nil {
				return past, err
			}
			if found {
				past.Earlier = append(past.Earlier, workspace.Earlier{Version: version, Document: d})
			}
		}
	}
	return past, nil
}

// followed returns the versions of a journey, other than the newest, that runs may follow,
// new to old: those with runs under way, and the one in force, which somebody may enter
// at this very moment.
func (w *Workspaces) followed(ctx context.Context, name string, newest uint64) ([]uint64, error) {
	runs, err := w.underWay(ctx, name)
	if err != nil {
		return nil, err
	}
	versions := slices.Collect(maps.Keys(runs))
	if o, ok := w.origins[name]; ok {
		versions = append(versions, o.Since)
	}
	slices.Sort(versions)
	versions = slices.DeleteFunc(slices.Compact(versions), func(version uint64) bool { return version == newest })
	slices.Reverse(versions)
	return versions[:min(len(versions), maxEarlier)], nil
}

// underWay returns how many runs of a journey are under way, by the version that they follow.
func (w *Workspaces) underWay(ctx context.Context, name string) (map[uint64]int64, error) {
	prefix := "journey/" + name + "/version/"
	totals, err := w.store.Counters(ctx, prefix)
	runs := map[uint64]int64{}
	for _, t := range totals {
		if version, err := strconv.ParseUint(strings.TrimPrefix(t.Name, prefix), 10, 64); err == nil && t.Bucket.IsZero() && t.Sum > 0 {
			runs[version] = t.Sum
		}
	}
	return runs, err
}

// ended warns of the runs that end because their journey is deleted.
func (w *Workspaces) ended(ctx context.Context, next candidate) (warnings []workspace.Problem, err error) {
	for _, c := range next.applied.Changes {
		if c.Action != workspace.Deleted || c.Kind != "journey" && c.Kind != "campaign" || next.compiled.Journeys.Get(c.Name) != nil {
			continue
		}
		runs, err := w.underWay(ctx, c.Name)
		if err != nil {
			return nil, err
		}
		sum := int64(0)
		for _, n := range runs {
			sum += n
		}
		if sum > 0 {
			warnings = append(warnings, workspace.Problem{Message: fmt.Sprintf("runs of the %s %q that are under way, %d of them, end with it", c.Kind, c.Name, sum)})
		}
	}
	return warnings, nil
}

// documentOf returns the document of a journey in a version of the workspace. Each
// version is read once.
func (w *Workspaces) documentOf(ctx context.Context, read map[uint64]store.Version, version uint64, name string) (workspace.Document, bool, error) {
	v, known := read[version]
	if !known {
		var err error
		if v, err = w.store.Version(ctx, version); err != nil && rapport.KindOf(err) != rapport.NotFound {
			return workspace.Document{}, false, err
		}
		read[version] = v
	}
	i := slices.IndexFunc(v.Documents, func(d store.Document) bool { return (d.Kind == "journey" || d.Kind == "campaign") && d.Name == name })
	if i < 0 {
		return workspace.Document{}, false, nil
	}
	d := v.Documents[i]
	return workspace.Document{Kind: d.Kind, Name: d.Name, Body: d.Body}, true, nil
}

func (w *Workspaces) readOrigins(ctx context.Context) error {
	data, err := w.store.Setting(ctx, originSetting)
	if err != nil || data == nil {
		return err
	}
	return json.Unmarshal(data, &w.origins)
}

// keepOrigins keeps which version made each journey in force what it is. Without that the
// last one is taken for it, which is right for those that it has changed.
func (w *Workspaces) keepOrigins(ctx context.Context, origins map[string]origin) {
	w.origins = origins
	data, _ := json.Marshal(origins) // holds nothing that JSON can't
	if err := w.store.PutSettings(ctx, []store.Setting{{Name: originSetting, Data: data}}); err != nil {
		w.log.Error("keeping which version made each journey what it is", "err", err)
	}
}
