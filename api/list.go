package api

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"rapport"
)

// Page is which part of a list is asked for.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at most"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the answer before, to go on behind it"`
}

// A cursor says where in a list to go on: a letter for the list, so that none is
// taken for another's, and numbers or an id.
func encodeCursor(list byte, place []byte) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{list}, place...))
}

var errCursor = &rapport.Error{
	Kind: rapport.Invalid, Code: "cursor_invalid",
	Message: `This is no cursor of this list. Send the "next" of the answer before as it came, or none for the start.`,
}

// decodeCursor returns the place in a list, nil for the start. The place has n bytes.
func decodeCursor(list byte, cursor string, n int) ([]byte, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != n+1 || raw[0] != list {
		return nil, errCursor
	}
	return raw[1:], nil
}

// offsetPage returns the part of a list that is whole in memory and does not change
// its order, and the cursor of what comes after it.
func offsetPage[T any](list byte, items []T, p Page) ([]T, string, error) {
	place, err := decodeCursor(list, p.Cursor, 4)
	if err != nil {
		return nil, "", err
	}
	if place != nil {
		items = items[min(len(items), int(binary.BigEndian.Uint32(place))):]
	}
	if len(items) <= p.Limit {
		return items, "", nil
	}
	var before uint32
	if place != nil {
		before = binary.BigEndian.Uint32(place)
	}
	return items[:p.Limit], encodeCursor(list, binary.BigEndian.AppendUint32(nil, before+uint32(p.Limit))), nil
}

// timePage sorts items from new to old and returns the part that is asked for.
// Items come in the order in which they were admitted; of one instant the last
// admitted comes first. What is admitted between two pages shifts nothing: the
// cursor counts what is left of its instant from the oldest up.
func timePage[T any](list byte, items []T, at func(T) rapport.Instant, p Page) ([]T, string, error) {
	place, err := decodeCursor(list, p.Cursor, 12)
	if err != nil {
		return nil, "", err
	}
	slices.SortStableFunc(items, func(a, b T) int { return cmp.Compare(at(a), at(b)) })
	end := len(items)
	if place != nil {
		instant, left := rapport.Instant(binary.BigEndian.Uint64(place)), int(binary.BigEndian.Uint32(place[8:]))
		first, _ := slices.BinarySearchFunc(items, instant, func(item T, i rapport.Instant) int { return cmp.Compare(at(item), i) })
		end = min(first+left, len(items))
	}
	begin := max(0, end-p.Limit)
	page := slices.Clone(items[begin:end])
	slices.Reverse(page)
	if begin == 0 {
		return page, "", nil
	}
	instant := at(items[begin-1])
	first, _ := slices.BinarySearchFunc(items, instant, func(item T, i rapport.Instant) int { return cmp.Compare(at(item), i) })
	next := binary.BigEndian.AppendUint64(nil, uint64(instant))
	return page, encodeCursor(list, binary.BigEndian.AppendUint32(next, uint32(begin-first))), nil
}

// The letters of the lists.
const (
	customerList  = 'c'
	addressList   = 'a'
	timelineList  = 't'
	messageList   = 'm'
	decisionList  = 'd'
	membersList   = 's'
	stayList      = 'y'
	consentList   = 'n'
	namesList     = 'l'
	versionsList  = 'v'
	secretList    = 'x'
	channelList   = 'h'
	keyList       = 'k'
	customerIDLen = len(rapport.CustomerID{})
)
