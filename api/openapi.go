package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"rapport"
	"rapport/collect"
)

// describeRest adds to the OpenAPI document what is not served through it: the
// calls of collect, the probes and the unsubscribe page.
func (a *api) describeRest() {
	const writeKey = "writeKey"
	document := a.huma.OpenAPI()
	document.Components.SecuritySchemes[writeKey] = &huma.SecurityScheme{Type: "http", Scheme: "basic", Description: "The write key as user, no password; it may stand in the body as writeKey instead"}
	for _, name := range collect.CallNames() {
		call, _ := collect.ParseCall(name)
		if name != call.String() && !(call == collect.Batch && name == "batch") {
			continue // a short name that official clients use
		}
		a.describe(&huma.Operation{
			OperationID: "collect-" + name, Method: http.MethodPost, Path: "/v1/" + name, Tags: []string{"Collect"},
			Summary:     "Segment's HTTP Tracking API: " + name,
			Description: "Answered once the events are durable. What is refused of a batch stands in the answer; the rest is taken in. Bodies up to 4 MB, gzip or not, 32 KB an event.",
			Security:    []map[string][]string{{writeKey: {}}, {}},
			RequestBody: &huma.RequestBody{Required: true, Content: jsonOf(collectBody(call))},
		}, "application/json", &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{
			"success": {Type: "boolean"},
			"refused": {Type: "array", Items: remark(), Description: "Events that were not taken in, and why"},
			"noted":   {Type: "array", Items: remark(), Description: "Events that were taken in, but not quite as they were sent"},
		}})
	}
	status := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"status": {Type: "string"}}}
	a.describe(probe("healthz", "Is the program alive?"), "application/json", status)
	a.describe(probe("readyz", "Are events and changes taken in? 503 says why not"), "application/json", status)
	a.describe(probe("metrics", "Figures for Prometheus"), "text/plain", &huma.Schema{Type: "string"})
	for _, page := range []huma.Operation{
		{OperationID: "show-unsubscribe", Method: http.MethodGet, Path: "/u/{token}", Summary: "The page behind a message's unsubscribe link; looking at it changes nothing"},
		{OperationID: "unsubscribe", Method: http.MethodPost, Path: "/u/{token}", Summary: "Unsubscribe: the page's button, or a mailbox at one click (RFC 8058)"},
		{OperationID: "undo-unsubscribe", Method: http.MethodPost, Path: "/u/{token}/undo", Summary: "Take back what was said on the page"},
	} {
		page.Tags = []string{"Unsubscribe"}
		page.Parameters = []*huma.Param{{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
		a.describe(&page, "text/html", &huma.Schema{Type: "string"})
	}
}

// describe adds an operation that is served elsewhere.
func (a *api) describe(op *huma.Operation, contentType string, answer *huma.Schema) {
	op.Responses = map[string]*huma.Response{
		"200": {Description: "OK", Content: map[string]*huma.MediaType{contentType: {Schema: answer}}},
	}
	if contentType != "text/html" {
		op.Responses["default"] = a.problemResponse()
	}
	a.huma.OpenAPI().AddOperation(op)
}

func probe(name, summary string) *huma.Operation {
	return &huma.Operation{OperationID: name, Method: http.MethodGet, Path: "/" + name, Tags: []string{"Operation"}, Summary: summary}
}

func jsonOf(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

func remark() *huma.Schema {
	return &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{
		"index": {Type: "integer"}, "messageId": {Type: "string"}, "code": {Type: "string"}, "detail": {Type: "string"},
	}}
}

// collectBody describes the body of a call in so far as all senders agree.
func collectBody(call rapport.EventType) *huma.Schema {
	if call == collect.Batch {
		return &huma.Schema{Type: "object", Required: []string{"batch"}, AdditionalProperties: true, Properties: map[string]*huma.Schema{
			"batch":  {Type: "array", Items: &huma.Schema{Type: "object", AdditionalProperties: true}},
			"sentAt": {Type: "string", Format: "date-time"}, "writeKey": {Type: "string"},
		}}
	}
	fields := map[string]*huma.Schema{
		"userId": {Type: "string"}, "anonymousId": {Type: "string"}, "messageId": {Type: "string"},
		"timestamp": {Type: "string", Format: "date-time"}, "context": {Type: "object", AdditionalProperties: true},
	}
	anything := &huma.Schema{Type: "object", AdditionalProperties: true}
	switch call {
	case rapport.Identify:
		fields["traits"] = anything
	case rapport.Group:
		fields["traits"], fields["groupId"] = anything, &huma.Schema{Type: "string"}
	case rapport.Alias:
		fields["previousId"] = &huma.Schema{Type: "string"}
	case rapport.Track:
		fields["properties"], fields["event"] = anything, &huma.Schema{Type: "string"}
	default:
		fields["properties"], fields["name"] = anything, &huma.Schema{Type: "string"}
	}
	return &huma.Schema{Type: "object", AdditionalProperties: true, Properties: fields}
}
