package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"rapport"
	"rapport/flow"
)

// tracing tells an OpenTelemetry collector where the time of requests goes. Nothing in it
// says anything about a customer.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	headers  propagation.TraceContext
}

// isTraced reports whether the environment asks for traces, by OpenTelemetry's variables.
func isTraced(env func(string) string) bool {
	exporter := env("OTEL_TRACES_EXPORTER")
	return !strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") && (exporter == "otlp" ||
		exporter == "" && env("OTEL_EXPORTER_OTLP_ENDPOINT")+env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "")
}

// openTracing returns what tells a collector of requests, as the environment says; nil if it
// does not ask for that.
func openTracing(ctx context.Context, log *slog.Logger) (*tracing, error) {
	if !isTraced(os.Getenv) {
		return nil, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "http/protobuf" {
			return nil, rapport.Errorf(rapport.Invalid, "%s is %q: traces are sent by http/protobuf only", name, protocol)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, &rapport.Error{Kind: rapport.Invalid, Message: "Traces can't be sent as the variables OTEL_… say.", Err: err}
	}
	of, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "rapport"), attribute.String("service.version", Version)), resource.WithFromEnv())
	if err != nil {
		return nil, &rapport.Error{Kind: rapport.Invalid, Message: "The variable OTEL_RESOURCE_ATTRIBUTES can't be read.", Err: err}
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces could not be sent", "err", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	return &tracing{provider: provider, tracer: provider.Tracer("rapport", trace.WithInstrumentationVersion(Version))}, nil
}

// request begins to follow a request that is answered, as part of the trace that it names.
// What it returns is to be called when it is answered.
func (t *tracing) request(r *http.Request) (*http.Request, func(route string, status int)) {
	ctx := t.headers.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return r.WithContext(ctx), func(route string, status int) {
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// follow returns the step of a request that is followed; nil if it is not, for not being
// among those that the sampler takes.
func (t *tracing) follow(ctx context.Context) flow.Step {
	if s := trace.SpanFromContext(ctx); s.IsRecording() {
		return &span{t, ctx, s}
	}
	return nil
}

// close sends what was not sent yet.
func (t *tracing) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // it has told the log
}

// span is a step that is told to a collector.
type span struct {
	of   *tracing
	ctx  context.Context
	told trace.Span
}

// Begin begins a span within.
func (s *span) Begin(name string, facts ...any) flow.Step {
	ctx, begun := s.of.tracer.Start(s.ctx, name, trace.WithAttributes(attributes(facts)...))
	return &span{s.of, ctx, begun}
}

// attributes returns names and values in turn as attributes.
func attributes(facts []any) (all []attribute.KeyValue) {
	for i := 0; i+1 < len(facts); i += 2 {
		key := "rapport." + fmt.Sprint(facts[i])
		switch value := facts[i+1].(type) {
		case string:
			all = append(all, attribute.String(key, value))
		case int:
			all = append(all, attribute.Int(key, value))
		case uint64:
			all = append(all, attribute.Int64(key, int64(value)))
		}
	}
	return all
}

// Joins links the span to another.
func (s *span) Joins(other flow.Step) {
	if o, ok := other.(*span); ok {
		s.told.AddLink(trace.Link{SpanContext: o.told.SpanContext()})
	}
}

// End ends the span.
func (s *span) End(err error) {
	if err != nil {
		s.told.SetStatus(codes.Error, err.Error())
	}
	s.told.End()
}
