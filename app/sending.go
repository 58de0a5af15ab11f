package app

import (
	"context"

	"rapport/flow"
)

// sending returns what was said of all sending.
func (a *App) sending(ctx context.Context) (flow.Sending, error) {
	data, err := a.Store.Setting(ctx, flow.SendingSetting)
	if err != nil {
		return flow.Sending{}, err
	}
	return flow.ParseSending(data)
}
