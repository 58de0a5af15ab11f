package client

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"rapport"
	"rapport/workspace"
)

// PromoteOptions say how documents go from one environment to another.
type PromoteOptions struct {
	Note         string // why; which version it is of which environment is said besides
	Keep         bool   // leave documents that only the target has
	Dry          bool   // only say what would change
	AnyDirection bool   // also from a live environment, or to a sandbox
	// Confirm asks whether to go on, once what would change has been told. Nil does not ask.
	Confirm func() (bool, error)
}

// Promote puts the documents that are in force in one environment in force in another, to
// the byte. What that would change there is told to out first: the difference, whom
// journeys reach, what is odd, and which secrets are still to be set. If another version
// has come into force in the target meanwhile, nothing is changed.
func Promote(ctx context.Context, from, to *Client, o PromoteOptions, out io.Writer) error {
	if !o.AnyDirection {
		if err := direction(ctx, from, to); err != nil {
			return err
		}
	}
	source, err := from.inForce(ctx)
	if err != nil {
		return inEnvironment(from, err)
	}
	if source == 0 {
		return rapport.Errorf(rapport.Invalid, "there are no documents in %s yet, so there is nothing to put in force in %s", from.host(), to.host())
	}
	files, err := from.files(ctx, source)
	if err != nil {
		return inEnvironment(from, err)
	}
	return to.take(ctx, files, fmt.Sprintf("version %d of %s", source, from.host()), o, out)
}

// take applies files that come from another environment, once what they change is told.
func (c *Client) take(ctx context.Context, files []workspace.File, origin string, o PromoteOptions, out io.Writer) error {
	expects, err := c.inForce(ctx)
	if err != nil {
		return inEnvironment(c, err)
	}
	body := applyBody(files, !o.Keep, origin)
	if o.Note != "" {
		body["note"] = o.Note + " (" + origin + ")"
	}
	body["expects"] = expects
	var planned, done applied
	if err := c.Call(ctx, "POST", "/v1/plan", body, &planned); err != nil {
		return inEnvironment(c, err)
	}
	fmt.Fprintf(out, "%s would come to %s\n", origin, c.host())
	planned.tell(out, true)
	if o.Dry || !planned.changes() {
		return nil
	}
	if o.Confirm != nil {
		yes, err := o.Confirm()
		if err != nil {
			return err
		}
		if !yes {
			return rapport.Errorf(rapport.Invalid, "nothing was changed, as it was not confirmed")
		}
	}
	if err := c.Call(ctx, "POST", "/v1/apply", body, &done); err != nil {
		return inEnvironment(c, err)
	}
	_, err = fmt.Fprintf(out, "version %d is in force in %s\n", done.Version, c.host())
	return err
}

// direction refuses to go anywhere but from a sandbox to what is live.
func direction(ctx context.Context, from, to *Client) error {
	var source, target struct{ Sandbox bool }
	if err := from.Call(ctx, "GET", "/v1/clock", nil, &source); err != nil {
		return inEnvironment(from, err)
	}
	if err := to.Call(ctx, "GET", "/v1/clock", nil, &target); err != nil {
		return inEnvironment(to, err)
	}
	const said = "say --any-direction if that is meant"
	switch {
	case !source.Sandbox && target.Sandbox:
		return rapport.Errorf(rapport.Invalid, "%s is live and %s is a sandbox: --from and --to seem to be swapped; %s", from.host(), to.host(), said)
	case target.Sandbox:
		return rapport.Errorf(rapport.Invalid, "%s is a sandbox, not the live environment; %s", to.host(), said)
	case !source.Sandbox:
		return rapport.Errorf(rapport.Invalid, "%s is live, not a sandbox where this has been tried; %s", from.host(), said)
	}
	return nil
}

// host is how an environment is called: without what an address may hold of passwords.
func (c *Client) host() string {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		return c.URL
	}
	return u.Host
}

// inForce returns the number of the version in force, 0 if there is none.
func (c *Client) inForce(ctx context.Context) (uint64, error) {
	var page struct {
		Versions []version `json:"versions"`
	}
	if err := c.Call(ctx, "GET", "/v1/versions?limit=1", nil, &page); err != nil || len(page.Versions) == 0 {
		return 0, err
	}
	return page.Versions[0].Version, nil
}

// inEnvironment says which of the two environments an error is of.
func inEnvironment(c *Client, err error) error { return fmt.Errorf("%s: %w", c.host(), err) }
