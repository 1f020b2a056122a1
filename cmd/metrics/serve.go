package metrics

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers scrapes until it is closed.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Serve listens on addr, "host:port", and serves what a watch found. It is an
// error when nothing can listen there. log receives what goes wrong later.
func Serve(addr string, w *Watch, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	s := &Server{listener: l, http: &http.Server{
		Handler: handler(w), ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
	}}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("metrics are not served any more", "error", err)
		}
	}()
	return s, nil
}

// Addr is the address it listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends it, and connections with it.
func (s *Server) Close() error { return s.http.Close() }

// handler serves /metrics, and /healthz for who restarts what hangs.
func handler(w *Watch) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(w)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		text := "ok\n"
		if w.stuck() {
			out.WriteHeader(http.StatusServiceUnavailable)
			text = "no pass ended for too long\n"
		}
		_, _ = io.WriteString(out, text) // who asked may have gone
	})
	return mux
}
