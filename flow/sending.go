package flow

import (
	"encoding/json"

	"rapport"
	"rapport/store"
)

// Sending is what an operator has said of all sending, whatever journeys and channels say.
// It is no part of the documents, and stays over restarts.
type Sending struct {
	// Held keeps every message waiting: nothing is handed over, and campaigns give no
	// turns. Whatever else happens goes on.
	Held bool `json:"held,omitempty"`
	// Since when and by whom it is held, and why, for who looks.
	At     rapport.Instant `json:"at,omitzero"`
	By     string          `json:"by,omitempty"`
	Reason string          `json:"reason,omitempty"`
	// SkipBefore drops what may be left out and was decided as of an instant before:
	// another copy of this database may have sent it. 0 drops nothing.
	SkipBefore rapport.Instant `json:"skipBefore,omitzero"`
}

// SendingSetting is the setting that keeps what was said of all sending, as JSON.
const SendingSetting = "sending"

// ParseSending reads the setting; nil is the usual: all is sent.
func ParseSending(setting []byte) (s Sending, err error) {
	if setting == nil {
		return s, nil
	}
	if err := json.Unmarshal(setting, &s); err != nil {
		return s, rapport.Errorf(rapport.Internal, "what the data folder keeps of held sending is damaged")
	}
	return s, nil
}

// Setting returns it as it is kept.
func (s Sending) Setting() store.Setting {
	if s == (Sending{}) {
		return store.Setting{Name: SendingSetting}
	}
	data, _ := json.Marshal(s) // holds nothing that JSON can't
	return store.Setting{Name: SendingSetting, Data: data}
}

// ChangeSending is the work of holding all sending, or of letting it go on: next returns
// what is to hold for what does. It holds from the end of the batch on: messages that leave
// with it, or are on their way, still go out.
func ChangeSending(next func(present Sending) Sending) Work {
	return func(b *Batch) error {
		present := b.g.sending
		if b.sending != nil {
			present = *b.sending
		}
		s := next(present)
		if s == present {
			return nil
		}
		b.out.Settings = append(b.out.Settings, s.Setting())
		b.sending = &s
		return nil
	}
}

// skips reports whether a message is left out for what another copy may have sent.
func (s *Sending) skips(m *rapport.Message) bool {
	return m.Class.Optional() && m.CreatedAt < s.SkipBefore
}

// skipped is why such a message is dropped.
const skipped = "it was decided before the database was restored, and may have been sent by then"
