package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"

	"rapport"
)

// copyRows is how many events are sent at once.
const copyRows = 1000

// copyPage is how many customers are asked for at once: who are together in a page tell
// which texts are common enough to be kept.
const copyPage = 500

// CopyCustomers brings what customers of one server did, under pseudonyms, into another,
// which must be a sandbox. Whom it has brought before it brings what she has done since.
func CopyCustomers(ctx context.Context, from, to *Client, customers int, out io.Writer) error {
	if err := onlySandbox(ctx, to); err != nil {
		return err
	}
	events, people, cursor := 0, 0, ""
	for people < customers {
		query := url.Values{"customers": {fmt.Sprint(min(copyPage, customers-people))}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Customers []struct {
				ID     string
				Events []json.RawMessage
			}
			Next string
		}
		if err := from.Call(ctx, "GET", "/v1/pseudonymised?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for _, c := range page.Customers {
			n, err := to.takeIn(ctx, "pseudonym-"+c.ID, c.Events)
			if err != nil {
				return err
			}
			events, people = events+n, people+1
		}
		fmt.Fprintf(out, "%d customers, %d events\n", people, events)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	fmt.Fprintf(out, "%s now has %d customers of %s under pseudonyms\n", to.URL, people, from.URL)
	return nil
}

func onlySandbox(ctx context.Context, c *Client) error {
	var clock struct{ Sandbox bool }
	if err := c.Call(ctx, "GET", "/v1/clock", nil, &clock); err != nil {
		return err
	}
	if !clock.Sandbox {
		return rapport.Errorf(rapport.Invalid, "%s is a live server: customers are copied into a sandbox only. Start one with --sandbox and a data folder of its own", c.URL)
	}
	return nil
}

// takeIn sends the rows of an import that were not taken in before, and returns how many.
func (c *Client) takeIn(ctx context.Context, id string, rows []json.RawMessage) (sent int, err error) {
	path := "/v1/imports/" + url.PathEscape(id)
	var state struct{ Rows int }
	if err := c.Call(ctx, "GET", path, nil, &state); err != nil {
		return 0, err
	}
	from := min(state.Rows, len(rows))
	for some := range slices.Chunk(rows[from:], copyRows) {
		if err := c.Call(ctx, "POST", path+"/rows", map[string]any{"from": from + sent, "events": some}, &state); err != nil {
			return sent, err
		}
		sent += len(some)
	}
	return sent, nil
}
