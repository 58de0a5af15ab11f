package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"rapport"
)

// copyRows is how many events are sent at once.
const copyRows = 1000

// copyPage is how many customers are asked for at once.
const copyPage = 500

// CopyCustomers brings what customers of one server did, under pseudonyms, into another,
// which must be a sandbox. What it has brought before it does not bring again, also of
// those who have become one customer since. Of whom is missed because she becomes part of
// somebody else meanwhile, the next time brings what she did.
func CopyCustomers(ctx context.Context, from, to *Client, customers int, out io.Writer) error {
	if err := onlySandbox(ctx, to); err != nil {
		return err
	}
	done, people, cursor := copied{}, 0, ""
	for people < customers {
		query := url.Values{"customers": {fmt.Sprint(min(copyPage, customers-people))}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Customers []struct {
				Histories []struct {
					ID     string
					Events []json.RawMessage
				}
			}
			Next string
		}
		if err := from.Call(ctx, "GET", "/v1/pseudonymised?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for _, c := range page.Customers {
			for _, h := range c.Histories {
				if err := to.takeIn(ctx, "pseudonym-"+h.ID, h.Events, &done); err != nil {
					return err
				}
			}
			people++
		}
		fmt.Fprintf(out, "%d customers, %d events\n", people, done.events)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if done.refused > 0 {
		fmt.Fprintf(out, "%d of the events were not taken in, the first of them since: %s\n", done.refused, done.why)
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

// copied is what was sent, and what of it the sandbox does not take in.
type copied struct {
	events, refused int
	why             string // of the first that was refused
}

// takeIn sends the rows of an import that were not taken in before.
func (c *Client) takeIn(ctx context.Context, id string, rows []json.RawMessage, done *copied) error {
	path := "/v1/imports/" + url.PathEscape(id)
	var state importState
	if err := c.Call(ctx, "GET", path, nil, &state); err != nil {
		return err
	}
	for from := min(int(state.Rows), len(rows)); from < len(rows); {
		some := rows[from:]
		some = some[:fitting(some)]
		state = importState{}
		if err := c.Call(ctx, "POST", path+"/rows", map[string]any{"from": from, "events": some}, &state); err != nil {
			return err
		}
		if len(state.Refused) > 0 && done.refused == 0 {
			done.why = state.Refused[0].Detail
		}
		done.refused += len(state.Refused)
		done.events += len(some)
		from += len(some)
	}
	return nil
}

// fitting returns how many of the first rows are sent at once: at most copyRows, and no
// more than a request may hold.
func fitting(rows []json.RawMessage) int {
	n, size := 0, 0
	for n < len(rows) && n < copyRows {
		if size += len(rows[n]) + 1; size > maxRequest && n > 0 {
			break
		}
		n++
	}
	return n
}
