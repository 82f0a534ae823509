package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// proxy serves httputil.ReverseProxy before a Unix socket: connections kept, no compression asked for, no log.
// With -gateway it also does what a gateway cannot leave out: a request id, the forwarded headers, the instance's
// name, and none of a visitor's own words for these.
func proxy(arguments []string) error {
	flags := flag.NewFlagSet("proxy", flag.ExitOnError)
	path := flags.String("socket", "", "the upstream's Unix socket")
	asGateway := flags.Bool("gateway", false, "add what a gateway adds")
	_ = flags.Parse(arguments)
	dialer := net.Dialer{}
	handler := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.Out.URL.Scheme = "http"
			request.Out.URL.Host = "instance"
			request.Out.Host = request.In.Host
			if *asGateway {
				actAsGateway(request)
			}
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", *path)
			},
			MaxIdleConnsPerHost: 1024,
			MaxIdleConns:        1024,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		BufferPool: pool{make(chan []byte, 256)},
		ErrorLog:   log.New(io.Discard, "", 0),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return (&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

func actAsGateway(request *httputil.ProxyRequest) {
	var random [28]byte
	_, _ = rand.Read(random[:])
	id := hex.EncodeToString(random[:16])
	headers := request.Out.Header
	request.SetXForwarded()
	headers.Set("Traceparent", "00-"+id+"-"+hex.EncodeToString(random[16:24])+"-01")
	headers.Set("X-Request-Id", id)
	headers.Set("X-Fp-Instance", "i1")
}

// pool spares a buffer of 32 KiB per answer, as anyone would who cares for speed.
type pool struct{ buffers chan []byte }

func (p pool) Get() []byte {
	select {
	case buffer := <-p.buffers:
		return buffer
	default:
		return make([]byte, 32<<10)
	}
}

func (p pool) Put(buffer []byte) {
	select {
	case p.buffers <- buffer:
	default:
	}
}
