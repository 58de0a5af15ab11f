package client

import (
	"context"
	"io"
	"net/url"
)

// Rename gives a document another name, and all that refer to it.
func (c *Client) Rename(ctx context.Context, kind, from, to string, o ApplyOptions, out io.Writer) error {
	path := "/v1/rename"
	if o.Dry {
		path += "?dry=true"
	}
	body := map[string]string{"kind": kind, "name": from, "to": to, "note": o.Note}
	return c.change(ctx, "POST", path, body, o.Dry, out)
}

// Delete takes a document away, unless another needs it.
func (c *Client) Delete(ctx context.Context, kind, name string, o ApplyOptions, out io.Writer) error {
	query := url.Values{}
	if o.Note != "" {
		query.Set("note", o.Note)
	}
	if o.Dry {
		query.Set("dry", "true")
	}
	path := "/v1/documents/" + url.PathEscape(kind) + "/" + url.PathEscape(name) + "?" + query.Encode()
	return c.change(ctx, "DELETE", path, nil, o.Dry, out)
}
