package api

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"rapport"
	"rapport/channel"
)

type channelHealth struct {
	Name     string          `json:"name"`
	Channel  rapport.Channel `json:"channel" enum:"email,sms"`
	Provider string          `json:"provider"`
	Since    rapport.Instant `json:"since,omitzero" doc:"When the channel was opened, since when messages are counted: at the start, or when its document or a secret of its own changed"`
	Servers  []serverHealth  `json:"servers" doc:"The mail servers that messages are parted among; none where everything is captured"`
}

type serverHealth struct {
	Name   string              `json:"name"`
	Weight int                 `json:"weight"`
	State  channel.ServerState `json:"state" enum:"open,resting,waiting" doc:"Open: it takes messages. Resting: it is down; one of several is left out until a message has tried it, one alone is tried with a few. Waiting: it can't be used yet, for want of its secret as a rule"`
	Until  rapport.Instant     `json:"until,omitzero" doc:"When a resting one of several may be tried; missing while it is being tried"`
	Why    string              `json:"why,omitempty" doc:"Why it is not open"`
	Handed uint64              `json:"handed" doc:"Messages that it has accepted"`
	Failed uint64              `json:"failed" doc:"Messages that it was given and has not accepted; another may have"`
}

type channelPage struct {
	Channels []channelHealth `json:"channels"`
	Next     string          `json:"next,omitempty"`
}

func (a *api) channelOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/channels", id: "list-channels", group: "Channels", summary: "The channels in force and how their servers are",
		detail: "In a sandbox everything is captured, so that is what is listed.",
	}, func(_ context.Context, in *Page) (*answer[channelPage], error) {
		all := []channelHealth{}
		for _, c := range a.Workspaces.Current().Channels {
			all = append(all, healthOf(c.Health()))
		}
		page, next, err := offsetPage(channelList, all, *in)
		return &answer[channelPage]{channelPage{page, next}}, err
	})
}

func healthOf(h channel.Health) channelHealth {
	out := channelHealth{h.Name, h.Channel, h.Provider, h.Since, []serverHealth{}}
	for _, s := range h.Servers {
		out.Servers = append(out.Servers, serverHealth(s))
	}
	return out
}

// servers are the figures of mail servers.
type servers struct {
	workspaces Workspaces
	open       *prometheus.Desc
	messages   *prometheus.Desc
}

// collectServers serves how the servers of the channels in force are.
func (m *Metrics) collectServers(w Workspaces) error {
	labels := []string{"channel", "server"}
	return m.registry.Register(&servers{
		workspaces: w,
		open:       prometheus.NewDesc("rapport_server_open", "1 while a mail server takes messages, 0 while it rests or waits.", labels, nil),
		messages:   prometheus.NewDesc("rapport_server_messages_total", "Messages that a mail server was given, by result: handed or failed.", append(labels, "result"), nil),
	})
}

// Describe says which figures there are.
func (s *servers) Describe(to chan<- *prometheus.Desc) {
	to <- s.open
	to <- s.messages
}

// Collect reads the figures.
func (s *servers) Collect(to chan<- prometheus.Metric) {
	for _, c := range s.workspaces.Current().Channels {
		h := c.Health()
		for _, server := range h.Servers {
			open := 0.0
			if server.State == channel.ServerOpen {
				open = 1
			}
			to <- prometheus.MustNewConstMetric(s.open, prometheus.GaugeValue, open, h.Name, server.Name)
			to <- prometheus.MustNewConstMetric(s.messages, prometheus.CounterValue, float64(server.Handed), h.Name, server.Name, "handed")
			to <- prometheus.MustNewConstMetric(s.messages, prometheus.CounterValue, float64(server.Failed), h.Name, server.Name, "failed")
		}
	}
}
